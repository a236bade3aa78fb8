import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type HoldfastError, isHoldfastError } from '@holdfast/core';
import { FORMAT_VERSION } from '@holdfast/core/store';
import type { AppendFile, FileSystem } from '../file-system.js';
import { storageError, unknownOutcome } from '../storage-error.js';
import { batchOf, type UnsureLine, writeDraft } from './batch.js';
import { type Entry, type HeaderEntry, type Line, LOG_FORMAT } from './entry.js';
import type { LinePlace, SegmentSpace } from './place.js';
import { draftFile, segmentFile } from './segment-file.js';
import type { LogState } from './state.js';

export interface LogWriterOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly epoch: number;
  /** What the log adds up to; the writer adds its segments to it. */
  readonly state: LogState;
  /** Rejects when a later owner is there: asked after each write, before anything is told to be written. */
  readonly assertNewest: () => Promise<void>;
}

/** So many bytes are left unsynced at the most. */
const UNSURE_BYTES = 1 << 20;

/** Up to where the log is known to be synced. */
export interface Reached {
  /** Bytes of the segment. */
  readonly length: number;
  readonly line: number;
  readonly batch: number;
}

/** Where a writer begins. */
export interface WriterStart {
  /** What is known to be synced of the last of the state's segments. */
  readonly reached: Reached;
  /** Good lines beyond that, of another owner: they are written anew, and get their places then. */
  readonly unsure: readonly UnsureLine[];
  /** The highest number of a batch. */
  readonly lastBatch: number;
}

