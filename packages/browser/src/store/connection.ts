import { HoldfastError } from '@holdfast/core';
import { FORMAT_VERSION } from '@holdfast/core/store';
import type { IDBPObjectStore } from 'idb';
import { failureOf, isConnectionLost, newerFormat } from './failure.js';
import { keepsTransactions, OneByOne } from './one-by-one.js';
import { type Database, firstHead, type Head, type HoldfastSchema } from './schema.js';

/** Between two looks at a database that was closed from outside and can't be opened, in ms: at first, and at most. */
const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 30_000;

/** Where connections to a database come from. */
export interface Source {
  readonly name: string;
  /** Whether a database without a head record is one that nothing was stored in yet, and not a strange one. */
  readonly begins: boolean;
  /** @param left is called when the connection has died, or has yielded to whoever changes or deletes the database. */
  open(left: () => void): Promise<Database>;
  /** Nobody here uses that connection any more. */
  end(db: Database): void;
}

/** Told of what becomes of a database. */
export interface Following {
  /** It was opened; an incarnation that is another than before says that all that was in it is gone. */
  opened(incarnation: string): void;
  /** It could not be opened, or newer code has changed it. */
  failed(error: HoldfastError): void;
}

/**
 * Owns: the connection to one database. Never: knows what is stored.
 * 1. An open that does not answer in time is `STORE_BLOCKED`; when it answers later, it is ended.
 * 2. A connection yields to whoever wants to change or delete the database, and comes back at its next use.
 * 3. Work that met a dead connection is done once more on a new one, and only once.
 * 4. `close` waits for the work under way.
 * 5. A connection that was there and is not any more is made anew at once: a database that was deleted is noticed by who is idle.
 * 6. Where the browser would keep transactions of an ended worker, no two are under way at once.
 */
export class Connection {
  readonly source: Source;
  readonly #openMs: number;
  readonly #following: Following;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #turns = keepsTransactions(globalThis.navigator) ? new OneByOne() : undefined;
  #database: Promise<Database> | undefined;
  #incarnation: string | undefined;
  #nextLook: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(source: Source, openMs: number, following: Following) {
    this.source = source;
    this.#openMs = openMs;
    this.#following = following;
  }

  get name(): string {
    return this.source.name;
  }

  /** Of the database as it was opened last. */
  get incarnation(): string | undefined {
    return this.#incarnation;
  }

  /** Does `work`; what it rejects with becomes a HoldfastError. */
  use<T>(work: (db: Database) => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new HoldfastError('CLOSED', { message: `The store ${this.name} is closed.` }));
    }
    const attempt = () => this.#attempt(work);
    const done = (this.#turns?.add(attempt) ?? attempt()).catch((error: unknown) => {
      const failure = failureOf(error, this.name);
      if (failure.code === 'STORE_FORMAT') this.#following.failed(failure);
      throw failure;
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
    const opening = this.#open(() => this.#left(database));
    const database: Promise<Database> = withinMs(opening, this.#openMs, this.source);
    this.#database = database;
    database.catch((error: unknown) => {
      this.#forget(database);
      this.#following.failed(failureOf(error, this.name));
    });
    return database;
  }

  #forget(database: Promise<Database>): void {
    if (this.#database === database) this.#database = undefined;
  }

  #left(database: Promise<Database>): void {
    if (this.#closed || this.#database !== database) return;
    this.#forget(database);
    this.#look();
  }

  /** Opens it anew where it was open before, again and again: what closed it may not be over yet. */
  #look(waitMs = FIRST_LOOK_MS): void {
    if (this.#closed || this.#incarnation === undefined) return;
    this.#opened().catch((error: unknown) => {
      if (failureOf(error, this.name).code === 'STORE_FORMAT') return;
      this.#nextLook = setTimeout(() => this.#look(Math.min(waitMs * 2, LAST_LOOK_MS)), waitMs);
    });
  }

  async #open(left: () => void): Promise<Database> {
    const db = await this.source.open(left);
    try {
      const reading = db.transaction('holdfast_meta');
      const [stored] = await Promise.all([reading.store.get('head'), reading.done]);
      const head = stored ?? (await this.#begin(db));
      if (head.format > FORMAT_VERSION) throw newerFormat(this.name);
      this.#incarnation = head.incarnation;
      this.#following.opened(head.incarnation);
      return db;
    } catch (error) {
      this.source.end(db);
      throw error;
    }
  }

  /** The head of a database of the app's that nothing was stored in yet. Another tab may be as early. */
  async #begin(db: Database): Promise<Head> {
    if (!this.source.begins) throw foreign(this.name);
    // As durable as what pages note of it elsewhere: they would take it for lost.
    const transaction = db.transaction('holdfast_meta', 'readwrite', { durability: 'strict' });
    const [head] = await Promise.all([beginIn(transaction.store), transaction.done]);
    return head;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#nextLook);
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

async function beginIn(
  meta: IDBPObjectStore<HoldfastSchema, ['holdfast_meta'], 'holdfast_meta', 'readwrite'>,
): Promise<Head> {
  const present = await meta.get('head');
  if (present) return present;
  const head = firstHead();
  await meta.put(head, 'head');
  return head;
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
