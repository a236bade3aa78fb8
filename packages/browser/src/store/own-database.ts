import { openDB, unwrap } from 'idb';
import type { Source } from './connection.js';
import { createDeadlineIndex, createTables, firstHead, type HoldfastSchema, LAYOUT } from './schema.js';
import { ignoreRejection } from './transaction.js';

/** A database for nothing but Holdfast's records. Its connection yields to whoever wants to change or delete it. */
export function ownDatabase(name: string): Source {
  return {
    name,
    begins: false,
    open(left) {
      let upgrade: Promise<unknown> = Promise.resolve();
      const opening = openDB<HoldfastSchema>(name, LAYOUT, {
        upgrade(db, from, _to, transaction) {
          upgrade = transaction.done;
          if (from === 1)
            return createDeadlineIndex(unwrap(transaction.objectStore('holdfast_runs')) as IDBObjectStore);
          createTables(db as unknown as IDBDatabase);
          ignoreRejection(transaction.objectStore('holdfast_meta').put(firstHead(), 'head'));
        },
        blocking(_present, _wanted, event) {
          (event.target as IDBDatabase).close();
          left();
        },
        terminated: left,
      });
      return opening.catch(async (error: unknown) => {
        // The request says only that its upgrade was aborted; the upgrade's transaction, why: there may be no room.
        await upgrade;
        throw error;
      });
    },
    end: (db) => db.close(),
  };
}
