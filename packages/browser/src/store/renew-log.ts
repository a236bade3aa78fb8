import { deleteDB, openDB } from 'idb';

/**
 * Whether the browser keeps all databases of an origin in one log, which it may lose whole: Chromium, the one that tells of it.
 *
 * When a crash (of the browser or the machine) tears the last record of its LevelDB's log, the next session goes on behind
 * the torn one (https://github.com/google/leveldb/issues/1287). The session after that finds the log corrupt, and deletes
 * every database of the origin, however strictly it was written.
 */
export const mayLoseItsLog = 'dataLoss' in (globalThis.IDBVersionChangeEvent?.prototype ?? {});

/**
 * Makes the browser begin a new log and drop the one before, torn or not: it does when a database is deleted. A precaution:
 * where there is no room for it, or no answer, things are as they were.
 *
 * @param name of the store that it is done for; no two do it with the same database.
 */
export async function renewLog(name: string): Promise<void> {
  const made = `${name} (new log)`;
  try {
    const db = await openDB(made, 1, {
      upgrade: (db) => void db.createObjectStore('empty'),
      blocking: (_present, _wanted, event) => (event.target as IDBDatabase).close(),
    });
    db.close();
    await deleteDB(made);
  } catch {
    // As above.
  }
}
