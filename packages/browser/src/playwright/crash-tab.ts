import type { Page } from '@playwright/test';

/**
 * Crashes the process in which a page and its workers live, as when it runs out of memory. Other tabs of the same site may
 * live in it too. The page can only be closed then: open another one. In Chromium only, the one engine where Playwright
 * can do that.
 *
 * @example
 * await crashTab(page);
 * const again = await context.newPage();
 */
export async function crashTab(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crash = page.waitForEvent('crash');
  // The process that would answer is the one that crashes.
  session.send('Page.crash').catch(() => undefined);
  await crash;
}
