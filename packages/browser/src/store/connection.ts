import { HoldfastError } from '@holdfast/core';
import { FORMAT_VERSION } from '@holdfast/core/store';
import { failureOf, isConnectionLost, newerFormat } from './failure.js';
import { keepsTransactions, OneByOne } from './one-by-one.js';
import type { Database } from './schema.js';

/** Where connections to a database come from. */
export interface Source {
  readonly name: string;
  /** Whether a database without a head record is one that nothing was stored in yet, and not a strange one. */
  readonly begins: boolean;
  /** @param lost is called when the connection has died. */
  open(lost: () => void): Promise<Database>;
  /** Nobody here uses that connection any more. */
  end(db: Database): void;
}

/**
 * Owns: the connection to one database. Never: knows what is stored.
 * 1. An open that does not answer in time is `STORE_BLOCKED`; when it answers later, it is ended.
 * 2. A connection yields to whoever wants to change or delete the database, and comes back at its next use.
 * 3. Work that met a dead connection is done once more on a new one, and only once.
 * 4. `close` waits for the work under way.
 * 5. Where the browser would keep transactions of an ended worker, no two are under way at once.
 */
export class Connection {
  readonly source: Source;
  readonly #openMs: number;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #turns = keepsTransactions(navigator) ? new OneByOne() : undefined;
  #database: Promise<Database> | undefined;
  #closed = false;

  constructor(source: Source, openMs: number) {
    this.source = source;
    this.#openMs = openMs;
  }

  get name(): string {
    return this.source.name;
  }

  /** Does `work`; what it rejects with becomes a HoldfastError. */
  use<T>(work: (db: Database) => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new HoldfastError('CLOSED', { message: `The store ${this.name} is closed.` }));
    }
    const attempt = () => this.#attempt(work);
    const done = (this.#turns?.add(attempt) ?? attempt()).catch((error: unknown) => {
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
    const database = withinMs(this.#open(), this.#openMs, this.source);
    this.#database = database;
    database.catch(() => this.#forget(database));
    return database;
  }

  #forget(database: Promise<Database>): void {
    if (this.#database === database) this.#database = undefined;
  }

  async #open(): Promise<Database> {
    const db = await this.source.open(() => {
      this.#database = undefined;
    });
    try {
      const transaction = db.transaction('holdfast_meta');
      const [head] = await Promise.all([transaction.store.get('head'), transaction.done]);
      if (head && head.format > FORMAT_VERSION) throw newerFormat(this.name);
      if (!head && !this.source.begins) throw foreign(this.name);
      return db;
    } catch (error) {
      this.source.end(db);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    const database = this.#database;
    this.#database = undefined;
    await database?.then(
      (db) => this.source.end(db),
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

async function withinMs(opening: Promise<Database>, openMs: number, source: Source): Promise<Database> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(blocked(source.name, openMs)), openMs);
  });
  try {
    return await Promise.race([opening, late]);
  } catch (error) {
    void opening.then(
      (db) => source.end(db),
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
