import { HoldfastError } from '@holdfast/core';
import { FORMAT_VERSION } from '@holdfast/core/store';
import { openDB } from 'idb';
import { failureOf, isConnectionLost, newerFormat } from './failure.js';
import { createLayout, type Database, type HoldfastSchema, LAYOUT } from './schema.js';

/**
 * Owns: the connection to one database. Never: knows what is stored.
 * 1. An open that does not answer in time is `STORE_BLOCKED`; when it answers later, it is closed.
 * 2. A connection yields to whoever wants to change or delete the database, and comes back at its next use.
 * 3. Work that met a dead connection is done once more on a new one, and only once.
 * 4. `close` waits for the work under way.
 */
export class Connection {
  readonly name: string;
  readonly #openMs: number;
  readonly #underWay = new Set<Promise<unknown>>();
  #database: Promise<Database> | undefined;
  #closed = false;

  constructor(name: string, openMs: number) {
    this.name = name;
    this.#openMs = openMs;
  }

  /** Does `work`; what it rejects with becomes a HoldfastError. */
  use<T>(work: (db: Database) => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new HoldfastError('CLOSED', { message: `The store ${this.name} is closed.` }));
    }
    const done = this.#attempt(work).catch((error: unknown) => {
      throw failureOf(error, this.name);
    });
    const forget = () => this.#underWay.delete(done);
    this.#underWay.add(done);
    done.then(forget, forget);
    return done;
  }

  async #attempt<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const database = this.#opened();
    try {
      return await work(await database);
    } catch (error) {
      const lost = isConnectionLost(error) || (this.#database !== database && isAborted(error));
      if (!lost) throw error;
      this.#forget(database);
      return work(await this.#opened());
    }
  }

  #opened(): Promise<Database> {
    if (this.#database) return this.#database;
    const database = withinMs(this.#open(), this.#openMs, this.name);
    this.#database = database;
    database.catch(() => this.#forget(database));
    return database;
  }

  #forget(database: Promise<Database>): void {
    if (this.#database === database) this.#database = undefined;
  }

  async #open(): Promise<Database> {
    const db = await openDB<HoldfastSchema>(this.name, LAYOUT, {
      upgrade: (db, _from, _to, transaction) => createLayout(db, transaction),
      blocking: (_present, _wanted, event) => (event.target as IDBDatabase).close(),
      terminated: () => {
        this.#database = undefined;
      },
    });
    const head = await db.get('meta', 'head');
    if (head && head.format <= FORMAT_VERSION) return db;
    db.close();
    throw head ? newerFormat(this.name) : foreign(this.name);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    const database = this.#database;
    this.#database = undefined;
    await database?.then(
      (db) => db.close(),
      () => {
        // It never opened, and whoever used it was told.
      },
    );
  }
}

/** What a transaction rejects with when its connection was closed under it. */
function isAborted(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'AbortError';
}

async function withinMs(opening: Promise<Database>, openMs: number, name: string): Promise<Database> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(blocked(name, openMs)), openMs);
  });
  try {
    return await Promise.race([opening, late]);
  } catch (error) {
    void opening.then(
      (db) => db.close(),
      () => {
        // The race was lost to this very error, or to the clock, which was told.
      },
    );
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function blocked(database: string, openMs: number): HoldfastError {
  return new HoldfastError('STORE_BLOCKED', {
    message: `The database "${database}" did not open within ${openMs} ms.`,
    remedy: 'Close or reload the other tabs of this app: one of them keeps the database from changing.',
    details: { database, openMs },
    retryable: true,
  });
}

function foreign(database: string): HoldfastError {
  return new HoldfastError('STORE_DAMAGED', {
    message: `The database "${database}" has no head record: something else made or emptied it.`,
    remedy: 'Give the store another name.',
    details: { database },
  });
}
