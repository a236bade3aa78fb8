import { type RunAddress, type RunPage, type RunQuery, type RunRow, runKey, singletonId } from '@holdfast/core/store';
import type { Entry, Globals } from './entry.js';
import { FreshLines } from './fresh-lines.js';
import { frozen } from './frozen.js';
import type { LinePlace, RecordPlace, SegmentSpace } from './place.js';
import { addressOf, type HeldRecord, isOfRun, mailOf, type Step, sharesOf, stepsOf } from './records.js';
import { RunIndex } from './run-index.js';
import { RunOrder } from './run-order.js';
import type { SegmentIndex } from './segment-index.js';

/**
 * What the lines of a log add up to: heads, and where everything else is.
 *
 * Owns: the index of every run, which segments count and how much of them is needed. Never: I/O, values.
 * 1. It holds what is in the log, and nothing that may yet fail.
 * 2. `apply` of a line that was written can't fail.
 * 3. Rows are frozen when they come in, and replaced, never changed in place.
 */
export class LogState {
  /** Oldest first. */
  readonly segments: SegmentSpace[] = [];
  readonly fresh = new FreshLines();
  readonly #runs = new Map<string, RunIndex>();
  readonly #order = new RunOrder();
  /** Keys of the runs whose head has a `singletonKey`, by that. */
  readonly #singletons = new Map<string, string>();
  /** Mail that is in, and whose file may still be there: by id, the `n` it was given (0: a start). */
  readonly mail = new Map<string, number>();
  #lastN = 0;

  get globals(): Globals {
    return { lastN: this.#lastN, ...(this.mail.size > 0 ? { mail: [...this.mail] } : {}) };
  }

  /** Takes a line in; returns the attachment files that nothing refers to any more. */
  apply(entry: Entry, line: LinePlace): string[] {
    if (entry.kind === 'header') this.#restate(entry);
    if (entry.kind === 'inbox') this.#lastN = entry.row.n;
    if (!isOfRun(entry)) return [];
    const mail = mailOf(entry);
    if (mail) this.mail.set(...mail);
    const key = runKey(addressOf(entry));
    const steps = stepsOf(entry);
    const shareOf = sharesOf(steps, line.length);
    const unneeded: string[] = [];
    for (const step of steps) {
      const files = step.is === 'cleared' ? this.#clear(key) : this.#take(key, step, { line, bytes: shareOf(step) });
      unneeded.push(...files);
    }
    return unneeded;
  }

  /** Takes in what all lines of a segment come to. The attachment files that nothing refers to any more are not told. */
  adopt({ head, runs }: SegmentIndex, segment: SegmentSpace): void {
    this.#restate(head);
    for (const indexed of runs) {
      const { key, cleared, records, head, singleton } = indexed;
      let run = this.#runs.get(key);
      if (cleared && run) {
        this.#clear(key);
        run = undefined;
      }
      if (records === '') continue;
      if (run && head !== undefined) this.#forgetSingleton(key);
      (run ?? this.#add(key)).adopt(indexed, segment);
      if (singleton !== undefined) this.#singletons.set(singleton, key);
    }
  }

  /** A header tells all of what holds for the store: mail that it does not name is gone for good. */
  #restate({ lastN, mail = [] }: Globals): void {
    this.#lastN = Math.max(this.#lastN, lastN);
    this.mail.clear();
    for (const [id, n] of mail) this.mail.set(id, n);
  }

  head(address: RunAddress): RunRow | undefined {
    return this.run(address)?.row;
  }

  run(address: RunAddress): RunIndex | undefined {
    return this.#runs.get(runKey(address));
  }

  runs(): Iterable<RunIndex> {
    return this.#runs.values();
  }

  list(query?: RunQuery): RunPage {
    return this.#order.list(query);
  }

  /** Another run whose head has the `singletonKey` of this one. */
  singleton(row: RunRow): RunRow | undefined {
    const id = singletonId(row);
    const key = id === undefined ? undefined : this.#singletons.get(id);
    return key === undefined || key === runKey(row) ? undefined : this.#runs.get(key)?.row;
  }

  /** Whether this record stands at that place, and is still needed. */
  holds(address: RunAddress, record: HeldRecord, { segment, offset }: Pick<LinePlace, 'segment' | 'offset'>): boolean {
    const line = this.run(address)?.placeOf(record)?.line;
    return line?.segment === segment && line.offset === offset;
  }

  /** Names of all attachment files that are referred to. */
  files(): Set<string> {
    const files = new Set<string>();
    for (const run of this.runs()) for (const { file } of run.attachments.values()) files.add(file);
    return files;
  }

  /** Bytes of all segments, and of those that are needed. */
  space(): { readonly total: number; readonly live: number } {
    let [total, live] = [0, 0];
    for (const segment of this.segments) {
      total += segment.length;
      live += segment.live;
    }
    return { total, live };
  }

  #clear(key: string): string[] {
    const run = this.#runs.get(key);
    if (!run) return [];
    this.#forgetSingleton(key);
    this.#runs.delete(key);
    this.#order.remove(run);
    return run.clear();
  }

  #take(key: string, step: Exclude<Step, { is: 'cleared' }>, place: RecordPlace): string[] {
    const run = this.#runs.get(key) ?? this.#add(key);
    if (step.is !== 'head') return run.take(step, place);
    this.#forgetSingleton(key);
    run.take({ is: 'head', row: frozen(step.row) }, place);
    const id = singletonId(step.row);
    if (id !== undefined) this.#singletons.set(id, key);
    return [];
  }

  #add(key: string): RunIndex {
    const run = new RunIndex(key);
    this.#runs.set(key, run);
    this.#order.add(run);
    return run;
  }

  #forgetSingleton(key: string): void {
    if (this.#singletons.size === 0) return;
    const row = this.#runs.get(key)?.row;
    const id = row && singletonId(row);
    if (id !== undefined && this.#singletons.get(id) === key) this.#singletons.delete(id);
  }
}
