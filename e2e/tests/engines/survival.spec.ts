import { expect } from '@playwright/test';
import type { VoyagePage } from '../../pages/voyage/main.js';
import { type Engine, type EngineBrowser, type EngineTab, inTime, until } from '../../support/engines/engine.js';
import { ENGINES } from '../../support/engines/index.js';
import type { ServedPages } from '../../support/pages.js';
import { test } from '../../support/shared-browser.js';
import { openStepLedger } from '../../support/step-ledger.js';
import { KINDS } from '../../support/voyage/kinds.js';
import { faultsOf } from '../../support/voyage/verdict.js';
import { PLACES, Voyage } from '../../support/voyage/voyage.js';

declare const app: VoyagePage;

const LONG = process.env.HOLDFAST_E2E_LONG === '1';
/** How many interruptions an engine has to survive. */
const INTERRUPTIONS = { Chromium: LONG ? 300 : 8, Firefox: LONG ? 60 : 8, WebKitGTK: LONG ? 60 : 10 };
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
      await leaveWithoutRetry(browser);
      await endAmidstTransactions(browser);
      await interruptOften(engine, browser, INTERRUPTIONS[engine.name]);
    } finally {
      await browser.close();
    }
  });
}

/**
 * A step without retry is under way when its page begins to be left, and turns out to stay; and when it is left. WebKit
 * fails the step's request then, before any page is told: that is not the step's end.
 */
async function leaveWithoutRetry(browser: EngineBrowser): Promise<void> {
  const ledger = await openStepLedger();
  try {
    for (const way of ['stays', 'reload'] as const) {
      ledger.hold('hop');
      ledger.hold('nowhere');
      const asked = ledger.keysOf('hop').length;
      const tab = await browser.open(`${pages.url}/?run=hop-${way}`);
      await until(tab, 'the page is loaded', () => 'app' in globalThis);
      await tab.evaluate((url) => app.hop(url), ledger.url);
      await inTime('the hop was asked for', ledger.requested('hop', asked + 1));
      if (way === 'stays') await tab.evaluate(beginToLeave, `${ledger.url}/nowhere`);
      else {
        await tab.evaluate(() => app.do('reload')).catch(() => undefined);
        await inTime('the hop was asked for again', ledger.requested('hop', asked + 2));
      }
      ledger.letGo('hop');
      expect(await until(tab, 'the run has ended', endOfHop), way).toBe('done');
      await tab.close();
    }
  } finally {
    await ledger.close();
  }
}

/** WebKit keeps transactions of a worker that was ended in the midst of several: then nothing is answered any more. */
async function endAmidstTransactions(browser: EngineBrowser): Promise<void> {
  const tab = await browser.open(`${pages.url}/?run=amidst`);
  for (let n = 0; n < 12; n++) {
    await until(tab, 'the tab is the owner', () => 'app' in globalThis && app.ownership() === 'owner');
    await tab.evaluate((n) => void app.endAmidst(n, n), n);
    await until(tab, `all is answered after end ${n}`, (n) => app.answered() === n, n);
    // Of a page whose workers die one after the other callers are told: this one's have not.
    if (n % 3 === 2) await reload(tab);
  }
  await tab.close();
}

/** Until the next document is there: the one before would take a call, and forget it. */
async function reload(tab: EngineTab): Promise<void> {
  const before = await tab.evaluate(() => app.document);
  await tab.evaluate(() => app.do('reload')).catch(() => undefined);
  await until(tab, 'the page is loaded anew', (before) => 'app' in globalThis && app.document !== before, before);
}

const endOfHop = () => ['done', 'failed'].find((end) => end === app.hopStatus());

/** For some time: its server does not answer. */
async function beginToLeave(url: string): Promise<void> {
  location.assign(url);
  await new Promise((resolve) => setTimeout(resolve, 200));
  stop();
}

/** Voyages until there were so many interruptions: of each kind in turn, over all places. */
async function interruptOften(engine: Engine, browser: EngineBrowser, most: number): Promise<void> {
  const probe = await browser.open(pages.url);
  const kinds = KINDS.filter(({ possible }) => possible(browser, probe));
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
    const blows = book.interruptions.map(
      ({ kind, place, from, to }) => `${kind} (${place.at} ${place.what}, ${from}-${to})`,
    );
    expect(faultsOf(book), `${engine.name}, voyage ${voyage}: ${blows.join(', ')}`).toEqual([]);
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
