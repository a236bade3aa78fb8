import { HoldfastError } from '@holdfast/core';
import { checkOption, withMethods } from '@holdfast/core/client';
import type { Durability } from '@holdfast/core/store';
import { type DBCore, Dexie, type Transaction as DexieTransaction, type Table } from 'dexie';
import { wrap } from 'idb';
import type { AppStore } from '../store/app-store.js';
import type { Source } from '../store/connection.js';
import { OPEN_MS } from '../store/indexed-db-store.js';
import { type Database, STORES } from '../store/schema.js';
import { storeOver } from '../store/store-over.js';
import { endOf } from '../store/transaction.js';
import type { Begun } from '../store/write-locally.js';

/** Names of the tables that a Dexie database declares. */
type TablesOf<TDb> = {
  // biome-ignore lint/suspicious/noExplicitAny: whatever its rows and keys are
  [K in keyof TDb]-?: TDb[K] extends Table<any, any, any> ? K : never;
}[keyof TDb] &
  string;

/** What `step.transaction` writes to in a Dexie database: its tables, and Dexie's transaction, which has them too. */
export interface DexieLocal<TDb> {
  readonly tables: string extends keyof TDb ? string : TablesOf<TDb>;
  readonly transaction: DexieTransaction & Pick<TDb, TablesOf<TDb>>;
}

/**
 * Puts Holdfast's records into the app's own Dexie database, whose `stores` have {@link holdfastTables}; then
 * `step.transaction` commits rows of the app's and the step's result in one transaction. Dexie opens, upgrades and closes it
 * as ever; nothing is opened before its first use.
 *
 * @throws `OPTION_INVALID` when the database lacks the tables, or is open already: its transactions are to be as durable as the host's.
 *
 * @example
 * const db = new Dexie('album') as Dexie & { photos: EntityTable<Photo, 'id'> };
 * db.version(1).stores({ ...holdfastTables, photos: 'id' });
 * export const store = dexieStore(db);
 * export const host = serveHoldfast({ workflows, store });
 */
export function dexieStore<TDb extends Dexie>(db: TDb): AppStore<DexieLocal<TDb>> {
  checkOption(db, withMethods('a Dexie database', 'open', 'transaction', 'use'), 'db', 'dexieStore');
  const names = new Set(db.tables.map(({ name }) => name));
  const lacking = STORES.filter((name) => !names.has(name));
  if (lacking.length > 0) {
    throw badDatabase(db.name, `lacks the tables ${lacking.join(', ')}`, 'Spread holdfastTables into its stores().');
  }
  if (db.isOpen()) throw badDatabase(db.name, 'is open already', 'Call dexieStore before it is opened.');
  let level: Durability = 'strict';
  db.use({ stack: 'dbcore', name: 'holdfast', create: (core) => atLevel(core, () => level) });
  const source = sourceOf(db);
  const begin = (_: Database, tables: readonly string[], durability: Durability) => {
    level = durability;
    return beginIn(db, tables);
  };
  return { name: db.name, connect: (host = {}) => storeOver({ source, openMs: OPEN_MS, host, begin }) };
}

/** Dexie has one durability for all transactions of a database: those of Holdfast's tables have that of their host. */
function atLevel(core: DBCore, level: () => Durability): Partial<DBCore> {
  return {
    ...core,
    transaction(stores, mode, options) {
      const ours = mode === 'readwrite' && stores.includes('holdfast_meta');
      return core.transaction(stores, mode, ours ? { ...options, durability: level() } : options);
    },
  };
}

/** It is Dexie's to close: the next use opens it again. */
function sourceOf(db: Dexie): Source {
  return {
    name: db.name,
    begins: true,
    async open(left) {
      await db.open();
      const raw = db.backendDB();
      raw.addEventListener('close', left, { once: true });
      // Dexie closes it, in its own listener, which was there before.
      raw.addEventListener('versionchange', left, { once: true });
      return wrap(raw) as unknown as Database;
    },
    end: () => {},
  };
}

/**
 * Dexie knows its transaction by the zone that a function was called in. So the app's function is called in a
 * sub-transaction, which begins when it is told to, and all else is done outside of Dexie, to the same transaction.
 */
function beginIn(db: Dexie, tables: readonly string[]): Promise<Begun> {
  return new Promise((resolve, reject) => {
    const whole = db.transaction('rw', [...STORES, ...tables], ({ idbtrans }) => {
      let start: (work: (open: unknown) => PromiseLike<unknown>) => void = () => {};
      const started = new Dexie.Promise<(open: unknown) => PromiseLike<unknown>>((told) => {
        start = told;
      });
      // Only for an async function does Dexie follow what is awaited in it.
      const performed = started.then((work) => db.transaction('rw', tables, async (open) => work(open)));
      resolve({
        transaction: idbtrans,
        ended: endOf(idbtrans),
        perform: async (work) => {
          start(work);
          return performed;
        },
      });
      return new Dexie.Promise<void>((ended) => {
        for (const end of ['complete', 'abort']) idbtrans.addEventListener(end, () => ended());
      });
    });
    // Once it has begun, how it ends is seen by the transaction itself.
    whole.catch(reject);
  });
}

function badDatabase(database: string, what: string, remedy: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `The Dexie database "${database}" ${what}.`,
    remedy,
    details: { option: 'db', database },
  });
}
