import { type Durability, FORMAT_VERSION } from '@holdfast/core/store';
import { unwrap } from 'idb';
import { newerFormat } from './failure.js';
import { type Database, type Head, type HoldfastSchema, STORES, type Transaction } from './schema.js';

/** A transaction over all stores which is complete, or has changed nothing, when this settles. */
export async function transact<T>(
  db: Database,
  durability: Durability,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const transaction = db.transaction(STORES, 'readwrite', { durability });
  try {
    const result = await work(transaction);
    transaction.commit();
    await transaction.done;
    return result;
  } catch (error) {
    throw await abortReason(transaction, error);
  }
}

/** The transaction's own reason says more (`QuotaExceededError`) than that of a request it took along. */
export async function abortReason(transaction: Transaction, error: unknown): Promise<unknown> {
  try {
    transaction.abort();
  } catch {
    // It had ended by itself.
  }
  const reason = await transaction.done.then(
    () => error,
    (aborted: unknown) => aborted,
  );
  return (reason as { name?: unknown }).name === 'AbortError' ? error : reason;
}

/** @throws `STORE_FORMAT` when a newer Holdfast has taken the store over since it was opened. */
export async function readHead(transaction: Transaction): Promise<Head | undefined> {
  const head = await transaction.objectStore('holdfast_meta').get('head');
  if (head && head.format > FORMAT_VERSION) throw newerFormat(transaction.db.name);
  return head;
}

/** What is written to one table. Nobody waits for an answer: a failed request aborts its transaction, and that one's `done` says why. */
export interface Writes<N extends (typeof STORES)[number]> {
  put(value: HoldfastSchema[N]['value'], key?: HoldfastSchema[N]['key']): void;
  delete(key: HoldfastSchema[N]['key'] | IDBKeyRange): void;
}

/** Without idb around it, whose promise of each answer costs more than the request. */
export function writesTo<N extends (typeof STORES)[number]>(transaction: Transaction, table: N): Writes<N> {
  return (unwrap(transaction) as IDBTransaction).objectStore(table) as unknown as Writes<N>;
}

/** A failed request aborts its transaction, and that one's `done` says why. */
export function ignoreRejection(request: Promise<unknown>): void {
  request.catch(() => undefined);
}
