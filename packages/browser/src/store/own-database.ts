import { openDB } from 'idb';
import type { Source } from './connection.js';
import { createTables, firstHead, type HoldfastSchema, LAYOUT } from './schema.js';

/** A database for nothing but Holdfast's records. Its connection yields to whoever wants to change or delete it. */
export function ownDatabase(name: string): Source {
  return {
    name,
    begins: false,
    open: (lost) =>
      openDB<HoldfastSchema>(name, LAYOUT, {
        upgrade(db, _from, _to, transaction) {
          createTables(db as unknown as IDBDatabase);
          void transaction.objectStore('holdfast_meta').put(firstHead(), 'head');
        },
        blocking: (_present, _wanted, event) => (event.target as IDBDatabase).close(),
        terminated: lost,
      }),
    end: (db) => db.close(),
  };
}
