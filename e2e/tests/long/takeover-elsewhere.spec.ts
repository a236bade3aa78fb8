import { test } from '@playwright/test';
import type { TabsPage } from '../../pages/tabs/main.js';
import { type EngineBrowser, type EngineTab, until } from '../../support/engines/engine.js';
import { ENGINES } from '../../support/engines/index.js';
import { type ServedPages, servePages } from '../../support/pages.js';
import { judgeTakeovers, ROUNDS } from '../../support/takeover.js';

declare const app: TabsPage;

/** Ends the ownership of a tab; its page notes when it is hidden for that. */
const ways: Record<string, (owner: EngineTab) => Promise<void>> = {
  close: (owner) => owner.close(),
  reload: (owner) => owner.evaluate(() => location.reload()).catch(() => undefined),
  'navigation, into the back/forward cache where there is one': (owner) =>
    owner.evaluate(() => location.assign('/elsewhere.html')).catch(() => undefined),
};

let pages: ServedPages;
test.beforeAll(async () => {
  pages = await servePages('tabs');
});
test.afterAll(() => pages?.close());

// Chromium's are in takeover.spec.ts, with more ways.
for (const engine of ENGINES.filter(({ name }) => name !== 'Chromium')) {
  test(`${engine.name}: takeover`, async () => {
    test.skip(engine.missing() !== undefined, `There is no ${engine.missing()} here.`);
    test.setTimeout(900_000);
    const browser = await engine.launch();
    try {
      const times = Object.entries(ways).map(([way, leave]) => ({ way, leave, ms: [] as number[] }));
      for (let round = 0; round < ROUNDS; round++) {
        for (const { way, leave, ms } of times) ms.push(await takeover(browser, leave, way === 'close'));
      }
      for (const { way, ms } of times) judgeTakeovers(`${way}, ${engine.name}`, ms);
    } finally {
      await browser.close();
    }
  });
}

async function takeover(
  browser: EngineBrowser,
  leave: (owner: EngineTab) => Promise<void>,
  closes: boolean,
): Promise<number> {
  const owner = await open(browser, 'owner');
  const next = await open(browser, 'standby');
  await next.evaluate(() => localStorage.removeItem('left'));
  await leave(owner);
  const took = await until(next, 'the next tab is the owner', () => {
    const owned = app.statuses.find(({ status }) => status === 'owner');
    const left = localStorage.getItem('left');
    return owned && left !== null ? { ms: owned.at - Number(left) } : undefined;
  });
  if (!closes) await owner.close();
  await next.close();
  return took?.ms ?? Number.NaN;
}

async function open(browser: EngineBrowser, as: 'owner' | 'standby'): Promise<EngineTab> {
  const tab = await browser.open(pages.url);
  await until(tab, `the tab is ${as}`, (as) => 'app' in globalThis && app.holdfast.host.getSnapshot() === as, as);
  return tab;
}
