import { FORMAT_VERSION, type HistoryRow, type InboxRow, type StoredValue } from '@holdfast/core/store';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { LabelKey, LabelledRow, StoredAttached } from './row.js';

/** The one record of the store `meta`: what each commit and acceptance reads first, in its own transaction. */
export interface Head {
  /** Made when the database was: tells a database from one that was deleted and made anew. */
  readonly incarnation: string;
  readonly format: number;
  readonly epoch: number;
  /** Name of the host that was given this epoch, where it has one; it holds the lock of that name while it lives. */
  readonly host?: string;
  /** The last epoch that was released. */
  readonly released?: number;
}

/** Names are those of an app's database too, which has tables of its own; indexes are named as Dexie names them. */
export interface HoldfastSchema extends DBSchema {
  holdfast_meta: { key: 'head'; value: Head };
  holdfast_runs: {
    key: [workflow: string, run: string];
    value: LabelledRow;
    indexes: {
      '[status+workflow+run]': [status: string, workflow: string, run: string];
      /** Only of those that have such a key. */
      '[workflow+singletonKey]': [workflow: string, singletonKey: string];
      /** Only of those that have a deadline. */
      '[status+nextDeadlineAt]': [status: string, nextDeadlineAt: number];
      labelKeys: LabelKey;
    };
  };
  holdfast_values: { key: [workflow: string, run: string, id: string]; value: StoredValue };
  holdfast_attachments: { key: [workflow: string, run: string, id: string]; value: StoredAttached };
  holdfast_history: { key: [workflow: string, run: string, seq: number]; value: HistoryRow };
  /** `n` is the key generator's: it never goes back, even when all rows are gone. */
  holdfast_inbox: { key: number; value: InboxRow; indexes: { '[workflow+run]': [workflow: string, run: string] } };
}

export type Database = IDBPDatabase<HoldfastSchema>;
export const STORES = [
  'holdfast_meta',
  'holdfast_runs',
  'holdfast_values',
  'holdfast_attachments',
  'holdfast_history',
  'holdfast_inbox',
] as const;
/** Over all of them, and maybe tables of the app's, to be written to. `transaction.ts` knows how. */
export type Transaction = IDBTransaction;

/**
 * The layout of the database, which is seldom changed: the *records* have a version (`Head.format`), because raising this
 * one needs every other tab to close its connection first.
 */
export const LAYOUT = 2;

/** As an upgrade of a database does it. */
export function createTables(db: Pick<IDBDatabase, 'createObjectStore'>): void {
  db.createObjectStore('holdfast_meta');
  const runs = db.createObjectStore('holdfast_runs', { keyPath: ['workflow', 'run'] });
  runs.createIndex('[status+workflow+run]', ['status', 'workflow', 'run']);
  runs.createIndex('[workflow+singletonKey]', ['workflow', 'singletonKey']);
  createDeadlineIndex(runs);
  runs.createIndex('labelKeys', 'labelKeys', { multiEntry: true });
  db.createObjectStore('holdfast_values');
  db.createObjectStore('holdfast_attachments');
  db.createObjectStore('holdfast_history');
  const inbox = db.createObjectStore('holdfast_inbox', { keyPath: 'n', autoIncrement: true });
  inbox.createIndex('[workflow+run]', ['workflow', 'run']);
}

/** All that the second layout adds. */
export function createDeadlineIndex(runs: Pick<IDBObjectStore, 'createIndex'>): void {
  runs.createIndex('[status+nextDeadlineAt]', ['status', 'nextDeadlineAt']);
}

/** Of a database that no host has owned yet. */
export function firstHead(): Head {
  return { incarnation: crypto.randomUUID(), format: FORMAT_VERSION, epoch: 0 };
}
