import { join } from 'node:path';
import type { FileSystem } from '../file-system.js';
import { IndexBuilder } from './index-file.js';
import { stretches } from './line.js';
import type { SegmentSpace } from './place.js';
import { PIECE_BYTES, readPiece } from './read-piece.js';
import { damaged } from './scan.js';
import { indexDraft, indexFile } from './segment-file.js';
import type { LogState } from './state.js';

export interface IndexingOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly epoch: number;
  readonly state: LogState;
  readonly segmentBytes: number;
  /** Segments that have their index already. */
  readonly indexed: ReadonlySet<string>;
  /** Rejects when a later owner is there. */
  readonly assertNewest: () => Promise<void>;
}

/** A segment that is not full, and no longer than this, is read as quickly as its index would be. */
const SHORT_BYTES = 64 << 10;

interface Work {
  readonly segment: SegmentSpace;
  readonly builder: IndexBuilder;
  offset: number;
}

/**
 * Writes an index beside each segment that is left for good, so that whoever opens the store need not read it.
 *
 * Owns: which segments have theirs, and how far the next one is. Never: when it is its turn.
 * 1. An index is made of what stands in the file, every line of which is checked meanwhile; never of what is in memory.
 * 2. It gets its name when all of it is synced, and no later owner is there. Losing it loses nothing.
 * 3. What could not be indexed is not tried again by this owner.
 */
export class Indexing {
  readonly #options: IndexingOptions;
  readonly #done: Set<string>;
  #work: Work | undefined;

  constructor(options: IndexingOptions) {
    this.#options = options;
    this.#done = new Set(options.indexed);
  }

  /** Whether there is something to be done. */
  get isDue(): boolean {
    return this.#next() !== undefined;
  }

  /** About how many bytes the next piece is to look through; 0 where nothing is to be done. */
  get pieceBytes(): number {
    const segment = this.#next();
    const offset = segment && this.#work?.segment === segment ? this.#work.offset : 0;
    return Math.min(PIECE_BYTES, (segment?.length ?? 0) - offset);
  }

  /**
   * Does one piece; returns how many bytes were looked through.
   *
   * @throws `STORE_DAMAGED`, `STORE_FENCED`, the system's errors.
   */
  async piece(): Promise<number> {
    const segment = this.#next();
    if (!segment) return 0;
    if (this.#work?.segment !== segment) {
      this.#work = { segment, builder: new IndexBuilder(segment.file), offset: 0 };
    }
    try {
      const seen = await this.#read(this.#work);
      if (this.#work.offset < segment.length) return seen;
      await this.#write(segment.file, this.#work.builder.encode());
      this.#finish(segment);
      return seen;
    } catch (error) {
      this.#finish(segment);
      throw error;
    }
  }

  /** The oldest one that is left and has none. */
  #next(): SegmentSpace | undefined {
    const { state, segmentBytes } = this.#options;
    const present = state.segments.at(-1);
    return state.segments.find(
      (segment) =>
        segment !== present && segment.length >= Math.min(segmentBytes, SHORT_BYTES) && !this.#done.has(segment.file),
    );
  }

  async #read(work: Work): Promise<number> {
    const { segment, builder, offset } = work;
    const { bytes, end } = await readPiece(this.#options, segment, offset);
    for (const stretch of stretches(bytes, offset)) {
      if (!stretch.line) throw damaged(segment.file, stretch.offset);
      const start = stretch.offset - offset;
      builder.take(stretch, stretch.line, bytes.subarray(start, start + stretch.length));
    }
    work.offset = end;
    return end - offset;
  }

  async #write(segment: string, lines: Iterable<Buffer>): Promise<void> {
    const { fileSystem, directory, epoch, assertNewest } = this.#options;
    const draft = join(directory, indexDraft(segment, epoch));
    const file = await fileSystem.openForAppend(draft);
    try {
      for (const line of lines) await file.append(line);
      await file.datasync();
    } finally {
      await file.close();
    }
    await assertNewest();
    await fileSystem.rename(draft, join(directory, indexFile(segment)));
  }

  #finish({ file }: SegmentSpace): void {
    this.#done.add(file);
    this.#work = undefined;
  }
}
