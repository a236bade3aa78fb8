import type { RunAddress, RunRow } from '../records/records.js';
import { runKey } from '../store/tables.js';
import { inParts } from './in-parts.js';
import type { Clock } from './ports.js';

/** The first probation of a run, in ms; each one that it outlives without progress doubles the next. */
export const PROBATION_MS = 3000;
const LONGEST_PROBATION_MS = 600_000;
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
 * 1. From `expect` to `begin` it is not known who all was in motion: any run may have been. Then each that is brought back is
 *    marked, once, and a suspect, which its own head tells, is not brought back.
 * 2. A suspect that waits for its trial is brought back by nothing else.
 * 3. There is one trial at a time. It ends when each of its runs has made progress, rests or can't go on, and at the
 *    latest with their probation: long steps don't keep others waiting for ever.
 */
export class Suspects {
  readonly #ports: SuspectsPorts;
  readonly #unmarked = new Set<string>();
  readonly #waiting = new Set<string>();
  readonly #onTrial = new Map<string, RunRow>();
  /** From `expect` to `begin`: those that are marked already. */
  #early: Set<string> | undefined;
  #limit = Infinity;
  #trials = new AbortController();
  #endTrial: () => void = () => {};

  constructor(ports: SuspectsPorts) {
    this.#ports = ports;
  }

  /**
   * A host before has crashed: what was in motion then, and may not be brought back before, is to be told by `begin`.
   * @param limit from how many restores on a run is not restored any more: no trial is needed for it.
   */
  expect(limit: number): void {
    this.#early = new Set();
    this.#limit = limit;
  }

  /** Whether it was restored in vain: it comes last. */
  isSuspect(row: RunRow): boolean {
    return restoresOf(row) > 0 && restoresOf(row) < this.#limit;
  }

  /**
   * Brings back what was in motion when the host before crashed, and is not back yet. Resolves when the last trial has ended.
   */
  async begin(inMotion: readonly RunRow[]): Promise<void> {
    const { signal } = this.#trials;
    const left = inMotion.filter((row) => !this.#early?.has(runKey(row)));
    this.#early = undefined;
    const suspects = left.filter((row) => this.isSuspect(row)).sort((a, b) => restoresOf(a) - restoresOf(b));
    for (const row of left) this.#unmarked.add(runKey(row));
    for (const row of suspects) this.#waiting.add(runKey(row));
    await this.#try(left.filter((row) => !this.isSuspect(row)));
    for (const row of suspects) {
      if (signal.aborted) return;
      if (this.#waiting.delete(runKey(row))) await this.#try([row]);
    }
  }

  /** Whether it is a suspect whose turn has not come. */
  waits(row: RunRow): boolean {
    return this.#waiting.has(runKey(row)) || (this.#isEarly(row) && this.isSuspect(row));
  }

  /** Whether its restore is yet to be noted in its head. */
  isUnmarked(address: RunAddress): boolean {
    return this.#unmarked.has(runKey(address)) || this.#isEarly(address);
  }

  /** @param row as it is stored now; when it is to be restored, it is on trial. */
  marked(row: RunRow): void {
    if (this.#isEarly(row) && row.status !== 'paused') this.#onTrial.set(runKey(row), row);
    this.#noted(row);
  }

  /** It has made progress, rests, or can't go on: its trial is over. */
  settled(address: RunAddress): void {
    if (this.#onTrial.size === 0) return;
    if (this.#onTrial.delete(runKey(address)) && this.#onTrial.size === 0) this.#endTrial();
  }

  /** The run that was suspected is no longer there. */
  forget(address: RunAddress): void {
    this.#waiting.delete(runKey(address));
    this.#noted(address);
    this.settled(address);
  }

  /** Ends all trials: the right to bring runs back is lost. */
  clear(): void {
    this.#trials.abort();
    this.#trials = new AbortController();
    this.#early = undefined;
    this.#unmarked.clear();
    this.#waiting.clear();
    this.#onTrial.clear();
    this.#endTrial();
  }

  /** Whether it may have been in motion, is not marked, and nobody has told. */
  #isEarly(address: RunAddress): boolean {
    return this.#early?.has(runKey(address)) === false;
  }

  #noted(address: RunAddress): void {
    this.#unmarked.delete(runKey(address));
    this.#early?.add(runKey(address));
  }

  async #try(rows: readonly RunRow[]): Promise<void> {
    const { signal } = this.#trials;
    for (const row of rows) this.#onTrial.set(runKey(row), row);
    await inParts(rows, (row) => this.#ports.restore(row), signal);
    if (signal.aborted) return;
    if (this.#onTrial.size > 0) await this.#probation(Math.max(...[...this.#onTrial.values()].map(probationOf)));
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
