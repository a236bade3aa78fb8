import { join } from 'node:path';
import { type HoldfastError, isHoldfastError } from '@holdfast/core';
import type { AppendFile, FileSystem } from '../file-system.js';
import { storageError, unknownOutcome } from '../storage-error.js';
import type { ChangeEntry } from './entry.js';
import { encodeLine } from './line.js';
import { draftFile, segmentFile, segmentsIn } from './segment-file.js';
import type { LogState } from './state.js';
import { type Position, writeSegment } from './write-segment.js';

export interface LogWriterOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly epoch: number;
  /** Rejects when a later owner is there: asked after each sync, before anything is told to be written. */
  readonly assertNewest: () => Promise<void>;
}

/**
 * The end of the log, where one owner writes. One call at a time.
 *
 * Owns: the segments of its epoch. Never: the state they add up to, who may write.
 * 1. `append` resolves after the sync and after the check that no later owner is there.
 * 2. After a failed write or sync nothing goes through that handle any more: the segment is cut back to what was
 *    acknowledged, synced and opened anew, before anything else is appended.
 * 3. A segment gets its name when all that it starts from is synced. Until it is certain that a new one took the old
 *    one's place, or that it did not, nothing is appended to either.
 * 4. Batch numbers are never used twice.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  #line: number;
  #batch: number;
  #synced = 0;
  #part = 0;
  /** The present segment, once there is one. */
  #path = '';
  #length = 0;
  #file: AppendFile | undefined;
  /** Files of segments begun in vain: they must be gone before the present one is appended to. */
  #stray: string[] = [];

  constructor(options: LogWriterOptions, after: Position) {
    this.#options = options;
    this.#line = after.line;
    this.#batch = after.batch;
  }

  /** Bytes of the present segment. */
  get length(): number {
    return this.#length;
  }

  /**
   * Writes entries as one batch; syncs it when `durable`.
   *
   * @throws `STORE_FENCED`; a retryable store code when nothing was changed; one that isn't when that is not known.
   */
  async append(entries: readonly ChangeEntry[], { durable }: { durable: boolean }): Promise<void> {
    const file = await this.#opened();
    const batch = ++this.#batch;
    const bytes = Buffer.from(this.#encode(entries, batch));
    try {
      await file.append(bytes);
      if (durable) await file.datasync();
      await this.#options.assertNewest();
    } catch (error) {
      await this.#undo(error);
    }
    this.#length += bytes.length;
    this.#line += entries.length;
    if (durable) this.#synced = batch;
  }

  /**
   * Begins a new segment from `state`, which must be what the log adds up to. When it rejects, the segment before is
   * still the present one.
   */
  async begin(state: LogState): Promise<void> {
    const { fileSystem, directory, epoch, assertNewest } = this.#options;
    const name = { epoch, part: ++this.#part };
    const [draft, path] = [join(directory, draftFile(name)), join(directory, segmentFile(name))];
    const after = { line: this.#line, batch: this.#batch++ };
    await this.close();
    this.#stray.push(draft, path);
    try {
      const { line, length } = await writeSegment(fileSystem, draft, { state, epoch, after });
      await fileSystem.rename(draft, path);
      await fileSystem.syncFolder(directory);
      await assertNewest();
      this.#path = path;
      this.#length = length;
      this.#line = line;
    } catch (error) {
      throw await this.#cause(error);
    }
    this.#stray = this.#stray.filter((stray) => stray !== draft && stray !== path);
    this.#synced = this.#batch;
  }

  /** Removes the segments that the present one replaces. */
  async removeOlder(): Promise<void> {
    const { fileSystem, directory } = this.#options;
    for (const name of segmentsIn(await fileSystem.list(directory))) {
      const path = join(directory, segmentFile(name));
      if (name.epoch > this.#options.epoch || path === this.#path) return;
      await fileSystem.remove(path);
    }
  }

  /** Lets go of the handle. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    // A failed write or sync was told when it happened; what was acknowledged is synced, so nothing is at stake here.
    await file?.close().catch(() => undefined);
  }

  /** Takes back what a failed append may have written, and rejects as `append` says. */
  async #undo(failure: unknown): Promise<never> {
    await this.close();
    const cause = await this.#cause(failure);
    if (isHoldfastError(cause, 'STORE_FENCED')) throw cause;
    try {
      await this.#opened();
    } catch {
      throw unknownOutcome(failure, this.#options.directory);
    }
    throw cause;
  }

  #encode(entries: readonly ChangeEntry[], batch: number): string {
    const last = entries.length - 1;
    const line = (entry: ChangeEntry, at: number) =>
      encodeLine({ line: this.#line + 1 + at, batch, left: last - at, synced: this.#synced, entry });
    return entries.map(line).join('');
  }

  /** The handle to append to; after a failure, that of the present segment as it was before. */
  async #opened(): Promise<AppendFile> {
    if (this.#file) return this.#file;
    const { fileSystem, directory } = this.#options;
    try {
      if (this.#stray.length > 0) {
        for (const path of this.#stray) await fileSystem.remove(path);
        await fileSystem.syncFolder(directory);
        this.#stray = [];
      }
      await fileSystem.truncate(this.#path, this.#length);
      this.#file = await fileSystem.openForAppend(this.#path);
      return this.#file;
    } catch (error) {
      throw await this.#cause(error);
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
