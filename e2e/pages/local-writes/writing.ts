import { defineWorkflow, fromSteps, type LocalDatabase } from '@holdfast/core';
import type { Orders, Point } from './album.js';

/** How an app writes to its database, by whichever library. */
export interface Library<TTransaction> {
  put(open: TTransaction, n: number): PromiseLike<unknown>;
  count(open: TTransaction): PromiseLike<number>;
  /** Puts a row whose key is taken. */
  clash(open: TTransaction): PromiseLike<unknown>;
  raw(open: TTransaction): IDBTransaction;
}

export const orders = JSON.parse(self.name) as Orders;

/** Ends this worker here, where it was told to. Nothing that comes later in it happens. */
function dieAt(at: Point, n: number): boolean {
  const { die } = orders;
  if (die?.at !== at || die.n !== n) return false;
  self.close();
  return true;
}

const endless = () => new Promise<never>(() => {});

/** The commit that ends that write is asked for, and not answered. */
function dieAtCommit(open: IDBTransaction, n: number): void {
  const { commit } = IDBTransaction.prototype;
  IDBTransaction.prototype.commit = function () {
    commit.call(this);
    if (this === open) dieAt('commit', n);
  };
}

/** Writes so many rows, one after the other; and does what an app had better not do. */
export function writing<TTransaction>(library: Library<TTransaction>) {
  const types = {} as {
    store: { readonly local?: LocalDatabase & { tables: 'rows'; transaction: TTransaction } };
  };
  const write = defineWorkflow({
    id: 'write',
    version: 1,
    logic: fromSteps({ types: { ...types } as typeof types & { input: { rows: number } } }, async ({ input, step }) => {
      const counts: number[] = [];
      for (let n = 1; n <= input.rows; n++) {
        if (dieAt('before', n)) await endless();
        const count = await step.transaction(`write ${n}`, ['rows'], async (open) => {
          if (dieAt('within', n)) await endless();
          await library.put(open, n);
          if (dieAt('put', n)) await endless();
          dieAtCommit(library.raw(open), n);
          const count = await library.count(open);
          dieAt('returned', n);
          return count;
        });
        if (dieAt('after', n)) await endless();
        counts.push(count);
      }
      return counts;
    }),
  });

  const acts = {
    async fetch(open: TTransaction) {
      await library.put(open, 1);
      await fetch('/');
      return library.put(open, 2);
    },
    async message(open: TTransaction) {
      await library.put(open, 1);
      const { port1, port2 } = new MessageChannel();
      await new Promise((resolve) => {
        port1.onmessage = resolve;
        port2.postMessage('');
      });
      return library.put(open, 2);
    },
    async timeout(open: TTransaction) {
      await library.put(open, 1);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    },
    async 'nothing at all'() {
      await endless();
    },
    async commit(open: TTransaction) {
      await library.put(open, 1);
      library.raw(open).commit();
    },
    async abort(open: TTransaction) {
      await library.put(open, 1);
      library.raw(open).abort();
    },
    async clash(open: TTransaction) {
      await library.put(open, 1);
      await library.clash(open);
    },
    async promises(open: TTransaction) {
      await null;
      await Promise.all([1, 2, 3].map((n) => library.put(open, n)));
      for (let turn = 0; turn < 200; turn++) await Promise.resolve();
      const nested = async () => {
        await null;
        return library.count(open);
      };
      return nested();
    },
    async 'many rows'(open: TTransaction) {
      for (let n = 0; n < 2000; n++) await library.put(open, n);
      return library.count(open);
    },
  };

  const act = defineWorkflow({
    id: 'act',
    version: 1,
    logic: fromSteps({ types: { ...types } as typeof types & { input: keyof typeof acts } }, ({ input, step }) =>
      step.transaction<unknown>('act', ['rows'], (open) => acts[input](open)),
    ),
  });
  return [write, act] as const;
}
