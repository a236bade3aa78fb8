import type { BrowserContext } from '@playwright/test';

/** Of Node, in which tests run; the rest of this package must not know it. */
declare const process: {
  readonly platform: string;
  kill(pid: number, signal: 'SIGKILL'): void;
};

/**
 * Kills the whole browser with SIGKILL, as a crash or the end of the session would, and starts it again: gives what
 * `relaunch` gives. Its context has to be one of `launchPersistentContext`, started again with the same profile; what a
 * profile does not hold is gone. In Chromium only, the one engine of which Playwright knows the process.
 *
 * @example
 * const launch = () => chromium.launchPersistentContext(profile);
 * const context = await launch();
 * const again = await restartBrowser(context, launch);
 */
export async function restartBrowser<T>(context: BrowserContext, relaunch: () => Promise<T>): Promise<T> {
  const pid = await pidOf(context);
  const gone = new Promise<void>((resolve) => context.once('close', () => resolve()));
  // The whole process group: Playwright starts the browser as the leader of one of its own, where there are groups.
  process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  await gone;
  return relaunch();
}

async function pidOf(context: BrowserContext): Promise<number> {
  const browser = context.browser();
  if (!browser) throw new TypeError('This context tells of no browser, so its process is not known.');
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const main = processInfo.find(({ type }) => type === 'browser');
  if (!main) throw new TypeError('DevTools named no browser process.');
  return main.id;
}
