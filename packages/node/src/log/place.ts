/** A segment that counts. */
export interface SegmentSpace {
  readonly file: string;
  /** Bytes of it that count. */
  length: number;
  /** Bytes of those that hold records which are still needed. */
  live: number;
}

/**
 * Where a line is, shared by all records that stand in it.
 *
 * Owns: how much of the line is still needed, also within the count of its segment.
 */
export class LinePlace {
  #segment: SegmentSpace;
  #offset: number;
  #length: number;
  #live = 0;

  constructor(segment: SegmentSpace, offset: number, length: number) {
    this.#segment = segment;
    this.#offset = offset;
    this.#length = length;
  }

  get segment(): SegmentSpace {
    return this.#segment;
  }

  get offset(): number {
    return this.#offset;
  }

  /** In bytes, without its newline. */
  get length(): number {
    return this.#length;
  }

  /** A record that stands here is needed, or, with a negative number, is no longer. */
  need(bytes: number): void {
    this.#live += bytes;
    this.#segment.live += bytes;
  }

  /** The line was written anew elsewhere. */
  moveTo({ segment, offset, length }: Pick<LinePlace, 'segment' | 'offset' | 'length'>): void {
    this.#segment.live -= this.#live;
    segment.live += this.#live;
    this.#segment = segment;
    this.#offset = offset;
    this.#length = length;
  }
}

/** Where a record is, and its share of that line's bytes. */
export interface RecordPlace {
  readonly line: LinePlace;
  readonly bytes: number;
}

/** Where a value is. One with an empty text, and nothing else, need not be read: its id is all of it. */
export interface ValuePlace extends RecordPlace {
  readonly isEmpty?: boolean;
}
