import { testStore } from '@holdfast/core/testing';
import { type Page, test } from '@playwright/test';
import type { StorePage } from '../pages/store/main.js';
import { type LaunchedBrowser, launchBrowser } from '../support/browser.js';
import { type ServedPages, servePages } from '../support/pages.js';

declare const app: StorePage;

let pages: ServedPages;
let browser: LaunchedBrowser;
let tab: Page;

test.beforeAll(async () => {
  pages = await servePages('store');
  browser = await launchBrowser();
  tab = await browser.context.newPage();
  await tab.goto(pages.url);
  await tab.waitForFunction(() => 'app' in globalThis);
});

test.afterAll(async () => {
  await browser?.close();
  await pages?.close();
});

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
