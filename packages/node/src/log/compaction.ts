import type { FileSystem } from '../file-system.js';
import type { CopyEntry, Entry } from './entry.js';
import { stretches } from './line.js';
import type { LogWriter } from './log-writer.js';
import type { SegmentSpace } from './place.js';
import { readPiece } from './read-piece.js';
import { addressOf, type HeldRecord, isHeld, isOfRun, stepsOf } from './records.js';
import { damaged } from './scan.js';
import type { LogState } from './state.js';

export interface CompactionOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly state: LogState;
  readonly writer: LogWriter;
  readonly segmentBytes: number;
  /** Takes in lines that were written. */
  readonly written: (entries: readonly Entry[], places: Awaited<ReturnType<LogWriter['append']>>) => void;
}

/** More segments than this, and than so many times what their bytes need, are too many. */
const FEW_SEGMENTS = 16;
const SEGMENTS_PER_NEEDED = 4;

/**
 * Gives back the space of what is no longer needed: what still is of the oldest segment is copied to the end of the log,
 * piece by piece, and then that segment is removed.
 *
 * Owns: how far the oldest segment was copied. Never: when it is its turn.
 * 1. A segment is removed when it is synced, and no later owner is there, that it no longer counts; and that is written
 *    when all copies are synced.
 * 2. The log is at most about twice of what is needed, and a segment; while it is being compacted, half as much more.
 * 3. A piece reads and writes no more than 256 KiB, or one line.
 */
export class Compaction {
  readonly #options: CompactionOptions;
  #segment: SegmentSpace | undefined;
  #offset = 0;
  /** All older ones are to go, needed or not. */
  #until: SegmentSpace | undefined;

  constructor(options: CompactionOptions) {
    this.#options = options;
  }

  /** Whether there is something to be done. */
  get isDue(): boolean {
    const { segments } = this.#options.state;
    if (segments.length < 2) return false;
    if (this.#until) return true;
    const { total, live } = this.#options.state.space();
    const { segmentBytes } = this.#options;
    return (
      total > 2 * live + segmentBytes || segments.length > FEW_SEGMENTS + (SEGMENTS_PER_NEEDED * total) / segmentBytes
    );
  }

  get isDemanded(): boolean {
    return this.#until !== undefined;
  }

  undemand(): void {
    this.#until = undefined;
  }

  /** From now on it is due until all segments before the present one are gone. */
  demand(): void {
    this.#until = this.#options.state.segments.at(-1);
  }

  /**
   * Does one piece; returns how many bytes were looked through, and the file that is to be removed now.
   *
   * @throws `STORE_DAMAGED`, `STORE_FENCED`, store codes.
   */
  async piece(): Promise<{ readonly bytes: number; readonly unneeded?: string }> {
    const [oldest, next] = this.#options.state.segments;
    if (!oldest || !next) return { bytes: 0 };
    if (oldest !== this.#segment) [this.#segment, this.#offset] = [oldest, 0];
    if (oldest.live === 0 || this.#offset >= oldest.length) return this.#drop(oldest, next);
    const { entries, end } = await this.#needed(oldest);
    if (entries.length > 0) {
      const places = await this.#options.writer.append(entries, { durable: false });
      this.#options.written(entries, places);
    }
    const bytes = end - this.#offset;
    this.#offset = end;
    return { bytes };
  }

  async #drop(oldest: SegmentSpace, next: SegmentSpace): Promise<{ bytes: number; unneeded: string }> {
    const { writer, state } = this.#options;
    await writer.sync();
    await writer.append([{ kind: 'oldest', file: next.file }], { durable: true });
    writer.dropBefore(next.file);
    state.segments.shift();
    if (next === this.#until) this.#until = undefined;
    return { bytes: 0, unneeded: oldest.file };
  }

  /** Copies of what is needed of the next lines of a segment, and where those end. */
  async #needed(segment: SegmentSpace): Promise<{ entries: CopyEntry[]; end: number }> {
    const copies = new Map<string, HeldRecord[]>();
    const addresses = new Map<string, Pick<CopyEntry, 'workflow' | 'run'>>();
    const { bytes, end } = await readPiece(this.#options, segment, this.#offset);
    for (const { offset, line } of stretches(bytes, this.#offset)) {
      if (!line) throw damaged(segment.file, offset);
      if (!isOfRun(line.entry)) continue;
      const address = addressOf(line.entry);
      const needed = stepsOf(line.entry)
        .filter(isHeld)
        .filter((record) => this.#options.state.holds(address, record, { segment, offset }));
      if (needed.length === 0) continue;
      const key = JSON.stringify([address.workflow, address.run]);
      addresses.set(key, address);
      copies.set(key, [...(copies.get(key) ?? []), ...needed]);
    }
    return { entries: [...copies].map(([key, records]) => copyOf(addresses.get(key) as CopyEntry, records)), end };
  }
}

function copyOf({ workflow, run }: Pick<CopyEntry, 'workflow' | 'run'>, records: readonly HeldRecord[]): CopyEntry {
  const head = records.filter((record) => record.is === 'head').at(-1);
  return {
    kind: 'copy',
    workflow,
    run,
    ...(head ? { row: head.row } : {}),
    values: records.flatMap((record) => (record.is === 'value' ? [[record.id, record.value] as const] : [])),
    attachments: records.flatMap((record) => (record.is === 'attachment' ? [record.ref] : [])),
    history: records.flatMap((record) => (record.is === 'history' ? [record.row] : [])),
    inbox: records.flatMap((record) => (record.is === 'inbox' ? [record.row] : [])),
  };
}
