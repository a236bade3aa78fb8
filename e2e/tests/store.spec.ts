import { testStore } from '@holdfast/core/testing';
import { expect } from '@playwright/test';
import type { StorePage } from '../pages/store/main.js';
import { type EngineBrowser, type EngineTab, until } from '../support/engines/engine.js';
import { ENGINES } from '../support/engines/index.js';
import type { ServedPages } from '../support/pages.js';
import { test } from '../support/shared-browser.js';

declare const app: StorePage;

let pages: ServedPages;
test.beforeAll(async ({ served }) => {
  pages = await served('store');
});

for (const engine of ENGINES) {
  test.describe(engine.name, () => {
    const missing = engine.missing();
    test.skip(missing !== undefined, `There is no ${missing} here.`);

    let browser: EngineBrowser;
    let tab: EngineTab;
    test.beforeAll(async () => {
      browser = await engine.launch();
      tab = await browser.open(pages.url);
      await until(tab, 'the page is loaded', () => 'app' in globalThis);
    });
    test.afterAll(() => browser?.close());

    test('an open that is never answered is STORE_BLOCKED in time, and tried anew by the next use', async () => {
      const outcomes = await tab.evaluate(async () => {
        const answer = app.muteOpen();
        const store = app.createIndexedDbStore({ name: 'unanswered', openMs: 300 });
        const first = await app.outcomeOf(store.list());
        answer();
        // On a busy machine an open takes longer than that, too.
        let second = 'STORE_BLOCKED';
        while (second === 'STORE_BLOCKED') second = await app.outcomeOf(store.list());
        await store.close();
        return [first, second];
      });
      expect(outcomes).toEqual(['STORE_BLOCKED', 'done']);
    });

    for (const name of ['IndexedDB', 'Dexie', 'idb', 'raw IndexedDB of the app']) {
      test(`${name}: a database that is deleted under its owner is told as another one`, async () => {
        const seen = await tab.evaluate((kind) => app.loseDatabase(kind), name);
        expect(seen).toEqual({ reason: 'STORE_LOST', another: true, start: 'done', commit: 'STORE_FENCED' });
      });
    }

    for (const name of ['IndexedDB', 'Dexie', 'idb', 'raw IndexedDB of the app']) {
      testStore(
        { test: (name) => test(name, () => tab.evaluate((wanted) => app.runSuiteTest(wanted), name)) },
        {
          name,
          supports: { transact: name !== 'IndexedDB' },
          open: () => Promise.reject(new Error('The bodies run in the page.')),
        },
      );
    }
  });
}
