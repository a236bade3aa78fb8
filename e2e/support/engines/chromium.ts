import { crashTab, restartBrowser } from '@holdfast/browser/playwright';
import type { Page } from '@playwright/test';
import { chromiumPath, launchBrowser } from '../browser.js';
import type { Engine, EngineBrowser, EngineTab } from './engine.js';

/** By Playwright, with a profile on disk. */
export const chromium: Engine = {
  name: 'Chromium',
  missing: () => (chromiumPath() === undefined ? 'Chromium' : undefined),
  launch,
};

async function launch(): Promise<EngineBrowser> {
  let browser = await launchBrowser();
  return {
    async open(url) {
      const page = await browser.context.newPage();
      await page.goto(url);
      return tabOf(page);
    },
    async restart() {
      const { context, profile } = browser;
      browser = await restartBrowser(context, () => launchBrowser({ profile }));
    },
    close: () => browser.close(),
  };
}

function tabOf(page: Page): EngineTab {
  return {
    evaluate: (body, arg) => page.evaluate(body as never, arg) as never,
    close: () => page.close(),
    // Where the page comes out of the cache, `page.goBack()` would wait for a load.
    back: () => page.evaluate(() => history.back()),
    async crash() {
      await crashTab(page);
      await page.close();
    },
    offline: (is) => page.context().setOffline(is),
  };
}
