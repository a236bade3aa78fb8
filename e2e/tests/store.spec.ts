import { testStore } from '@holdfast/core/testing';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import type { StorePage } from '../pages/store/main.js';
import { type LaunchedBrowser, launchBrowser } from '../support/browser.js';
import { type ServedPages, servePages } from '../support/pages.js';

declare const page: StorePage;

let pages: ServedPages;
let browser: LaunchedBrowser;

test.beforeAll(async () => {
  pages = await servePages('store');
  browser = await launchBrowser();
});

test.afterAll(async () => {
  await browser?.close();
  await pages?.close();
});

async function openTab(context: BrowserContext = browser.context): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(pages.url);
  await tab.waitForFunction(() => 'page' in globalThis);
  return tab;
}

test.describe('conformance', () => {
  let tab: Page;
  test.beforeAll(async () => {
    tab = await openTab();
  });
  test.afterAll(() => tab.close());

  testStore(
    {
      test: (name) => test(name, () => tab.evaluate((wanted) => page.runSuiteTest(wanted), name)),
    },
    {
      name: 'IndexedDB',
      open: () => Promise.reject(new Error('The bodies run in the page.')),
    },
  );
});
