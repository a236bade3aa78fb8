import { readFile } from 'node:fs/promises';
import { type CDPSession, expect, type Page } from '@playwright/test';
import type { TabsPage } from '../pages/tabs/main.js';
import type { LaunchedBrowser } from './browser.js';
import type { EngineTab } from './engines/engine.js';
import { test as base } from './shared-browser.js';
import { openStepLedger, type StepLedger } from './step-ledger.js';

declare const app: TabsPage;

interface OpenOptions {
  readonly version?: number;
  /** Nobody looks at it. */
  readonly hidden?: boolean;
  /** Its host has no worker. */
  readonly here?: boolean;
  /** How long its worker may be silent before it is unresponsive. */
  readonly readyMs?: number;
}

/** A tab of the page in `pages/tabs`. */
export interface Tab {
  readonly page: Page;
  status(): Promise<string>;
  untilStatus(status: 'owner' | 'standby'): Promise<void>;
}

interface TabsFixtures {
  ledger: StepLedger;
  openChainTab(options?: OpenOptions): Promise<Tab>;
}

export const test = base.extend<TabsFixtures>({
  folder: 'tabs',
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a function needs from its parameter
  ledger: async ({}, use) => {
    const ledger = await openStepLedger();
    await use(ledger);
    await ledger.close();
  },
  openChainTab: async ({ openTab, origin }, use) => {
    await use(async ({ version = 1, hidden = false, here = false, readyMs } = {}) => {
      const flags = `${hidden ? '&hidden' : ''}${here ? '&here' : ''}${readyMs ? `&ready-ms=${readyMs}` : ''}`;
      return tabOf(await openTab(`${origin}/?version=${version}${flags}`));
    });
  },
});

function tabOf(page: Page): Tab {
  return {
    page,
    status: () => page.evaluate(() => app.holdfast.host.getSnapshot()),
    untilStatus: async (wanted) => {
      await page.waitForFunction((status) => app.holdfast.host.getSnapshot() === status, wanted);
    },
  };
}

/** A tab of that page, whoever drives it. */
export interface Driven {
  readonly page: Pick<EngineTab, 'evaluate'>;
}

/** Starts the run `one` of so many steps. */
export async function startChain({ page }: Driven, ledger: StepLedger, steps: number, spinMs = 0): Promise<void> {
  const input = { ledger: ledger.url, steps, spinMs };
  await page.evaluate(async (given) => void (await app.holdfast.start('chain', { id: 'one', input: given })), input);
}

/**
 * The verdict on the run `one`, by the ledger and by its history: every step was completed once, under one key; only
 * those of `again` asked more than once; seq is gapless; no epoch commits after a later one.
 */
export async function expectWhole(
  tab: Driven,
  ledger: StepLedger,
  steps: number,
  again: readonly string[],
): Promise<void> {
  const names = Array.from({ length: steps }, (_, n) => `s${n + 1}`);
  const output = await tab.page.evaluate(async () => app.run.result());
  expect(output).toMatch(`${steps} by version`);
  for (const name of names) {
    const keys = ledger.keysOf(name);
    expect(new Set(keys).size, `keys of ${name}`).toBe(1);
    if (!again.includes(name)) expect(keys, `requests of ${name}`).toHaveLength(1);
  }
  const history = await tab.page.evaluate(async () => app.run.history());
  const done = history.flatMap(({ arrival }) =>
    arrival.kind === 'step' && arrival.outcome === 'completed' ? [arrival.name] : [],
  );
  expect(done, 'completed, each once and in order').toEqual(names);
  const seqs = history.map(({ seq }) => seq);
  expect(seqs, 'gapless').toEqual(seqs.map((_, at) => at + 1));
  const epochs = history.map(({ epoch }) => epoch);
  expect(epochs, 'no commit of a stale epoch').toEqual([...epochs].sort((a, b) => a - b));
}

/** The process that renders a tab: the one that grows when the tab fills its memory. */
export async function rendererOf({ context }: LaunchedBrowser, { page }: Pick<Tab, 'page'>): Promise<number> {
  const session = (await context.browser()?.newBrowserCDPSession()) as CDPSession;
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const sizes = () => Promise.all(renderers.map(residentBytes));
  const before = await sizes();
  const filled = await page.evaluateHandle((bytes) => new Uint8Array(bytes).fill(1), FILLED_BYTES);
  const after = await sizes();
  await filled.dispose();
  const grown = renderers.filter((_, at) => (after[at] ?? 0) - (before[at] ?? 0) > FILLED_BYTES / 2);
  expect(grown, 'one process has grown').toHaveLength(1);
  return grown[0] as number;
}

const FILLED_BYTES = 128 * 1024 * 1024;

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}
