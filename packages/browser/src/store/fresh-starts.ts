import { type Acceptance, type RunAddress, runKey, type StoredRun } from '@holdfast/core/store';

type Start = Extract<Acceptance, { kind: 'start' }>;

/** Those that wait to be taken up are seldom more; of others, and of those with much to keep, the records are read. */
const MOST_RUNS = 1000;
const LONGEST_INPUT = 4096;

/**
 * The runs that an owner has just started: each is read right after that, to be brought into memory and to be shown, three
 * times in all, and reading it costs as much as a step.
 *
 * Owns: what such a run was started with. Never: outlives the ownership.
 * 1. What is given is what is stored: while the epoch is the store's nobody else writes to a run that is there, and what is
 *    known is forgotten before a write of it begins, and when anything was accepted for it, here or in another tab; also
 *    where that is heard of before the start's own transaction is.
 * 2. With attachments none is kept: who reads them is given copies of their own.
 * 3. Of more than {@link MOST_RUNS} the oldest are forgotten.
 */
export class FreshStarts {
  /** Undefined while it is being stored. */
  readonly #starts = new Map<string, StoredRun | undefined>();
  #ended = false;

  /** It is about to be stored, if it can be. @param start whose parts nobody changes. */
  expect({ row, input, attachments = [] }: Start): void {
    if (this.#ended || attachments.length > 0 || input.text.length > LONGEST_INPUT) return;
    this.#starts.set(runKey(row), undefined);
    if (this.#starts.size <= MOST_RUNS) return;
    const [oldest] = this.#starts.keys();
    if (oldest !== undefined) this.#starts.delete(oldest);
  }

  /** What was expected is stored now. */
  learn({ row, input }: Start): void {
    const key = runKey(row);
    if (!this.#starts.has(key)) return;
    this.#starts.set(key, { row, values: new Map([['input', input]]), attachments: new Map(), inbox: [] });
  }

  /** The run as it is stored, where nothing has come to it since its start. */
  of(run: RunAddress): StoredRun | undefined {
    return this.#starts.get(runKey(run));
  }

  forget(run: RunAddress): void {
    this.#starts.delete(runKey(run));
  }

  /** The store is not owned any more: from now on nothing is known. */
  end(): void {
    this.#ended = true;
    this.#starts.clear();
  }
}
