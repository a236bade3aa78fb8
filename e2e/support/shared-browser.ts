import { type BrowserContext, test as base, type Page } from '@playwright/test';
import { type LaunchedBrowser, type LaunchOptions, launchBrowser } from './browser.js';
import { type ServedPages, servePages } from './pages.js';

interface TestFixtures {
  /** The folder of `e2e/pages` that is served: `test.use({ folder: 'link' })`. */
  folder: string;
  /** Where this test finds it: a secure context, and an origin that no other test has. */
  origin: string;
  /** Opens a tab, by default at `origin` and in the shared browser, and waits until its script has run. */
  openTab(url?: string, within?: BrowserContext): Promise<Page>;
  /** Starts a browser of this test's own, for what ends the whole of it; with a fresh profile unless one is given. */
  launch(options?: LaunchOptions): Promise<LaunchedBrowser>;
}

interface WorkerFixtures {
  /** The browser that the tests of a Playwright worker share. */
  shared: LaunchedBrowser;
  /** Builds and serves a folder of `e2e/pages`, once. */
  served(folder: string): Promise<ServedPages>;
}

/**
 * Tests in tabs of one Chromium: to start one takes longer than most tests do.
 *
 * Owns: the browser of a Playwright worker and its context, the pages that are served, the origin of each test.
 * 1. No two tests have an origin in common: what one stores, locks, broadcasts or is short of, no other sees.
 * 2. When a test has ended its tabs are closed, and the network is back.
 * 3. What ends more than tabs and their processes is done to a browser of one's own (`launch`).
 */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  shared: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a function needs from its parameter
    async ({}, use) => {
      const shared = await launchBrowser({ args: [`--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`] });
      await use(shared);
      await shared.close();
    },
    { scope: 'worker' },
  ],
  served: [
    // biome-ignore lint/correctness/noEmptyPattern: as above
    async ({}, use) => {
      const served = new Map<string, Promise<ServedPages>>();
      await use((folder) => {
        const pages = served.get(folder) ?? servePages(folder);
        served.set(folder, pages);
        return pages;
      });
      for (const pages of served.values()) await (await pages).close();
    },
    { scope: 'worker' },
  ],
  folder: ['', { option: true }],
  origin: async ({ served, folder }, use) => {
    const { port } = await served(folder);
    // Every name under localhost is this machine, and as secure as it.
    await use(`http://${crypto.randomUUID()}.localhost:${port}`);
  },
  context: async ({ shared: { context } }, use) => {
    const before = context.pages();
    await use(context);
    await context.setOffline(false);
    const opened = context.pages().filter((page) => !before.includes(page));
    await Promise.all(opened.map((page) => page.close()));
  },
  openTab: async ({ context, origin }, use) => {
    await use(async (url = origin, within = context) => {
      const tab = await within.newPage();
      await tab.goto(url);
      await tab.waitForFunction(() => 'app' in globalThis);
      return tab;
    });
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  launch: async ({}, use) => {
    const launched: LaunchedBrowser[] = [];
    await use(async (options) => {
      const browser = await launchBrowser(options);
      launched.push(browser);
      return browser;
    });
    for (const browser of launched) await browser.close();
  },
});

/** A name of this machine which is no secure context. */
export const INSECURE_HOST = 'holdfast.test';
