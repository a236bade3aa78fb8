import { AttachmentBook, assertLength, decode, encode } from '../codec/index.js';
import { actorRefReducers, actorRefRevivers } from '../engine/index.js';
import type { Attached, Encoded, StoredRun, StoredValue } from '../records/records.js';
import type { Op } from '../store/store.js';
import { StateRecord } from './state-record.js';

/** Event ids remembered per run: a repeated one within this many is ignored. */
const SEEN_HORIZON = 1000;
const SEEN = 'seen/';
const EMPTY: StoredValue = { text: '' };

/**
 * A run's values in memory, and the ops that keep the store at the same.
 *
 * Owns: the values, the attachments, the event ids seen.
 * 1. Each change pushes its op: memory and ops never differ.
 * 2. A value that can't be stored changes nothing.
 * 3. To find the values of one group, no other group's are looked at.
 * 4. An attachment is removed in the decision that leaves no value which refers to it, and not before.
 */
export class RunRecord {
  readonly state = new StateRecord(this);
  readonly #values = new Map<string, StoredValue>();
  /** Ids by their group. */
  readonly #groups = new Map<string, Set<string>>();
  /** The group that was added to last. */
  #latest = { group: '', ids: new Set<string>() };
  readonly #book: AttachmentBook;
  /** Ids of the events seen, and of their values, which stand for nothing else: `seen/<seq> <event id>`, oldest first. */
  readonly #seen = new Set<string>();
  readonly #seenAs: string[] = [];
  readonly #valueLength: number;
  /** By attachment, how many values refer to it. */
  readonly #uses = new Map<string, number>();
  /** Of this decision: attachments that are new, and those that may be in use no more. */
  #fresh: string[] = [];
  readonly #dropped = new Set<string>();

