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
  const transaction = (unwrap(db) as IDBDatabase).transaction(STORES, 'readwrite', { durability });
  const ended = endOf(transaction);
  try {
    const result = await work(transaction);
    transaction.commit();
    await ended;
    return result;
  } catch (error) {
    throw await abortReason(transaction, ended, error);
  }
}

/** Resolves when it is complete, rejects with the reason when it is aborted. To be asked for when the transaction begins. */
export function endOf(transaction: Transaction): Promise<void> {
  const ended = new Promise<void>((complete, aborted) => {
    transaction.addEventListener('complete', () => complete());
    transaction.addEventListener('abort', () =>
      aborted(transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError')),
    );
  });
  // Who has begun it looks at it when the work is done.
  ignoreRejection(ended);
  return ended;
}

/** The transaction's own reason says more (`QuotaExceededError`) than that of a request it took along. */
export async function abortReason(transaction: Transaction, ended: Promise<void>, error: unknown): Promise<unknown> {
  try {
    transaction.abort();
  } catch {
    // It had ended by itself.
  }
  const reason = await ended.then(
    () => error,
    (aborted: unknown) => aborted,
  );
  return (reason as { name?: unknown }).name === 'AbortError' ? error : reason;
}

/** @throws `STORE_FORMAT` when a newer Holdfast has taken the store over since it was opened. */
export async function readHead(transaction: Transaction): Promise<Head | undefined> {
  const head = await answer(tableOf(transaction, 'holdfast_meta').get('head'));
  if (head && head.format > FORMAT_VERSION) throw newerFormat(transaction.db.name);
  return head;
}

type TableName = (typeof STORES)[number];
type Key<N extends TableName> = HoldfastSchema[N]['key'];
type Value<N extends TableName> = HoldfastSchema[N]['value'];

/** What is asked of one table. Who writes waits for no answer: a failed request aborts its transaction, whose end says why. */
export interface Table<N extends TableName> extends Reads<N> {
  add(value: Value<N>): IDBRequest<Key<N>>;
  put(value: Value<N>, key?: Key<N>): void;
  delete(key: Key<N> | IDBKeyRange): void;
  index(name: HoldfastSchema[N] extends { indexes: infer I } ? keyof I : never): Reads<N>;
}

interface Reads<N extends TableName> {
  get(key: IDBValidKey): IDBRequest<Value<N> | undefined>;
  getAll(key: IDBValidKey): IDBRequest<Value<N>[]>;
  getAllKeys(key: IDBValidKey): IDBRequest<Key<N>[]>;
  count(key: IDBValidKey): IDBRequest<number>;
}

/** Without idb around it, whose proxies and promises of each answer cost more than the request. */
export function tableOf<N extends TableName>(transaction: Transaction, table: N): Table<N> {
  return transaction.objectStore(table) as unknown as Table<N>;
}

/** Of a request that fails, or that its transaction takes along, the error. */
export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A failed request aborts its transaction, and the end of that one says why. */
export function ignoreRejection(request: Promise<unknown>): void {
  request.catch(() => undefined);
}
