import { test as base } from '@playwright/test';
import { type LaunchedBrowser, type LaunchOptions, launchBrowser } from './browser.js';
import { type DemoServer, startDemoServer } from './demo-server.js';

interface SurvivalFixtures {
  /** A demo server of this test's own. */
  server: DemoServer;
  /** Starts a browser, with a fresh profile unless one is given. All are closed at the end of the test. */
  launch: (options?: LaunchOptions) => Promise<LaunchedBrowser>;
}

export const test = base.extend<SurvivalFixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a function needs from its parameter
  server: async ({}, use) => {
    const server = await startDemoServer();
    await use(server);
    await server.stop();
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
