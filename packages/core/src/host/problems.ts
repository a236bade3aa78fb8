import type { RunAddress } from '../records/records.js';
import { runKey } from '../store/tables.js';
import type { Clock } from './ports.js';
import { isParking } from './seen.js';

/** The wait before the first retry, in ms; each further one is twice as long. */
export const FIRST_RETRY_MS = 1000;
export const LAST_RETRY_MS = 30_000;

interface Problem {
  readonly error: unknown;
  readonly waitMs: number;
  readonly cancel: () => void;
}

/**
 * Runs that can't go on here: parked ones wait for other code, the rest are tried again, less and less often.
 *
 * Owns: the problems, and the retries ahead. Never: the runs, whose records stay as their last commit left them.
 * 1. The wait grows until a commit has succeeded: only then is the problem to be forgotten.
 */
export class Problems {
  readonly #problems = new Map<string, Problem>();
  readonly #clock: Clock;
  readonly #retry: (address: RunAddress) => void;

  constructor(clock: Clock, retry: (address: RunAddress) => void) {
    this.#clock = clock;
    this.#retry = retry;
  }

  add(address: RunAddress, error: unknown): void {
    const key = runKey(address);
    const before = this.#problems.get(key);
    before?.cancel();
    const waitMs = before && !isParking(before.error) ? Math.min(before.waitMs * 2, LAST_RETRY_MS) : FIRST_RETRY_MS;
    const retry = () => this.#retry(address);
    const cancel = isParking(error) ? () => {} : this.#clock.at(this.#clock.now() + waitMs, retry);
    this.#problems.set(key, { error, waitMs, cancel });
  }

  errorOf(address: RunAddress): unknown {
    return this.#problems.get(runKey(address))?.error;
  }

  /** The run is being tried by another cause: the retry ahead is not needed. */
  tried(address: RunAddress): void {
    this.#problems.get(runKey(address))?.cancel();
  }

  forget(address: RunAddress): void {
    if (this.#problems.size === 0) return;
    this.tried(address);
    this.#problems.delete(runKey(address));
  }

  clear(): void {
    for (const { cancel } of this.#problems.values()) cancel();
    this.#problems.clear();
  }
}
