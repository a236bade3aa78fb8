import { FORMAT_VERSION, type HistoryRow, type InboxRow, type StoredValue } from '@holdfast/core/store';
import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from 'idb';
import type { LabelKey, LabelledRow, StoredBlob } from './row.js';

/** The one record of the store `meta`: what each commit and acceptance reads first, in its own transaction. */
export interface Head {
  /** Made when the database was: tells a database from one that was deleted and made anew. */
  readonly incarnation: string;
  readonly format: number;
  readonly epoch: number;
  /** Name of the host that was given this epoch, where it has one. */
  readonly host?: string;
  /** The last epoch that was released. */
  readonly released?: number;
}

export interface HoldfastSchema extends DBSchema {
  meta: { key: 'head'; value: Head };
  runs: {
    key: [workflow: string, run: string];
    value: LabelledRow;
    /** `singleton` holds only those that have a key. */
    indexes: {
      status: [status: string, workflow: string, run: string];
      singleton: [workflow: string, singletonKey: string];
      label: LabelKey;
    };
  };
  values: { key: [workflow: string, run: string, id: string]; value: StoredValue };
  attachments: { key: [workflow: string, run: string, id: string]; value: StoredBlob };
  history: { key: [workflow: string, run: string, seq: number]; value: HistoryRow };
  /** `n` is the key generator's: it never goes back, even when all rows are gone. */
  inbox: { key: number; value: InboxRow; indexes: { run: [workflow: string, run: string] } };
}

export type Database = IDBPDatabase<HoldfastSchema>;
export const STORES = ['meta', 'runs', 'values', 'attachments', 'history', 'inbox'] as const;
export type Transaction = IDBPTransaction<HoldfastSchema, typeof STORES, 'readwrite'>;
type Layout = IDBPTransaction<HoldfastSchema, StoreNames<HoldfastSchema>[], 'versionchange'>;

/**
 * The layout of the database, which stays: the *records* have a version (`Head.format`), because raising this one
 * needs every other tab to close its connection first.
 */
export const LAYOUT = 1;

export function createLayout(db: Database, transaction: Layout): void {
  db.createObjectStore('meta');
  const runs = db.createObjectStore('runs', { keyPath: ['workflow', 'run'] });
  runs.createIndex('status', ['status', 'workflow', 'run']);
  runs.createIndex('singleton', ['workflow', 'singletonKey']);
  runs.createIndex('label', 'labelKeys', { multiEntry: true });
  db.createObjectStore('values');
  db.createObjectStore('attachments');
  db.createObjectStore('history');
  db.createObjectStore('inbox', { keyPath: 'n', autoIncrement: true }).createIndex('run', ['workflow', 'run']);
  const head: Head = { incarnation: crypto.randomUUID(), format: FORMAT_VERSION, epoch: 0 };
  void transaction.objectStore('meta').put(head, 'head');
}
