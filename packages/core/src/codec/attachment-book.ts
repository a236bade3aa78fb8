import type { Attached, Encoded, StoredValue } from '../records/records.js';
import { storedFormOf } from './files.js';

/** An attachment that isn't stored yet. */
export interface Attachment {
  readonly id: string;
  readonly blob: Attached;
}

/** Most values have none, and a restore reads thousands. */
const NONE: readonly Attached[] = [];

/**
 * Knows which attachments of a run are stored, and under which id.
 *
 * 1. What is attached is stored once per run: a value that holds it again refers to the same id.
 */
export class AttachmentBook {
  readonly #ids = new Map<Attached, string>();
  readonly #blobs: Map<string, Attached>;
  readonly #newId: () => string;

  constructor(stored: ReadonlyMap<string, Attached> = new Map(), newId: () => string = () => crypto.randomUUID()) {
    this.#blobs = new Map(stored);
    for (const [id, blob] of stored) this.#ids.set(blob, id);
    this.#newId = newId;
  }

  /** What to store of an encoded value, and the attachments to store with it. */
  toStored({ text, blobs }: Encoded): { value: StoredValue; fresh: Attachment[] } {
    if (blobs.length === 0) return { value: { text }, fresh: [] };
    const fresh: Attachment[] = [];
    const attachments = blobs.map((blob) => this.#ids.get(storedFormOf(blob)) ?? this.#add(blob, fresh));
    return { value: { text, attachments }, fresh };
  }

  /** The encoded form of a stored value; a missing attachment is told when the value is decoded. */
  toEncoded({ text, attachments }: StoredValue): Encoded {
    if (!attachments) return { text, blobs: NONE };
    return { text, blobs: attachments.map((id) => this.#blobs.get(id) as Attached) };
  }

  /** Takes in attachments that somebody else stored. */
  learn(attachments: ReadonlyMap<string, Attached>): void {
    for (const [id, blob] of attachments) {
      if (this.#blobs.has(id)) continue;
      this.#blobs.set(id, blob);
      this.#ids.set(blob, id);
    }
  }

  /** Forgets one that is no longer stored: a value that holds it again stores it anew. */
  forget(id: string): void {
    const blob = this.#blobs.get(id);
    if (blob && this.#ids.get(blob) === id) this.#ids.delete(blob);
    this.#blobs.delete(id);
  }

  #add(blob: Attached, fresh: Attachment[]): string {
    const id = this.#newId();
    this.#ids.set(blob, id);
    this.#blobs.set(id, blob);
    fresh.push({ id, blob });
    return id;
  }
}
