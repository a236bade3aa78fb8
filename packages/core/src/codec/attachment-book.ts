import type { Encoded, StoredValue } from '../records/records.js';
import { storedFormOf } from './files.js';

/** An attachment that isn't stored yet. */
export interface Attachment {
  readonly id: string;
  readonly blob: Blob;
}

/**
 * Knows which Blobs of a run are stored, and under which id.
 *
 * 1. A Blob is stored once per run: a value that holds it again refers to the same id.
 */
export class AttachmentBook {
  readonly #ids = new Map<Blob, string>();
  readonly #blobs: Map<string, Blob>;
  readonly #newId: () => string;

  constructor(stored: ReadonlyMap<string, Blob> = new Map(), newId: () => string = () => crypto.randomUUID()) {
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
  toEncoded({ text, attachments = [] }: StoredValue): Encoded {
    return { text, blobs: attachments.map((id) => this.#blobs.get(id) as Blob) };
  }

  /** Takes in attachments that somebody else stored. */
  learn(attachments: ReadonlyMap<string, Blob>): void {
    for (const [id, blob] of attachments) {
      if (this.#blobs.has(id)) continue;
      this.#blobs.set(id, blob);
      this.#ids.set(blob, id);
    }
  }

  #add(blob: Blob, fresh: Attachment[]): string {
    const id = this.#newId();
    this.#ids.set(blob, id);
    this.#blobs.set(id, blob);
    fresh.push({ id, blob });
    return id;
  }
}
