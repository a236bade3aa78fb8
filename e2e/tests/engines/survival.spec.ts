import { expect } from '@playwright/test';
import type { Engine, EngineBrowser } from '../../support/engines/engine.js';
import { ENGINES } from '../../support/engines/index.js';
import type { ServedPages } from '../../support/pages.js';
import { test } from '../../support/shared-browser.js';
import { KINDS } from '../../support/voyage/kinds.js';
import { faultsOf } from '../../support/voyage/verdict.js';
import { PLACES, Voyage } from '../../support/voyage/voyage.js';

const LONG = process.env.HOLDFAST_E2E_LONG === '1';
/** How many interruptions an engine has to survive. */
const INTERRUPTIONS = { Chromium: LONG ? 300 : 8, Firefox: LONG ? 60 : 8, WebKitGTK: LONG ? 60 : 6 };
/**
 * Ways that `npm test` leaves to the long form: after them a new host of WebKitGTK was once seen to stand by for more than
 * 20 s, as if the one that was ended still held the lock.
 */
const UNSETTLED = ['close and reopen', 'terminate the worker', 'close the owner of two tabs'];

let pages: ServedPages;
test.beforeAll(async ({ served }) => {
  pages = await served('voyage');
});

for (const engine of ENGINES) {
  test(`${engine.name}: a run survives what interrupts it, wherever`, async () => {
    test.skip(engine.missing() !== undefined, `There is no ${engine.missing()} here.`);
    test.setTimeout(LONG ? 1_800_000 : 240_000);
    const browser = await engine.launch();
    try {
      await interruptOften(engine, browser, INTERRUPTIONS[engine.name]);
    } finally {
      await browser.close();
    }
  });
}

/** Voyages until there were so many interruptions: of each kind in turn, over all places. */
async function interruptOften(engine: Engine, browser: EngineBrowser, most: number): Promise<void> {
  const probe = await browser.open(pages.url);
  const settled = (name: string) => LONG || engine.name !== 'WebKitGTK' || !UNSETTLED.includes(name);
  const kinds = KINDS.filter(({ name, possible }) => possible(browser, probe) && settled(name));
  await probe.close();
  const counts = new Map(kinds.map(({ name }) => [name, 0]));
  let [made, outOfCache] = [0, 0];
  for (let voyage = 0; made < most; voyage++) {
    const places = placesFor(most - made);
    const kindAt = (place: number) => {
      const rank = places.indexOf(place);
      return rank < 0 ? undefined : kinds[(rank + voyage) % kinds.length];
    };
    const book = await Voyage.make(browser, `${pages.url}/?run=voyage-${voyage}`, kindAt);
    expect(faultsOf(book), `${engine.name}, voyage ${voyage}`).toEqual([]);
    for (const { kind } of book.interruptions) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    made += book.interruptions.length;
    outOfCache += book.outOfCache;
  }
  const list = [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
  console.log(`${engine.name}: ${made} interruptions (${list}; ${outOfCache} returns out of the back/forward cache)`);
}

/** So many places, spread over a voyage. */
function placesFor(most: number): number[] {
  const count = Math.min(most, PLACES.length);
  return Array.from({ length: count }, (_, at) => Math.floor((at * PLACES.length) / count));
}
