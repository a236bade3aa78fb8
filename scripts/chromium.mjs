// Finds a Chromium for the browser tests, or brings one. Each way is bounded in time.

import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { ROOT, run, tool } from './process.mjs';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_APPS = ['Chromium.app/Contents/MacOS/Chromium', 'Google Chrome.app/Contents/MacOS/Google Chrome'];
const WINDOWS_PATHS = ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe'];

/**
 * The path of a Chromium that starts. Tried in turn: HOLDFAST_CHROMIUM, Playwright's own, the system's, then
 * installing Playwright's, then (root on Debian) the system's package.
 * @returns {Promise<string>} rejects when none can be had
 */
export async function ensureChromium() {
  const named = process.env.HOLDFAST_CHROMIUM;
  if (named) {
    if (await starts(named)) return named;
    throw new Error(`HOLDFAST_CHROMIUM names ${named}, which does not start.`);
  }
  const found = await findChromium();
  if (found) return found;
  for (const install of [installPlaywrights, installSystems]) {
    await install();
    const installed = await findChromium();
    if (installed) return installed;
  }
  throw new Error(
    'No Chromium: none is installed, and none could be downloaded. Install Chromium or Chrome, or run ' +
      '`npx playwright install --with-deps chromium`, or set HOLDFAST_CHROMIUM to the path of one.',
  );
}

async function findChromium() {
  for (const path of [playwrightsPath(), ...systemPaths()]) if (await starts(path)) return path;
  return undefined;
}

function playwrightsPath() {
  const require = createRequire(join(ROOT, 'e2e', 'package.json'));
  return /** @type {string} */ (require('@playwright/test').chromium.executablePath());
}

function systemPaths() {
  const { env, platform } = process;
  if (platform === 'darwin') {
    const folders = ['/Applications', join(env.HOME ?? '', 'Applications')];
    return folders.flatMap((folder) => MAC_APPS.map((app) => join(folder, app)));
  }
  if (platform === 'win32') {
    const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter((f) => f !== undefined);
    return folders.flatMap((folder) => WINDOWS_PATHS.map((path) => join(folder, path)));
  }
  const folders = [...(env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/snap/bin'];
  return PROGRAMS.flatMap((program) => folders.filter(Boolean).map((folder) => join(folder, program)));
}

/** @param {string} path */
async function starts(path) {
  if (!isExecutable(path)) return false;
  // On Windows `--version` opens a window instead of answering.
  if (process.platform === 'win32') return true;
  // A file that is there may still be a stub, or lack a shared library.
  const { code, output } = await run([path, '--version'], { timeoutMs: 20_000 });
  return code === 0 && /Chrom/.test(output);
}

/** @param {string} path */
function isExecutable(path) {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function installPlaywrights() {
  await attempt(
    'Chromium for Playwright',
    [...tool('@playwright/test', 'playwright'), 'install', '--no-shell', 'chromium'],
    {
      env: { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '10000' },
      timeoutMs: 300_000,
    },
  );
}

async function installSystems() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 480_000 };
  if (await attempt("the system's package lists", ['apt-get', 'update'], options)) {
    await attempt(
      "the system's Chromium",
      ['apt-get', 'install', '-y', '--no-install-recommends', 'chromium'],
      options,
    );
  }
}

/**
 * @param {string} what
 * @param {readonly string[]} command
 * @param {import('./process.mjs').RunOptions} options
 */
async function attempt(what, command, options) {
  console.log(`Fetching ${what} …`);
  const { code, output } = await run(command, options);
  if (code !== 0) console.log(`Could not fetch ${what}:\n${output.trim().split('\n').slice(-5).join('\n')}`);
  return code === 0;
}