  constructor({ values, attachments }: Pick<StoredRun, 'values' | 'attachments'>, valueLength = Infinity) {
    this.#valueLength = valueLength;
    values.forEach((value, id) => {
      this.#set(id, value);
      if (id.startsWith(SEEN)) this.#seenAs.push(id);
    });
    this.#book = new AttachmentBook(attachments);
    this.#seenAs.sort((a, b) => seenAt(a) - seenAt(b));
    for (const id of this.#seenAs) this.#seen.add(eventIn(id));
  }

  /** How long the text of one value may be, in UTF-16 units. */
  get lengthLimit(): number {
    return this.#valueLength;
  }

  has(id: string): boolean {
    return this.#values.has(id);
  }

  read(id: string): unknown {
    const value = this.#values.get(id);
    return value && this.decode(value);
  }

  encodedOf(id: string): Encoded | undefined {
    const value = this.#values.get(id);
    return value && this.#book.toEncoded(value);
  }

  decode(value: StoredValue): unknown {
    return decode(this.#book.toEncoded(value), actorRefRevivers);
  }

  /** @param prefix of a group that none goes deeper than, such as a journal: only those are looked at. Or any other. */
  idsFrom(prefix: string): string[] {
    const group = this.#groups.get(prefix);
    if (group) return [...group];
    return [...this.#groups].flatMap(([name, ids]) => {
      if (name.startsWith(prefix)) return [...ids];
      return prefix.startsWith(name) ? [...ids].filter((id) => id.startsWith(prefix)) : [];
    });
  }

  /**
   * @param what names the content in errors.
   * @throws `VALUE_NOT_STORABLE`.
   */
  put(id: string, content: unknown, what: string, ops: Op[]): void {
    this.putEncoded(id, encode(content, what, actorRefReducers), ops);
  }

  /**
   * As {@link put}, for what is as large as the app makes it.
   * @param values as how many it may count.
   * @throws `VALUE_TOO_LARGE` too.
   */
  putLimited(id: string, content: unknown, what: string, ops: Op[], values = 1): void {
    this.putEncoded(id, this.encodeLimited(content, what, values), ops);
  }

  /** What {@link putLimited} puts; throws what that does. */
  encodeLimited(content: unknown, what: string, values: number): Encoded {
    const encoded = encode(content, what, actorRefReducers);
    assertLength(encoded.text, this.#valueLength * values, () => content, what, actorRefReducers);
    return encoded;
  }

  putEncoded(id: string, encoded: Encoded, ops: Op[]): void {
    const { value, fresh } = this.#book.toStored(encoded);
    for (const { id, blob } of fresh) {
      this.#fresh.push(id);
      ops.push({ op: 'attach', id, blob });
    }
    ops.push({ op: 'put', id, value });
    this.#set(id, value);
  }

  remove(id: string, ops: Op[]): void {
    const value = this.#values.get(id);
    if (!value) return;
    this.#count(value, -1);
    this.#values.delete(id);
    const group = groupOf(id);
    const ids = this.#groups.get(group);
    ids?.delete(id);
    if (ids?.size === 0) {
      this.#groups.delete(group);
      this.#latest = { group: '', ids: new Set() };
    }
    ops.push({ op: 'remove', id });
  }

  /** False when that event id was seen before, within the horizon. */
  remember(eventId: string, seq: number, ops: Op[]): boolean {
    if (this.#seen.has(eventId)) return false;
    const id = `${SEEN}${seq} ${eventId}`;
    // All of it is its id: a store that knows where its values are reads none of a thousand.
    this.#set(id, EMPTY);
    ops.push({ op: 'put', id, value: EMPTY });
    this.#seen.add(eventId);
    if (this.#seenAs.push(id) > SEEN_HORIZON) this.#forgetOldest(ops);
    return true;
  }

  #forgetOldest(ops: Op[]): void {
    const oldest = this.#seenAs.shift() as string;
    this.#seen.delete(eventIn(oldest));
    this.remove(oldest, ops);
  }

  /** Takes in attachments that came with an inbox row. */
  learn(attachments: ReadonlyMap<string, Attached>): void {
    this.#book.learn(attachments);
  }

  /** An inbox row was taken: what came with it is kept only where a value refers to it now. */
  took({ attachments = [] }: StoredValue): void {
    for (const id of attachments) this.#dropped.add(id);
  }

  /** Ends a decision: removes the attachments that it has left without use. */
  settle(ops: Op[]): void {
    for (const id of this.#dropped) {
      if (this.#uses.has(id)) continue;
      ops.push({ op: 'detach', id });
      this.#book.forget(id);
    }
    this.#begin();
  }

  /** The ops of this decision were thrown away: what they attached is not stored, and what they left stays in use. */
  unsettle(): void {
    for (const id of this.#fresh) this.#book.forget(id);
    this.#begin();
  }

  /** Most decisions have none: to clear an empty set would make a new table for it each time. */
  #begin(): void {
    if (this.#dropped.size > 0) this.#dropped.clear();
    if (this.#fresh.length > 0) this.#fresh = [];
  }

  #count({ attachments }: StoredValue, by: 1 | -1): void {
    if (!attachments) return;
    for (const id of attachments) {
      const uses = (this.#uses.get(id) ?? 0) + by;
      if (uses > 0) this.#uses.set(id, uses);
      else this.#uses.delete(id);
      if (by < 0) this.#dropped.add(id);
    }
  }

  #set(id: string, value: StoredValue): void {
    this.#count(value, 1);
    const before = this.#values.get(id);
    if (before) this.#count(before, -1);
    this.#values.set(id, value);
    if (!before) this.#idsOf(id).add(id);
  }

  /** Of its group; a restore takes in thousands that stand in one. */
  #idsOf(id: string): Set<string> {
    const { group, ids } = this.#latest;
    if (group !== '' && id.startsWith(group) && id.indexOf('/', group.length) < 0) return ids;
    const its = groupOf(id);
    const found = this.#groups.get(its) ?? new Set<string>();
    this.#groups.set(its, found);
    this.#latest = { group: its, ids: found };
    return found;
  }
}

function seenAt(id: string): number {
  return Number(id.slice(SEEN.length, id.indexOf(' ')));
}

function eventIn(id: string): string {
  return id.slice(id.indexOf(' ') + 1);
}

/** What the ids of one journal, of all messages, have in common: all up to the last slash. */
export function groupOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/') + 1);
}
