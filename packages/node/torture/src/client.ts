import { isHoldfastError } from '@holdfast/core';
import type { Acceptance, Op, Store } from '@holdfast/core/store';
import { fits, see } from './audit.js';
import type { Entry, Ledger } from './ledger.js';
import { at, blobOf, historyRow, inboxRow, rowOf, storedText } from './records.js';
import { type Ask, after, type RunState, type Texts } from './run-state.js';

export type Outcome = 'ack' | 'refused' | 'unknown';

/** Codes of errors after which nothing has changed, whatever they say of a repetition. */
const REFUSALS = ['STORE_SEQ', 'STORE_OWNED', 'RUN_UNKNOWN', 'INBOX_FULL', 'CLOSED'];

/**
 * One client of a store: asks, and writes down what it asked and what it was told.
 *
 * 1. An ask is written down before the store hears of it, an acknowledgement at once when it is told.
 */
export class Client {
  readonly store: Store;
  readonly ledger: Ledger;
  /** Of the ownership it asks under. */
  epoch = 0;
  /** Whether another owner has looked at the store: what is fenced from now on has changed nothing. */
  superseded = false;
  /** Whether somebody else owns the store: what it is told of places in the inbox may change. */
  guest = false;
  /** The code of the error that ended the last ask. */
  lastCode = '';
  /** All codes so far. */
  readonly codes = new Set<string>();
  readonly #tell: (entry: Entry) => void;
  readonly #ids: { next: number };

  constructor(store: Store, ledger: Ledger, ids: { next: number }, tell: (entry: Entry) => void = () => {}) {
    this.store = store;
    this.ledger = ledger;
    this.#ids = ids;
    this.#tell = tell;
  }

  /** A number that no other ask, value or event has. */
  fresh(): number {
    return this.#ids.next++;
  }

  /** Asks for the next state of a run; resolves when it is known what became of it. */
  async ask(run: string, ask: Ask): Promise<Outcome> {
    const id = this.fresh();
    const before = this.ledger.tip(run);
    const numbers = new Map(this.ledger.of(run).events.map((event) => [event.id, event.n]));
    this.#note({ t: 'ask', run, id, ask });
    try {
      await this.#call(run, before, ask, numbers);
      this.#note({ t: 'ack', run, id });
      return 'ack';
    } catch (error) {
      const outcome = this.#outcomeOf(error);
      this.#note({ t: outcome, run, id });
      return outcome;
    }
  }

  /** Sends an event. */
  async send(run: string, event: string, files: Texts = {}): Promise<Outcome> {
    this.#note({ t: 'send', run, event, files });
    try {
      const row = inboxRow(run, event, Object.keys(files));
      const accepted = await this.store.accept({ kind: 'inbox', row, attachments: attachmentsOf(files) });
      if (accepted.outcome !== 'queued') throw new Error(`an event was ${accepted.outcome}`);
      this.#note({ t: 'queued', run, event, n: this.guest ? 0 : accepted.n });
      return 'ack';
    } catch (error) {
      const outcome = this.#outcomeOf(error);
      if (outcome === 'refused') this.#note({ t: 'unsent', run, event });
      return outcome;
    }
  }

  /** Repeats a call that was refused and may be repeated. */
  async persist(call: () => Promise<Outcome>, times = 3): Promise<Outcome> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await call();
      if (outcome !== 'refused' || attempt === times || this.lastCode === 'STORE_FENCED') return outcome;
    }
  }

  /** After an unknown outcome: looks what the run is; false when that can't be. */
  async look(run: string): Promise<boolean> {
    const ledger = this.ledger.of(run);
    const seen = await see(this.store, run);
    const match = ledger.possible.findLast(({ state }) => fits(run, state, ledger, seen, true));
    if (match) this.#note({ t: 'found', run, id: match.id });
    return match !== undefined;
  }

  async #call(run: string, before: RunState, ask: Ask, numbers: ReadonlyMap<string, number>): Promise<void> {
    const next = after(before, ask);
    if (ask.kind === 'start') {
      const accepted = await this.store.accept(startOf(run, next));
      if (accepted.outcome !== 'started') throw new Error(`a new run ${accepted.outcome}`);
      return;
    }
    const durability = ask.kind === 'commit' ? ask.durability : 'strict';
    const ops = opsOf(run, next, ask, before, numbers);
    await this.store.commit({ ...at(run), epoch: this.epoch, after: before.row?.seq ?? 0, durability, ops });
  }

  #outcomeOf(error: unknown): 'refused' | 'unknown' {
    if (!isHoldfastError(error)) throw error;
    this.lastCode = error.code;
    this.codes.add(error.code);
    if (error.code === 'STORE_FENCED') return this.superseded ? 'refused' : 'unknown';
    return error.retryable || REFUSALS.includes(error.code) ? 'refused' : 'unknown';
  }

  #note(entry: Entry): void {
    this.ledger.record(entry);
    this.#tell(entry);
  }
}

const attachmentsOf = (files: Texts) => Object.entries(files).map(([id, text]) => ({ id, blob: blobOf(id, text) }));

function startOf(run: string, { row, values, files }: RunState): Extract<Acceptance, { kind: 'start' }> {
  const head = rowOf(run, row as NonNullable<RunState['row']>);
  return { kind: 'start', row: head, input: storedText(values.input ?? ''), attachments: attachmentsOf(files) };
}

function opsOf(run: string, next: RunState, ask: Ask, before: RunState, numbers: ReadonlyMap<string, number>): Op[] {
  if (ask.kind === 'delete') return [{ op: 'delete' }];
  const row = rowOf(run, next.row as NonNullable<RunState['row']>);
  if (ask.kind === 'prune') return [{ op: 'prune', row }];
  if (ask.kind !== 'commit') return [{ op: 'restart', start: startOf(run, next) }];
  return [
    { op: 'run', row },
    ...ask.remove.map((id): Op => ({ op: 'remove', id })),
    ...Object.entries(ask.put).map(([id, text]): Op => ({ op: 'put', id, value: storedText(text) })),
    ...attachmentsOf(ask.files).map(({ id, blob }): Op => ({ op: 'attach', id, blob })),
    ...(ask.seq > (before.row?.seq ?? 0) ? [{ op: 'history', row: historyRow(ask.seq) } as const] : []),
    ...(ask.forget === undefined ? [] : [{ op: 'forget', upTo: ask.forget } as const]),
    ...ask.taken.map((id): Op => ({ op: 'taken', n: numbers.get(id) as number })),
  ];
}
