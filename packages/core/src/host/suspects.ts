import type { RunAddress, RunRow } from '../records/records.js';
import { runKey } from '../store/tables.js';
import type { Clock } from './ports.js';

/** The first probation of a run, in ms; each one that it outlives without progress doubles the next. */
export const PROBATION_MS = 3000;
const LONGEST_PROBATION_MS = 600_000;
/** Runs that are brought back at once, so that their commits share transactions. */
const AT_ONCE = 50;

export interface SuspectsPorts {
  readonly clock: Clock;
  /** Brings a run back; resolves when it is in memory, or can't be. */
  restore(row: RunRow): Promise<void>;
  /** The probation of that run is over, and it has made no progress yet. */
  outlived(address: RunAddress): void;
}

/**
 * The order in which runs come back after a crash: first all that nothing speaks against, together, then one by one
 * the suspects, who had been restored already when the host died. So a run that takes its host down is soon alone.
 *
 * Owns: who is yet to be marked, who waits for a trial, who is on it. Never: the runs, the store.
 * 1. From `expect` to `begin` nothing is brought back: who is a suspect is not known.
 * 2. A suspect that waits for its trial is brought back by nothing else.
 * 3. There is one trial at a time. It ends when each of its runs has made progress, rests or can't go on, and at the
 *    latest with their probation: long steps don't keep others waiting for ever.
 */
export class Suspects {
  readonly #ports: SuspectsPorts;
  readonly #unmarked = new Set<string>();
  readonly #waiting = new Set<string>();
  readonly #onTrial = new Map<string, RunRow>();
  #known: { readonly promise: Promise<void>; readonly open: () => void } | undefined;
  #trials = new AbortController();
  #endTrial: () => void = () => {};

  constructor(ports: SuspectsPorts) {
    this.#ports = ports;
  }

  /** A host before has crashed: who is a suspect is to be told by `begin`. */
  expect(): void {
    let open = () => {};
    const promise = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#known = { promise, open };
  }

  /** Resolves when it is known who is a suspect. */
  get known(): Promise<void> {
    return this.#known?.promise ?? Promise.resolve();
  }

  /**
   * Brings back what was in motion when the host before crashed. Resolves when the last trial has ended.
   * @param limit from how many restores on a run is not restored any more: no trial is needed for it.
   */
  async begin(inMotion: readonly RunRow[], limit: number): Promise<void> {
    const { signal } = this.#trials;
    const isSuspect = (row: RunRow) => restoresOf(row) > 0 && restoresOf(row) < limit;
    const suspects = inMotion.filter(isSuspect).sort((a, b) => restoresOf(a) - restoresOf(b));
    for (const row of inMotion) this.#unmarked.add(runKey(row));
    for (const row of suspects) this.#waiting.add(runKey(row));
    this.#known?.open();
    this.#known = undefined;
    await this.#try(inMotion.filter((row) => !isSuspect(row)));
    for (const row of suspects) {
      if (signal.aborted) return;
      if (this.#waiting.delete(runKey(row))) await this.#try([row]);
    }
  }

  /** Whether it is a suspect whose turn has not come. */
  waits(address: RunAddress): boolean {
    return this.#waiting.has(runKey(address));
  }

  /** Whether its restore is yet to be noted in its head. */
  isUnmarked(address: RunAddress): boolean {
    return this.#unmarked.has(runKey(address));
  }

  marked(address: RunAddress): void {
    this.#unmarked.delete(runKey(address));
  }

  /** It has made progress, rests, or can't go on: its trial is over. */
  settled(address: RunAddress): void {
    if (this.#onTrial.size === 0) return;
    if (this.#onTrial.delete(runKey(address)) && this.#onTrial.size === 0) this.#endTrial();
  }

  /** The run that was suspected is no longer there. */
  forget(address: RunAddress): void {
    this.#waiting.delete(runKey(address));
    this.marked(address);
    this.settled(address);
  }

  /** Ends all trials: the right to bring runs back is lost. */
  clear(): void {
    this.#trials.abort();
    this.#trials = new AbortController();
    this.#known?.open();
    this.#known = undefined;
    this.#unmarked.clear();
    this.#waiting.clear();
    this.#onTrial.clear();
    this.#endTrial();
  }

  async #try(rows: readonly RunRow[]): Promise<void> {
    const { signal } = this.#trials;
    for (const row of rows) this.#onTrial.set(runKey(row), row);
    for (let at = 0; at < rows.length; at += AT_ONCE) {
      await Promise.all(rows.slice(at, at + AT_ONCE).map((row) => this.#ports.restore(row)));
      if (signal.aborted) return;
    }
    if (this.#onTrial.size > 0) await this.#probation(Math.max(...rows.map(probationOf)));
    if (signal.aborted) return;
    for (const row of this.#onTrial.values()) this.#ports.outlived(row);
    this.#onTrial.clear();
  }

  /** Resolves after that long, or when the trial has ended. */
  async #probation(ms: number): Promise<void> {
    const { clock } = this.#ports;
    let cancel = () => {};
    await new Promise<void>((resolve) => {
      this.#endTrial = resolve;
      cancel = clock.at(clock.now() + ms, resolve);
    });
    cancel();
  }
}

function restoresOf({ suspicion }: RunRow): number {
  return suspicion?.restores ?? 0;
}

function probationOf({ suspicion }: RunRow): number {
  return Math.min(PROBATION_MS * 2 ** (suspicion?.outlived ?? 0), LONGEST_PROBATION_MS);
}
