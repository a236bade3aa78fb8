import type { Deed, VoyagePage } from '../../pages/voyage/main.js';
import type { EngineBrowser, EngineTab } from '../engines/engine.js';
import { until } from '../engines/engine.js';
import type { Voyage } from './voyage.js';

declare const app: VoyagePage;

/** An interruption that is prepared: it takes nothing but its own time. */
export type Blow = {
  /** Brings the voyage's page back where it is gone. */
  mend(): Promise<void>;
} & ({ readonly deed: Deed } | { strike(): Promise<void> });

/** A way to interrupt a voyage. */
export interface Kind {
  readonly name: string;
  /** Whether this engine lets itself be interrupted so. */
  possible(browser: EngineBrowser, tab: EngineTab): boolean;
  prepare(voyage: Voyage): Promise<Blow>;
}

const always = () => true;

const reload: Kind = {
  name: 'reload',
  possible: always,
  async prepare({ tab }) {
    const before = await tab.evaluate(() => app.document);
    const isNew = (before: string) => app.document !== before;
    return { deed: 'reload', mend: async () => void (await until(tab, 'the page is loaded anew', isNew, before)) };
  },
};

const reopen: Kind = {
  name: 'close and reopen',
  possible: always,
  prepare: async (voyage) => ({ strike: () => voyage.tab.close(), mend: () => voyage.open() }),
};

const leave: Kind = {
  name: 'navigate away and back',
  possible: (_, tab) => tab.back !== undefined,
  async prepare(voyage) {
    const { tab } = voyage;
    const before = await tab.evaluate(() => app.document);
    const mend = async () => {
      await until(tab, 'the page has been left', () => location.pathname === '/elsewhere.html');
      await tab.back?.();
      const document = await until(tab, 'the page is back', () => app.document);
      if (document === before) voyage.outOfCache++;
    };
    return { deed: 'leave', mend };
  },
};

const killWorker: Kind = {
  name: 'terminate the worker',
  possible: always,
  async prepare({ tab }) {
    const before = await tab.evaluate(() => app.workers.length);
    const isThere = (before: number) => app.workers.length > before;
    return { deed: 'killWorker', mend: async () => void (await until(tab, 'there is a new worker', isThere, before)) };
  },
};

const takeOver: Kind = {
  name: 'close the owner of two tabs',
  possible: always,
  async prepare(voyage) {
    const owner = voyage.tab;
    await until(owner, 'the tab is the owner', () => app.ownership() === 'owner');
    await voyage.open();
    await until(voyage.tab, 'the second tab stands by', () => app.ownership() === 'standby');
    return { strike: () => owner.close(), mend: async () => undefined };
  },
};

const cutNetwork: Kind = {
  name: 'go offline',
  possible: always,
  async prepare({ tab, ledger }) {
    return {
      async strike() {
        ledger.cut(true);
        await tab.offline?.(true);
      },
      async mend() {
        await tab.offline?.(false);
        ledger.cut(false);
      },
    };
  },
};

const crash: Kind = {
  name: "kill the page's process",
  possible: (_, tab) => tab.crash !== undefined,
  prepare: async (voyage) => ({ strike: async () => voyage.tab.crash?.(), mend: () => voyage.open() }),
};

const restart: Kind = {
  name: 'SIGKILL the browser',
  possible: (browser) => browser.restart !== undefined,
  prepare: async (voyage) => ({ strike: async () => voyage.browser.restart?.(), mend: () => voyage.open() }),
};

export const KINDS: readonly Kind[] = [reload, reopen, leave, killWorker, takeOver, cutNetwork, crash, restart];
