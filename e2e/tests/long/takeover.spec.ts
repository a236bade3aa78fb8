import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import type { TabsPage } from '../../pages/tabs/main.js';
import type { LaunchedBrowser } from '../../support/browser.js';
import { rendererOf, type Tab, test } from '../../support/tabs.js';
import { judgeTakeovers, ROUNDS } from '../../support/takeover.js';

declare const app: TabsPage;

/** Ends the ownership of a tab; gives the instant at which it did, or nothing where the tab has noted that itself. */
type Leave = (owner: Tab, browser: LaunchedBrowser) => Promise<number | undefined>;

const ways: Record<string, Leave> = {
  close: async ({ page }) => void (await page.close()),
  reload: async ({ page }) => void (await page.reload()),
  'navigation, into the back/forward cache': async ({ page }) => {
    await page.evaluate(() => location.assign('/elsewhere.html'));
    await page.waitForURL('**/elsewhere.html');
    return undefined;
  },
  'crash of the page': async ({ page }, browser) => {
    const pid = await rendererOf(browser, { page });
    const devTools = await page.context().newCDPSession(page);
    void devTools.send('Page.crash').catch(() => undefined);
    // Until its report is written the process is there, and so is its lock.
    return untilGone(pid);
  },
  'SIGKILL of the renderer': async (owner, browser) => {
    const pid = await rendererOf(browser, owner);
    const crash = owner.page.waitForEvent('crash');
    const at = Date.now();
    process.kill(pid, 'SIGKILL');
    await crash;
    return at;
  },
  'death of the worker': ({ page }) =>
    page.evaluate(() => {
      app.workers.at(-1)?.terminate();
      return app.now();
    }),
};

for (const [way, leave] of Object.entries(ways)) {
  test(`takeover after ${way}`, async ({ shared, openChainTab }) => {
    test.setTimeout(300_000);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const owner = await openOwner(openChainTab);
      const next = await openChainTab();
      await next.untilStatus('standby');
      const left = await leave(owner, shared);
      await next.untilStatus('owner');
      times.push(await took(next.page, left));
      await owner.page.close();
      await next.page.close();
    }
    judgeTakeovers(way, times);
  });
}

async function openOwner(openChainTab: () => Promise<Tab>): Promise<Tab> {
  const tab = await openChainTab();
  await tab.untilStatus('owner');
  return tab;
}

/** When a process has ended. */
async function untilGone(pid: number): Promise<number> {
  for (;;) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'Z');
    if (/^Z$|\) [ZX]/.test(state)) return Date.now();
  }
}

function took(page: Page, left: number | undefined): Promise<number> {
  return page.evaluate((at) => {
    const owned = app.statuses.find(({ status }) => status === 'owner')?.at ?? Number.NaN;
    return owned - (at ?? Number(localStorage.getItem('left')));
  }, left);
}
