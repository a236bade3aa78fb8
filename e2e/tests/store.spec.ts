import { testStore } from '@holdfast/core/testing';
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
