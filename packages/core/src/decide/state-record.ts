import { type Flat, revive, Trace } from '../codec/index.js';
import { VALUES_IN_A_STATE } from '../define/limits.js';
import { actorRefReducers, actorRefRevivers, type EngineState } from '../engine/index.js';
import type { Attached, Encoded } from '../records/records.js';
import type { Op } from '../store/store.js';

/** A shorter text is written whole each time: to tell what has changed would spare little. In UTF-16 units. */
const WHOLE_LENGTH = 4096;
/** After so many changes the whole is written again. */
const MOST_CHANGES = 128;
const PREFIX = 'state/';
const WHAT = 'machine state';

/** The values of a run, as its record has them. */
interface Values {
  readonly lengthLimit: number;
  encodedOf(id: string): Encoded | undefined;
  encodeLimited(content: unknown, what: string, values: number): Encoded;
  putEncoded(id: string, encoded: Encoded, ops: Op[]): void;
  remove(id: string, ops: Op[]): void;
  idsFrom(prefix: string): string[];
}

/**
 * The state of a run among its values: `state`, the text of it as it was once, and `state/1`, `state/2`, … , what has
 * changed since, in that order. So what a checkpoint writes follows what it has changed.
 *
 * Owns: the trace of the text that is stored. Never: the state.
 * 1. Text and changes together are the state of the last decision: each `put` adds one change, or writes the whole and
 *    removes all changes.
 * 2. The changes are never longer than the text, nor more than {@link MOST_CHANGES}.
 * 3. The state of an actor tree that has ended stands in one text.
 */
export class StateRecord {
  readonly #record: Values;
  #trace: Trace | undefined;
  /** Length of the whole text, and of all changes to it. */
  #length = 0;
  #changed = 0;
  /** Ids of the changes, in their order; looked for when they are first asked for. */
  #listed: readonly string[] | undefined;

  constructor(record: Values) {
    this.#record = record;
  }

  /** Undefined before the first checkpoint. */
  read(): EngineState | undefined {
    return this.#readFlat()?.state;
  }

  /** As {@link read}, for who takes the run up: what becomes of this very object is told by changes. */
  follow(): EngineState | undefined {
    const { state, flat, blobs } = this.#readFlat() ?? {};
    if (!state || !flat || !blobs) return undefined;
    const lengths = this.#texts().map(({ text }) => text.length);
    this.#begin(lengths[0] ?? 0, () => Trace.of(state, flat, blobs, actorRefReducers));
    this.#changed = lengths.slice(1).reduce((sum, length) => sum + length, 0);
    return state;
  }

  /** @throws `VALUE_NOT_STORABLE`, `VALUE_TOO_LARGE`: then nothing has changed. */
  put(state: EngineState, ops: Op[]): void {
    const change = this.#changeTo(state);
    if (change) this.#putChange(change, ops);
    else this.#putWhole(state, ops);
  }

  #putChange(change: Encoded, ops: Op[]): void {
    const last = Number(this.#changes.at(-1)?.slice(PREFIX.length) ?? 0);
    const id = `${PREFIX}${last + 1}`;
    this.#record.putEncoded(id, change, ops);
    this.#listed = [...this.#changes, id];
    this.#changed += change.text.length;
  }

  #changeTo(state: EngineState): Encoded | undefined {
    const trace = this.#trace;
    this.#trace = undefined;
    if (!trace || state.snapshot.status !== 'active' || this.#changes.length >= MOST_CHANGES) return undefined;
    const change = trace.changes(state);
    if (!change || this.#changed + change.text.length > this.#length) return undefined;
    // What was too large before it was looked at as a whole is looked at so again.
    if (this.#length + this.#changed + change.text.length > this.#record.lengthLimit * VALUES_IN_A_STATE)
      return undefined;
    this.#trace = trace;
    return change;
  }

  #putWhole(state: EngineState, ops: Op[]): void {
    const encoded = this.#record.encodeLimited(state, WHAT, VALUES_IN_A_STATE);
    this.#record.putEncoded('state', encoded, ops);
    for (const id of this.#changes) this.#record.remove(id, ops);
    this.#listed = [];
    const { text, blobs } = encoded;
    this.#begin(text.length, () => Trace.of(state, JSON.parse(text) as Flat, blobs, actorRefReducers));
  }

  #begin(length: number, trace: () => Trace | undefined): void {
    this.#length = length;
    this.#changed = 0;
    this.#trace = length < WHOLE_LENGTH ? undefined : trace();
  }

  #readFlat(): { state: EngineState; flat: Flat; blobs: readonly Attached[] } | undefined {
    const [whole, ...changes] = this.#texts();
    if (!whole) return undefined;
    const flat = JSON.parse(whole.text) as Flat;
    for (const { text } of changes) {
      const entries = JSON.parse(text) as unknown[];
      for (let n = 0; n < entries.length; n += 2) flat[entries[n] as number] = entries[n + 1];
    }
    const blobs = [whole, ...changes].flatMap(({ blobs }) => blobs);
    return { state: revive(flat, blobs, actorRefRevivers) as EngineState, flat, blobs };
  }

  #texts(): Encoded[] {
    return ['state', ...this.#changes].flatMap((id) => this.#record.encodedOf(id) ?? []);
  }

  /** In the order in which they were stored. */
  get #changes(): readonly string[] {
    const nOf = (id: string) => Number(id.slice(PREFIX.length));
    this.#listed ??= this.#record.idsFrom(PREFIX).sort((a, b) => nOf(a) - nOf(b));
    return this.#listed;
  }
}
