import { HoldfastError } from '@holdfast/core';
import type { Ownership } from '@holdfast/core/store';
import { fenced } from './commit.js';
import type { Connection } from './connection.js';
import { type Database, firstHead, type Head } from './schema.js';
import { readHead, transact } from './transaction.js';

/**
 * How long one request for the lock may wait before it is made anew. A browser may leave a queued request ungranted
 * after a page with the lock went into its back/forward cache; a new one is granted at once.
 */
const REQUEST_MS = 2000;

/**
 * What a store knows of hosts. A page ends its worker when it unloads, and then nothing can be written to the database
 * any more: whether an end without a word was a crash, only pages can tell.
 */
export interface HostRegister {
  /** Name of this host: no other has ever had it. */
  readonly self: string;
  /** Whether the host of that name was ended on purpose. Asked at take-over: earlier it may not have been known. */
  wasEnded(host: string): Promise<boolean>;
}

/** Ownership, and what the store needs of it. */
export interface Held extends Ownership {
  /** The database that the epoch belongs to. */
  readonly incarnation: string;
  /** Tells the owner that the store has refused its epoch. */
  lose(present?: number): void;
  /** Frees the lock, and nothing else. */
  giveBack(): Promise<void>;
}

/**
 * Waits for the Web Lock of the store, which decides who runs, then raises the epoch, which decides who may commit.
 * @throws `CLOSED` when `signal` is aborted first; store codes when the epoch can't be raised.
 */
export async function acquireOwnership(
  connection: Connection,
  signal: AbortSignal,
  hosts?: HostRegister,
): Promise<Held> {
  const lock = await requestLock(`holdfast:${connection.name}`, signal);
  try {
    const { before, raised } = await connection.use((db) => raiseEpoch(db, connection.source.begins, hosts?.self));
    const { epoch, incarnation } = raised;
    const afterCrash = await hasCrashed(before, hosts);
    const lost = new AbortController();
    const lose = (present?: number) => lost.abort(fenced(epoch, present));
    lock.stolen.then(() => lose());
    const release = async () => {
      try {
        await connection.use((db) => noteRelease(db, raised));
      } finally {
        await lock.release();
      }
    };
    return { epoch, afterCrash, incarnation, lost: lost.signal, lose, release, giveBack: lock.release };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function raiseEpoch(db: Database, begins: boolean, host: string | undefined): Promise<{ before: Head; raised: Head }> {
  return transact(db, 'strict', async (transaction) => {
    const before = (await readHead(transaction)) ?? (begins ? firstHead() : undefined);
    if (!before) throw new DOMException('The database has no head record.', 'NotFoundError');
    const { incarnation, format, epoch } = before;
    const raised = { incarnation, format, epoch: epoch + 1, ...(host !== undefined && { host }) };
    await transaction.objectStore('holdfast_meta').put(raised, 'head');
    return { before, raised };
  });
}

async function hasCrashed({ epoch, released, host }: Head, hosts: HostRegister | undefined): Promise<boolean> {
  if (epoch === 0 || released === epoch) return false;
  return host === undefined || !(await hosts?.wasEnded(host));
}

/** Need not survive power loss: without it, that loss counts as the crash. */
function noteRelease(db: Database, { epoch, incarnation }: Head): Promise<void> {
  return transact(db, 'relaxed', async (transaction) => {
    const head = await readHead(transaction);
    if (head?.epoch !== epoch || head.incarnation !== incarnation) return;
    await transaction.objectStore('holdfast_meta').put({ ...head, released: epoch }, 'head');
  });
}

interface Lock {
  /** Resolves when the lock was taken away; never when it was released. */
  readonly stolen: Promise<void>;
  release(): Promise<void>;
}

async function requestLock(name: string, signal: AbortSignal): Promise<Lock> {
  for (;;) {
    if (signal.aborted) throw new HoldfastError('CLOSED', { message: `The wait for the lock "${name}" was ended.` });
    const lock = await requestOnce(name, signal);
    if (lock) return lock;
  }
}

/** The lock, or nothing when it was not granted in time. Never `ifAvailable`: another can take it after the answer. */
function requestOnce(name: string, signal: AbortSignal): Promise<Lock | undefined> {
  const ended = new AbortController();
  const end = () => ended.abort();
  const timer = setTimeout(end, REQUEST_MS);
  signal.addEventListener('abort', end, { once: true });
  return new Promise<Lock | undefined>((resolve, reject) => {
    let released = false;
    let free = () => {};
    const granted = () =>
      new Promise<void>((done) => {
        free = done;
        resolve({ stolen, release });
      });
    const request = navigator.locks.request(name, { signal: ended.signal }, granted);
    const release = async () => {
      released = true;
      free();
      await Promise.allSettled([request]);
    };
    const stolen = new Promise<void>((tell) => {
      request.catch((error: unknown) => {
        if (!released) tell();
        // Counts only while the lock was not granted.
        if (ended.signal.aborted) resolve(undefined);
        else reject(error);
      });
    });
  }).finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  });
}
