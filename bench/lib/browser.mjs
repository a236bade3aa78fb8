// A real Chromium with a profile on the disk, a new one each round, and the bench's page in it.

import { once } from 'node:events';
import { cpSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { build } from 'esbuild';
import { ensureChromium } from '../../scripts/chromium.mjs';
import { resume, takeover, waitingRuns } from '../browser/stories.mjs';
import { BENCH, freshFolder, removeFolder } from './places.mjs';

const STORIES = { resume, takeover, waitingRuns };
const TYPES = { html: 'text/html', js: 'text/javascript' };
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
  '--enable-blink-features=ForceEagerMeasureMemory',
];
/** Pages that are apart from others are told how much memory they take; at once, where they are not to wait for a collection. */
const APART = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/**
 * Owns: the server of the page, the browser of the present round and its profile.
 */
export class Browser {
  yardstickUnit = 'steps/s';
  #folder = freshFolder('site');
  /** @type {import('node:http').Server | undefined} */
  #server;
  #executablePath = '';
  /** @type {import('@playwright/test').BrowserContext | undefined} */
  #context;
  #profile = '';
  /** Copies of profiles, by what is in them. */
  #kept = new Map();
  #names = 0;

  /** Builds the page, and serves it. @returns {Promise<Browser>} rejects, saying why, where there is no Chromium */
  static async open() {
    const browser = new Browser();
    try {
      browser.#executablePath = await ensureChromium();
      await browser.#serve();
    } catch (error) {
      await browser.close();
      throw error;
    }
    return browser;
  }

  async #serve() {
    await build({
      entryPoints: ['page', 'worker', 'served'].map((name) => join(BENCH, 'browser', `${name}.mjs`)),
      bundle: true,
      minify: true,
      format: 'esm',
      outdir: this.#folder,
      define: { 'process.env.NODE_ENV': '"production"' },
      logLevel: 'error',
    });
    writeFileSync(join(this.#folder, 'index.html'), '<!doctype html><script type="module" src="/page.js"></script>');
    this.#server = createServer(async ({ url = '/' }, response) => {
      const file = url === '/' ? 'index.html' : url.slice(1);
      try {
        const body = await readFile(join(this.#folder, file));
        response.setHeader('content-type', TYPES[file.split('.').at(-1)] ?? 'text/plain');
        for (const [name, value] of Object.entries(APART)) response.setHeader(name, value);
        response.end(body);
      } catch {
        response.writeHead(404).end();
      }
    }).listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  yardstickName() {
    return 'yard-stick: get and two puts in one transaction';
  }

  /**
   * As durable as what it is held against.
   * @param {import('../benches.mjs').Bench} _bench
   * @param {{ durability?: 'strict' | 'relaxed' }} params
   */
  async yardstick(_bench, { durability = 'strict' }) {
    const yardstick = { name: '', module: 'worker', program: 'getAndTwoPuts' };
    const { 'steps/s': rate } = await this.run(yardstick, { steps: 200, durability });
    return rate ?? Number.NaN;
  }

  /** A new browser, with an empty profile. */
  async nextRound() {
    await this.#endRound();
    this.#profile = freshFolder('profile');
    await this.#launch();
  }

  async #launch() {
    this.#context = await chromium.launchPersistentContext(this.#profile, {
      executablePath: this.#executablePath,
      headless: true,
      args: FLAGS,
    });
  }

  /**
   * The browser begins anew with what `prepare` has stored, which happens once however many rounds there are.
   * @param {string} what
   * @param {() => Promise<void>} prepare
   */
  async #withStored(what, prepare) {
    const known = this.#kept.get(what);
    if (known) {
      await this.#endRound();
      this.#profile = freshFolder('profile');
      cpSync(known, this.#profile, { recursive: true });
    } else {
      await prepare();
      await this.#context?.close();
      const kept = freshFolder('kept');
      cpSync(this.#profile, kept, { recursive: true });
      this.#kept.set(what, kept);
    }
    await this.#launch();
  }

  async #endRound() {
    await this.#context?.close();
    this.#context = undefined;
    if (this.#profile) removeFolder(this.#profile);
  }

  /**
   * Plays one program, in a tab and a database of its own.
   * @param {import('../benches.mjs').Entrant} entrant
   * @param {object} params
   * @returns {Promise<Record<string, number>>}
   */
  async run({ module: where, program }, params) {
    const given = { name: `bench-${++this.#names}`, ...params };
    const open = () => this.#openPage();
    const withStored = (what, prepare) => this.#withStored(what, prepare);
    if (where === 'stories') return STORIES[program]({ open, withStored }, given);
    const page = await open();
    const busyMs = await watchThread(page);
    try {
      const metrics = await page.evaluate(
        ([where, program, given]) =>
          where === 'worker' ? globalThis.bench.inWorker(program, given) : globalThis.bench[program](given),
        /** @type {const} */ ([where, program, given]),
      );
      return where === 'page' ? { ...metrics, 'page thread ms': await busyMs() } : metrics;
    } finally {
      await page.close();
    }
  }

  async #openPage() {
    const page = await /** @type {import('@playwright/test').BrowserContext} */ (this.#context).newPage();
    const server = /** @type {import('node:http').Server} */ (this.#server);
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction(() => 'bench' in globalThis);
    return page;
  }

  async close() {
    await this.#endRound();
    this.#server?.close();
    for (const folder of [this.#folder, ...this.#kept.values()]) removeFolder(folder);
  }
}

/**
 * How long the thread of the page, not of its worker, has been at work since, warming up included.
 * @param {import('@playwright/test').Page} page
 * @returns {Promise<() => Promise<number>>}
 */
async function watchThread(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const seconds = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  };
  const before = await seconds();
  return async () => ((await seconds()) - before) * 1000;
}
