import { HoldfastError } from '@holdfast/core';
import { checkOption, FUNCTION, TEXT, withMethods } from '@holdfast/core/client';
import type { Durability } from '@holdfast/core/store';
import { type IDBPDatabase, type IDBPTransaction, type StoreNames, unwrap, wrap } from 'idb';
import type { AppStore } from '../store/app-store.js';
import type { Source } from '../store/connection.js';
import { OPEN_MS } from '../store/indexed-db-store.js';
import { createTables, type Database, STORES } from '../store/schema.js';
import { storeOver } from '../store/store-over.js';
import { endOf } from '../store/transaction.js';
import type { Begun } from '../store/write-locally.js';

// biome-ignore lint/suspicious/noExplicitAny: of whatever schema
type AnyDatabase = IDBDatabase | IDBPDatabase<any>;

/** What `step.transaction` writes to: the tables of the app's schema, and a transaction of the kind that its database is. */
export type IdbLocal<TDb extends AnyDatabase> =
  TDb extends IDBPDatabase<infer TSchema>
    ? {
        readonly tables: StoreNames<TSchema>;
        readonly transaction: IDBPTransaction<TSchema, StoreNames<TSchema>[], 'readwrite'>;
      }
    : { readonly tables: string; readonly transaction: IDBTransaction };

const DATABASE = withMethods('a database', 'createObjectStore');

/** Makes Holdfast's tables, in the upgrade of the app's database which brings them. They are the same in every version. */
export function createHoldfastTables(db: AnyDatabase): void {
  checkOption(db, DATABASE, 'db', 'createHoldfastTables');
  createTables(rawOf(db));
}

/**
 * Puts Holdfast's records into a database of the app's own, opened with idb or by hand, whose upgrade has called
 * {@link createHoldfastTables}; then `step.transaction` commits rows of the app's and the step's result in one transaction.
 *
 * @param name of the database.
 * @param open gives a connection for Holdfast alone: opened at its first use and whenever it is lost, it is closed with the
 *   store, and when another version of the app wants to upgrade.
 * @throws, at its first use, `OPTION_INVALID` when the database has another name, or lacks the tables.
 *
 * @example
 * export const store = idbStore('album', () =>
 *   openDB<Album>('album', 1, {
 *     upgrade(db) {
 *       createHoldfastTables(db);
 *       db.createObjectStore('photos', { keyPath: 'id' });
 *     },
 *   }),
 * );
 */
export function idbStore<TDb extends AnyDatabase>(name: string, open: () => PromiseLike<TDb>): AppStore<IdbLocal<TDb>> {
  checkOption(name, TEXT, 'name', 'idbStore');
  checkOption(open, FUNCTION, 'open', 'idbStore');
  let isRaw = false;
  const source: Source = {
    name,
    begins: true,
    async open(left) {
      const db = await open();
      const raw = rawOf(db);
      isRaw = raw === db;
      check(raw, name);
      raw.addEventListener('versionchange', () => {
        raw.close();
        left();
      });
      raw.addEventListener('close', left);
      return wrap(raw) as unknown as Database;
    },
    end: (db) => db.close(),
  };
  const begin = (db: Database, tables: readonly string[], durability: Durability): Begun => {
    const transaction = rawOf(db).transaction([...STORES, ...tables], 'readwrite', { durability });
    const given = isRaw ? transaction : wrap(transaction);
    return { transaction, ended: endOf(transaction), perform: async (work) => work(given) };
  };
  return { name, connect: (host = {}) => storeOver({ source, openMs: OPEN_MS, host, begin }) };
}

/** What idb has not wrapped it does not know. */
function rawOf(db: AnyDatabase): IDBDatabase {
  return (unwrap(db as IDBPDatabase) as unknown as IDBDatabase | undefined) ?? (db as IDBDatabase);
}

function check(db: IDBDatabase, name: string): void {
  const lacking = STORES.filter((store) => !db.objectStoreNames.contains(store));
  if (db.name === name && lacking.length === 0) return;
  db.close();
  throw new HoldfastError('OPTION_INVALID', {
    message:
      db.name === name
        ? `The database "${name}" lacks the tables ${lacking.join(', ')}.`
        : `idbStore is for the database "${name}", and was given "${db.name}".`,
    remedy: 'Call createHoldfastTables in its upgrade, and give idbStore the name that it is opened by.',
    details: { option: 'open', database: db.name },
  });
}
