import { HoldfastError } from '@holdfast/core';
import type { Claimant } from '../claims/claimant.js';
import type { Rivals } from '../claims/rivals.js';

/**
 * How long one request for the lock may wait before it is made anew. A browser may leave a queued request ungranted
 * after a page with the lock went into its back/forward cache; a new one is granted at once.
 */
export const ROUND_MS = 2000;

export interface Lock {
  /** Resolves when the lock was taken away; never when it was released. */
  readonly stolen: Promise<void>;
  release(): Promise<void>;
}

/**
 * Waits for the lock, in rounds. From an owner that has answered no claim for long enough it is taken away.
 * @throws `CLOSED` when `signal` is aborted first.
 */
export async function requestLock(name: string, signal: AbortSignal, rivals: Rivals): Promise<Lock> {
  const claimant = rivals.claim();
  try {
    for (;;) {
      if (signal.aborted) throw new HoldfastError('CLOSED', { message: `The wait for the lock "${name}" was ended.` });
      const steal = claimant.silentMs >= rivals.stealAfterMs;
      if (steal) rivals.steals();
      const lock = steal ? await requestOnce(name, { steal }) : await waitOnce(name, signal, claimant);
      if (lock) return lock;
    }
  } finally {
    claimant.end();
  }
}

/** One round. */
async function waitOnce(name: string, signal: AbortSignal, claimant: Claimant): Promise<Lock | undefined> {
  const stepBack = claimant.claim();
  const over = AbortSignal.timeout(ROUND_MS);
  const lock = await requestOnce(name, { signal: AbortSignal.any([signal, stepBack, over]) });
  if (!lock && over.aborted) claimant.waited(ROUND_MS);
  return lock;
}

/**
 * The lock, or nothing when `signal` was aborted before it was granted. Never `ifAvailable`: another can take it after
 * the answer.
 */
function requestOnce(name: string, options: { signal: AbortSignal } | { steal: boolean }): Promise<Lock | undefined> {
  return new Promise<Lock | undefined>((resolve, reject) => {
    let released = false;
    let free = () => {};
    const granted = () =>
      new Promise<void>((done) => {
        free = done;
        resolve({ stolen, release });
      });
    const request = navigator.locks.request(name, options, granted);
    const release = async () => {
      released = true;
      free();
      await Promise.allSettled([request]);
    };
    const stolen = new Promise<void>((tell) => {
      request.catch((error: unknown) => {
        if (!released) tell();
        // Counts only while the lock was not granted.
        if ('signal' in options && options.signal.aborted) resolve(undefined);
        else reject(error);
      });
    });
  });
}
