import { checkOptions, type Kinds, MS, OBJECT, SIGNAL, TEXT } from '@holdfast/core/client';
import { DURABILITY } from './durability.js';
import type { HostSide } from './host-side.js';
import { ownDatabase } from './own-database.js';
import { type BrowserStore, storeOver } from './store-over.js';

/** How long opening may take, in ms. */
export const OPEN_MS = 10_000;

export interface IndexedDbStoreOptions extends HostSide {
  /** Name of the database, of its lock and of its channel: one per user, where a browser is shared. */
  readonly name: string;
  /** How long opening may take before it is `STORE_BLOCKED`; default 10,000 ms. */
  readonly openMs?: number;
}

const KINDS: Kinds<IndexedDbStoreOptions> = {
  name: TEXT,
  openMs: MS,
  hosts: OBJECT,
  standing: OBJECT,
  stealAfterMs: MS,
  durability: DURABILITY,
  ended: SIGNAL,
  following: OBJECT,
};

/**
 * Checkpoints in IndexedDB, for a worker or a page of a secure context. Nothing is opened before its first use.
 *
 * Besides the codes of the port: `STORE_BLOCKED` (another tab keeps the database from opening), `STORE_FULL` (quota),
 * `STORE_LOST` (the database was deleted under an acceptance), `STORE_FORMAT` (written by newer code), `STORE_FAILED`.
 */
export function createIndexedDbStore(options: IndexedDbStoreOptions): BrowserStore {
  checkOptions(options, 'createIndexedDbStore', KINDS, 'name');
  const { name, openMs = OPEN_MS, ...host } = options;
  return storeOver({ source: ownDatabase(name), openMs, host });
}
