import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, launch as launchByBiDi, type Page } from 'puppeteer-core';
import { freshProfile } from '../profiles.js';
import type { Engine, EngineBrowser, EngineTab } from './engine.js';
import { childrenOf } from './processes.js';

/** Where systems put it, in the order they are tried after `HOLDFAST_FIREFOX`. */
const KNOWN_PATHS = ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'];

/** How Firefox calls a process that pages of a site live in ("Isolated Web Content"), as far as Linux keeps a name. */
const OF_A_SITE = 'Isolated Web Co';

/** Puppeteer's copies of a profile's preferences. */
const BACKUPS = ['user.js.puppeteer', 'prefs.js.puppeteer'];

/** By Puppeteer over WebDriver BiDi: Playwright drives a Firefox of its own only. */
export const firefox: Engine = {
  name: 'Firefox',
  missing: () => (pathOf() === undefined ? 'Firefox' : undefined),
  launch,
};

function pathOf(): string | undefined {
  return [process.env.HOLDFAST_FIREFOX, ...KNOWN_PATHS].find((path) => path !== undefined && existsSync(path));
}

async function launch(): Promise<EngineBrowser> {
  const userDataDir = freshProfile();
  const start = () =>
    launchByBiDi({
      browser: 'firefox',
      executablePath: pathOf() ?? '',
      headless: true,
      userDataDir,
      protocolTimeout: 30_000,
    });
  let browser = await start();
  return {
    async open(url) {
      const page = await browser.newPage();
      await page.goto(url);
      return tabOf(browser, page);
    },
    async restart() {
      const pid = pidOf(browser);
      // Puppeteer would put them back into the profile at some time after the end, in the midst of the next start.
      for (const kept of BACKUPS) rmSync(join(userDataDir, kept), { force: true });
      const gone = new Promise<void>((resolve) => browser.once('disconnected', () => resolve()));
      // The whole process group: Puppeteer starts the browser as the leader of one of its own.
      process.kill(-pid, 'SIGKILL');
      await gone;
      browser = await start();
    },
    close: () => browser.close(),
  };
}

function pidOf(browser: Browser): number {
  const pid = browser.process()?.pid;
  if (pid === undefined) throw new Error('This Firefox has no process of its own.');
  return pid;
}

function tabOf(browser: Browser, page: Page): EngineTab {
  return {
    evaluate: (body, arg) => page.evaluate(body as never, arg as never) as never,
    close: () => page.close(),
    back: () => page.evaluate(() => history.back()),
    async crash() {
      const processes = childrenOf(pidOf(browser)).filter(({ name }) => name === OF_A_SITE);
      for (const { pid } of processes) process.kill(pid, 'SIGKILL');
      await page.close();
    },
    offline: (is) => page.setOfflineMode(is),
  };
}
