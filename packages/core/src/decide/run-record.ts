import { type Attachment, AttachmentBook, assertLength, decode, encode } from '../codec/index.js';
import { actorRefReducers, actorRefRevivers } from '../engine/index.js';
import type { Encoded, StoredRun, StoredValue } from '../records/records.js';
import type { Op } from '../store/store.js';

/** Event ids remembered per run: a repeated one within this many is ignored. */
const SEEN_HORIZON = 1000;

/**
 * A run's values in memory, and the ops that keep the store at the same.
 *
 * Owns: the values, the attachments, the event ids seen.
 * 1. Each change pushes its op: memory and ops never differ.
 * 2. A value that can't be stored changes nothing.
 */
export class RunRecord {
  readonly #values: Map<string, StoredValue>;
  readonly #book: AttachmentBook;
  readonly #seen: string[];
  readonly #valueLength: number;

  constructor({ values, attachments }: Pick<StoredRun, 'values' | 'attachments'>, valueLength = Infinity) {
    this.#valueLength = valueLength;
    this.#values = new Map(values);
    this.#book = new AttachmentBook(attachments);
    const seq = (id: string) => Number(values.get(id)?.text);
    this.#seen = [...values.keys()].filter((id) => id.startsWith('seen/')).sort((a, b) => seq(a) - seq(b));
  }

  has(id: string): boolean {
    return this.#values.has(id);
  }

  read(id: string): unknown {
    const value = this.#values.get(id);
    return value && this.decode(value);
  }

  decode(value: StoredValue): unknown {
    return decode(this.#book.toEncoded(value), actorRefRevivers);
  }

  idsFrom(prefix: string): string[] {
    return [...this.#values.keys()].filter((id) => id.startsWith(prefix));
  }

  /**
   * @param what names the content in errors.
   * @throws `VALUE_NOT_STORABLE`.
   */
  put(id: string, content: unknown, what: string, ops: Op[]): void {
    this.#put(id, encode(content, what, actorRefReducers), ops);
  }

  /**
   * As {@link put}, for what is as large as the app makes it.
   * @param values as how many it may count.
   * @throws `VALUE_TOO_LARGE` too.
   */
  putLimited(id: string, content: unknown, what: string, ops: Op[], values = 1): void {
    const encoded = encode(content, what, actorRefReducers);
    assertLength(encoded.text, this.#valueLength * values, () => content, what, actorRefReducers);
    this.#put(id, encoded, ops);
  }

  #put(id: string, encoded: Encoded, ops: Op[]): void {
    const { value, fresh } = this.#book.toStored(encoded);
    ops.push(...fresh.map(({ id, blob }: Attachment): Op => ({ op: 'attach', id, blob })), { op: 'put', id, value });
    this.#values.set(id, value);
  }

  remove(id: string, ops: Op[]): void {
    if (this.#values.delete(id)) ops.push({ op: 'remove', id });
  }

  /** False when that event id was seen before, within the horizon. */
  remember(eventId: string, seq: number, ops: Op[]): boolean {
    const id = `seen/${eventId}`;
    if (this.#values.has(id)) return false;
    const value = { text: String(seq) };
    this.#values.set(id, value);
    ops.push({ op: 'put', id, value });
    this.#seen.push(id);
    if (this.#seen.length > SEEN_HORIZON) this.remove(this.#seen.shift() as string, ops);
    return true;
  }

  /** Takes in attachments that came with an inbox row. */
  learn(attachments: ReadonlyMap<string, Blob>): void {
    this.#book.learn(attachments);
  }
}
