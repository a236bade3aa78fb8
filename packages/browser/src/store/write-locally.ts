import { assertFollows, type Checkpoint, type Claim, tableUnknown, transactionAborted } from '@holdfast/core/store';
import { assertEpoch, readBefore, write } from './commit.js';
import { isFull } from './failure.js';
import { type Database, STORES, type Transaction } from './schema.js';
import { abortReason } from './transaction.js';
import { untilIdle } from './until-idle.js';

/** A transaction over Holdfast's tables and some of the app's, as the app's library makes it. */
export interface Begun {
  readonly transaction: Transaction;
  /** As {@link endOf} tells it. */
  readonly ended: Promise<void>;
  /** Calls `work` with what that library hands to such a function. */
  perform(work: (open: unknown) => PromiseLike<unknown>): Promise<unknown>;
}

/** How a local write ended, once it is known whether it is stored: it is where there is nothing. */
export interface Ended {
  /** The app's own. */
  readonly fault?: { readonly error: unknown };
  /** Of the store: it must not be tried again here, as the function may have run. */
  readonly trouble?: { readonly error: unknown };
}

interface Parts {
  perform(open: unknown): PromiseLike<unknown>;
  conclude(result: unknown): Checkpoint;
}

/**
 * The app's rows and a checkpoint, in one transaction: the epoch and the seq are looked at first, in it, and as it
 * may write to their table nobody else can until it has ended.
 * @throws what the fence refuses, and what goes wrong before `perform` is called.
 */
export async function writeLocally(
  begun: Begun,
  { tables, ...claim }: Claim,
  incarnation: string | undefined,
  { perform, conclude }: Parts,
): Promise<Ended> {
  const { transaction, ended } = begun;
  let stage: 'fence' | 'perform' | 'store' = 'fence';
  try {
    const { head, seqs } = await readBefore(transaction, [claim]);
    assertEpoch(claim.epoch, head, incarnation);
    assertFollows(claim, [...seqs.values()][0]);
    stage = 'perform';
    const result = await untilIdle(transaction, tables, () =>
      guarded(transaction, tables, () => begun.perform(perform)),
    );
    const checkpoint = conclude(result);
    stage = 'store';
    write(transaction, checkpoint, [], (blob) => blob);
    transaction.commit();
    await ended;
    return {};
  } catch (error) {
    const reason = await abortReason(transaction, ended, error);
    if (stage === 'fence') throw reason;
    if (stage === 'store' || isFull(reason)) return { trouble: { error: reason } };
    return { fault: { error } };
  }
}

/** It is not the app's to commit: what it has written by then would be stored alone. */
async function guarded<T>(raw: IDBTransaction, tables: readonly string[], work: () => Promise<T>): Promise<T> {
  const commit = () => {
    throw transactionAborted(tables, new TypeError('commit() was called, which is for step.transaction to do.'));
  };
  Object.defineProperty(raw, 'commit', { value: commit, configurable: true });
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(raw, 'commit');
  }
}

/** @throws `TRANSACTION_TABLE_UNKNOWN`. */
export function assertTables(db: Database, tables: readonly string[]): void {
  const ours: readonly string[] = STORES;
  const wrong = tables.find((name) => ours.includes(name) || !(db.objectStoreNames as DOMStringList).contains(name));
  if (wrong !== undefined) throw tableUnknown(db.name, wrong);
}
