import { HoldfastError } from '@holdfast/core';
import type { Ownership } from '@holdfast/core/store';
import { fenced } from './commit.js';
import type { Connection } from './connection.js';
import type { Database } from './schema.js';
import { readHead, transact } from './transaction.js';

/**
 * How long one request for the lock may wait before it is made anew. A browser may leave a queued request ungranted
 * after a page with the lock went into its back/forward cache; a new one is granted at once.
 */
const REQUEST_MS = 2000;

/** Ownership, and what the store needs of it. */
export interface Held extends Ownership {
  /** The database that the epoch belongs to. */
  readonly incarnation: string;
  /** Tells the owner that the store has refused its epoch. */
  lose(present?: number): void;
}

/**
 * Waits for the Web Lock of the store, which decides who runs, then raises the epoch, which decides who may commit.
 * @throws `CLOSED` when `signal` is aborted first; store codes when the epoch can't be raised.
 */
export async function acquireOwnership(connection: Connection, signal: AbortSignal): Promise<Held> {
  const lock = await requestLock(`holdfast:${connection.name}`, signal);
  try {
    const { epoch, incarnation } = await connection.use(raiseEpoch);
    const lost = new AbortController();
    const lose = (present?: number) => lost.abort(fenced(epoch, present));
    lock.stolen.then(() => lose());
    return { epoch, incarnation, lost: lost.signal, lose, release: lock.release };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function raiseEpoch(db: Database): Promise<{ epoch: number; incarnation: string }> {
  return transact(db, 'strict', async (transaction) => {
    const head = await readHead(transaction);
    if (!head) throw new DOMException('The database has no head record.', 'NotFoundError');
    const raised = { ...head, epoch: head.epoch + 1 };
    await transaction.objectStore('meta').put(raised, 'head');
    return raised;
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