/**
 * The end of the log, where one owner writes. One call at a time.
 *
 * Owns: the segments of its epoch. Never: what entries mean, who may write.
 * 1. `append` resolves after the sync and after the check that no later owner is there.
 * 2. Of a segment that is left nothing counts but what is known to be synced. What was acknowledged beyond that is
 *    written anew by the segment that follows, which is synced before it gets its name.
 * 3. After a failed write or sync nothing is written to that segment any more; nor after a new one may have got its
 *    name: until one has it for sure, nothing is appended at all.
 * 4. Batch numbers and names of segments are never used twice.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  #segment: SegmentSpace | undefined;
  /** What is known to be synced of the present segment. */
  #synced: Reached;
  #line: number;
  #batch: number;
  #part = 0;
  #oldest: string | undefined;
  #file: AppendFile | undefined;
  /** Whether a new segment has to be begun before anything is appended. */
  #left = true;
  #unsure: UnsureLine[] = [];
  #unsureBytes = 0;
  #appended = 0;
  /** Files of segments that were begun in vain. */
  #strays: string[] = [];

  constructor(options: LogWriterOptions, { reached, unsure, lastBatch }: WriterStart) {
    this.#options = options;
    this.#segment = options.state.segments.at(-1);
    this.#oldest = options.state.segments[0]?.file;
    this.#synced = reached;
    this.#line = reached.line;
    this.#batch = lastBatch;
    this.#unsure = [...unsure];
  }

  /** Bytes that it has written so far. */
  get appended(): number {
    return this.#appended;
  }

  /** Bytes of the present segment. */
  get length(): number {
    return this.#segment?.length ?? 0;
  }

  /** Whether all that was acknowledged is known to be synced. */
  get isSynced(): boolean {
    return this.#unsure.length === 0;
  }

  /**
   * Writes entries as one batch; syncs it when `durable`. Gives the places of their lines.
   *
   * @throws `STORE_FENCED`; a retryable store code when nothing was changed; one that isn't when that is not known.
   */
  async append(entries: readonly Entry[], { durable }: { durable: boolean }): Promise<readonly LinePlace[]> {
    const file = (!this.#left && this.#file) || (await this.#opened());
    const segment = this.#segment as SegmentSpace;
    const batch = ++this.#batch;
    const { bytes, places } = batchOf(entries, this.#next(batch), { segment, offset: segment.length });
    const sync = durable || this.#unsureBytes + bytes.length > UNSURE_BYTES;
    try {
      await file.append(bytes);
      if (sync) await file.datasync();
      await this.#options.assertNewest();
    } catch (error) {
      await this.#undo(error);
    }
    segment.length += bytes.length;
    this.#appended += bytes.length;
    this.#line += entries.length;
    if (sync) this.#allSynced();
    else {
      this.#unsure.push(...entries.map((entry, at) => ({ entry, place: places[at] as LinePlace })));
      this.#unsureBytes += bytes.length;
    }
    return places;
  }

  /**
   * Syncs what was appended, or else has it written anew.
   *
   * @throws `STORE_FENCED`, store codes.
   */
  async sync(): Promise<void> {
    if (this.isSynced) return;
    const file = await this.#opened();
    if (this.isSynced) return; // A new segment was begun.
    try {
      await file.datasync();
      await this.#options.assertNewest();
    } catch (error) {
      return this.#leave(error);
    }
    this.#allSynced();
  }

  /** Says that what was appended is synced, for whoever reads it. Not synced itself: losing it loses nothing. */
  async stamp(): Promise<void> {
    const file = await this.#opened();
    const segment = this.#segment as SegmentSpace;
    const next = this.#next(++this.#batch);
    const { bytes } = batchOf([{ kind: 'stamp' }], next, { segment, offset: segment.length });
    try {
      await file.append(bytes);
    } catch (error) {
      await this.#undo(error);
    }
    segment.length += bytes.length;
    this.#appended += bytes.length;
    this.#line++;
  }

  /**
   * Begins a new segment. When it rejects, nothing acknowledged is lost, and the one before goes on where that is certain.
   *
   * @throws `STORE_FENCED`, store codes.
   */
  async begin(): Promise<void> {
    const { fileSystem, directory, epoch, assertNewest } = this.#options;
    const name = { epoch, part: ++this.#part };
    const file = segmentFile(name);
    const [draft, path] = [join(directory, draftFile(name)), join(directory, file)];
    const segment: SegmentSpace = { file, length: 0, live: 0 };
    const lines = this.#unsure.filter(({ entry }) => entry.kind !== 'stamp' && entry.kind !== 'end');
    const entries = [this.#header(name), ...lines.map(({ entry }) => entry)];
    const first = { line: this.#synced.line + 1, batch: ++this.#batch, synced: this.#synced.batch };
    const { bytes, places } = batchOf(entries, first, { segment, offset: 0 });
    this.#strays.push(draft);
    try {
      await writeDraft(fileSystem, draft, bytes);
      this.#left = true;
      this.#strays.pop();
      this.#strays.push(path);
      await fileSystem.rename(draft, path);
      await fileSystem.syncFolder(directory);
      await assertNewest();
    } catch (error) {
      throw await this.#cause(error);
    }
    await this.close();
    if (this.#segment) this.#segment.length = this.#synced.length;
    segment.length = bytes.length;
    this.#appended += bytes.length;
    for (const [at, { place }] of lines.entries()) place.moveTo(places[at + 1] as LinePlace);
    this.#options.state.segments.push(segment);
    this.#segment = segment;
    this.#line = this.#synced.line + entries.length;
    this.#oldest ??= file;
    this.#left = false;
    this.#allSynced();
    await this.#sweep(path);
  }

  /** The number of the last line. */
  get line(): number {
    return this.#line;
  }

  /** From now on the header of each new segment says that this is the oldest one. */
  dropBefore(oldest: string): void {
    this.#oldest = oldest;
  }

  /** Lets go of the handle. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    // A failed write or sync was told when it happened; what was acknowledged is synced, so nothing is at stake here.
    await file?.close().catch(() => undefined);
  }

  #header({ epoch, part }: { epoch: number; part: number }): HeaderEntry {
    const { length, line } = this.#synced;
    const prev = this.#segment ? { file: this.#segment.file, length, line } : null;
    const oldest = this.#oldest ?? segmentFile({ epoch, part });
    const formats = { format: LOG_FORMAT, records: FORMAT_VERSION };
    return {
      kind: 'header',
      ...formats,
      epoch,
      part,
      id: randomBytes(8).toString('hex'),
      prev,
      oldest,
      ...this.#options.state.globals,
    };
  }

  /** Numbers of the line that comes next. */
  #next(batch: number): Pick<Line, 'line' | 'batch' | 'synced'> {
    return { line: this.#line + 1, batch, synced: this.#synced.batch };
  }

  #allSynced(): void {
    this.#synced = { length: this.length, line: this.#line, batch: this.#batch };
    if (this.#unsure.length === 0) return;
    this.#unsure = [];
    this.#unsureBytes = 0;
  }

  /** Removes what was begun in vain. Nothing counts on it: what stays is removed when the store is next opened. */
  async #sweep(present: string): Promise<void> {
    for (const stray of this.#strays.splice(0)) {
      if (stray !== present) await this.#options.fileSystem.remove(stray).catch(() => undefined);
    }
  }

  /** The handle to append to. */
  async #opened(): Promise<AppendFile> {
    if (this.#left) await this.begin();
    if (this.#file) return this.#file;
    const { fileSystem, directory } = this.#options;
    try {
      this.#file = await fileSystem.openForAppend(join(directory, (this.#segment as SegmentSpace).file));
      return this.#file;
    } catch (error) {
      throw await this.#cause(error);
    }
  }

  /** Rejects as `append` says. */
  async #undo(failure: unknown): Promise<never> {
    await this.#leave(failure);
    throw storageError(failure, this.#options.directory);
  }

  /** Goes on in a new segment after a failed write or sync. */
  async #leave(failure: unknown): Promise<void> {
    this.#left = true;
    await this.close();
    const cause = await this.#cause(failure);
    if (isHoldfastError(cause, 'STORE_FENCED')) throw cause;
    try {
      await this.begin();
    } catch (error) {
      if (isHoldfastError(error, 'STORE_FENCED')) throw error;
      throw unknownOutcome(failure, this.#options.directory);
    }
  }

  /** What to tell of a failure: a later owner removes this one's files, so it is asked for before the disk is blamed. */
  async #cause(failure: unknown): Promise<HoldfastError> {
    const { directory, assertNewest } = this.#options;
    try {
      await assertNewest();
    } catch (error) {
      if (isHoldfastError(error, 'STORE_FENCED')) return error;
    }
    return storageError(failure, directory);
  }
}
