import { existsSync } from 'node:fs';
import { type BrowserContext, chromium } from '@playwright/test';
import { freshProfile } from './profiles.js';

/** Where distributions put a Chromium, in the order they are tried after `HOLDFAST_CHROMIUM`. */
const KNOWN_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Defaults of Playwright and Puppeteer which would hide what these tests are about: the back/forward cache and hidden tabs. */
export const DEFAULTS_UNDONE = [
  '--disable-back-forward-cache',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A running Chromium with a profile on disk. */
export interface LaunchedBrowser {
  readonly context: BrowserContext;
  /** The user-data directory: give it to the next `launchBrowser` to start the same browser again. */
  readonly profile: string;
  /** Closes it as a person would. */
  close(): Promise<void>;
}

export interface LaunchOptions {
  /** An existing or empty user-data directory; a fresh one when it is left out. */
  readonly profile?: string;
  /** Port of the DevTools protocol, when something besides Playwright wants to connect. */
  readonly port?: number;
  /** More command-line flags. */
  readonly args?: readonly string[];
}

/** The Chromium to test with: `HOLDFAST_CHROMIUM`, the system's, or the one Playwright has installed; or nothing. */
export function chromiumPath(): string | undefined {
  const candidates = [process.env.HOLDFAST_CHROMIUM, ...KNOWN_PATHS, chromium.executablePath()];
  return candidates.find((path) => path !== undefined && existsSync(path));
}

/** Starts Chromium as people run it: with the back/forward cache, with throttling of hidden tabs, with a profile. */
export async function launchBrowser(options: LaunchOptions = {}): Promise<LaunchedBrowser> {
  const { profile = freshProfile(), port, args = [] } = options;
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    throw new Error('No Chromium found. Install one, run "npx playwright install chromium", or set HOLDFAST_CHROMIUM.');
  }
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    ignoreDefaultArgs: DEFAULTS_UNDONE,
    args: [...FLAGS, ...(port === undefined ? [] : [`--remote-debugging-port=${port}`]), ...args],
  });
  return { context, profile, close: () => context.close() };
}
