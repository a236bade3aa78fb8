import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { FileStoreReport } from '../report.js';
import { storageError } from '../storage-error.js';
import { Compaction, type CompactionOptions } from './compaction.js';
import type { Indexing } from './indexing.js';
import type { Timers } from './timers.js';

export interface UpkeepOptions extends CompactionOptions {
  readonly indexing: Indexing;
  readonly timers: Timers;
  readonly onReport: (report: FileStoreReport) => void;
  /** Removes a segment. Never rejects. */
  readonly remove: (file: string) => Promise<void>;
  /** Has `rest` called soon. */
  readonly wake: () => void;
  readonly fenced: (error: HoldfastError) => void;
}

/** So long (ms) after the last line, where nothing follows, a stamp says that all is synced. */
const STAMP_MS = 10;
/** So long (ms) relaxed commits are left unsynced, where nothing follows. */
const SYNC_MS = 100;

/** So long (ms) after the last line, where nothing follows, segments are indexed in one go. */
const IDLE_MS = 5000;

/** So many bytes are looked through, at the most, for each one that was written since: so commits are not held up. */
const SEEN_PER_WRITTEN = 2;

/**
 * What is done beside commits: a full segment is closed, and indexed, old ones are compacted, and what is quiet gets its stamp.
 *
 * Owns: when each is due. Never: a commit's outcome; what fails here is reported, and tried again later.
 */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #compaction: Compaction;
  #stopped = false;
  #cancelStamp: (() => void) | undefined;
  /** The number of the last line when it became quiet. */
  #quietAt: number | undefined;
  /** The number of the last stamp. */
  #stampedAt: number;
  /** What the writer had appended (bytes) when `rest` was last called. */
  #appended: number;
  /** After a failure: what it has to have appended before that is tried again. */
  #againAt = 0;
  /** Nothing was written for a while. */
  #isIdle = false;
  #cancelIdle: (() => void) | undefined;
  /** Bytes that may be looked through for indexes. */
  #mayBeIndexed = 0;
  #demands: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#compaction = new Compaction(options);
    this.#stampedAt = options.writer.line;
    this.#appended = options.writer.appended;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelStamp?.();
    this.#cancelIdle?.();
    this.#refuse(new HoldfastError('CLOSED', { message: 'The store was closed.' }));
  }

  /** Compacts to the minimum. @throws store codes. */
  compact(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#demands.push({ resolve, reject });
      this.#againAt = 0;
      this.#options.wake();
    });
  }

  /** Does a little of what is due; tells whether there is more. */
  async rest(): Promise<boolean> {
    if (this.#stopped) return false;
    await this.#stamp();
    let more = false;
    try {
      if (this.#options.writer.appended >= this.#againAt) more = await this.#makeRoom();
    } catch (error) {
      this.#failed(error);
    }
    more = (await this.#index()) || more;
    this.#appended = this.#options.writer.appended;
    this.#waitForQuiet();
    return more;
  }

  async #makeRoom(): Promise<boolean> {
    const { writer } = this.#options;
    const mayBeSeen = SEEN_PER_WRITTEN * (writer.appended - this.#appended);
    if (this.#demands.length > 0 && !this.#compaction.isDemanded) {
      await writer.begin();
      this.#compaction.demand();
    }
    await this.#closeFull();
    for (let seen = 0; this.#compaction.isDue; ) {
      const { bytes, unneeded } = await this.#compaction.piece();
      if (unneeded !== undefined) await this.#options.remove(unneeded);
      await this.#closeFull();
      seen += bytes;
      if (seen >= mayBeSeen) break;
    }
    if (this.#compaction.isDue) return true;
    for (const { resolve } of this.#demands.splice(0)) resolve();
    return false;
  }

  /** Bit by bit beside commits, or in one go when nothing has been written for a while: who opens a store has better to do. */
  async #index(): Promise<boolean> {
    const { indexing, writer, onReport, fenced, directory } = this.#options;
    const appended = writer.appended - this.#appended;
    if (appended > 0) this.#isIdle = false;
    this.#mayBeIndexed = indexing.isDue ? this.#mayBeIndexed + SEEN_PER_WRITTEN * appended : 0;
    // What is being compacted may soon be gone.
    if (this.#compaction.isDue) return false;
    try {
      while (indexing.isDue && (this.#isIdle || this.#mayBeIndexed >= indexing.pieceBytes)) {
        this.#mayBeIndexed -= await indexing.piece();
        if (this.#isIdle) return true;
      }
    } catch (error) {
      const failure = storageError(error, directory);
      if (isHoldfastError(failure, 'STORE_FENCED')) fenced(failure);
      else onReport({ code: 'INDEX_FAILED', error: failure });
    }
    this.#waitForIdle();
    return false;
  }

  #waitForIdle(): void {
    this.#cancelIdle?.();
    this.#cancelIdle = undefined;
    const { indexing, timers, wake } = this.#options;
    if (!indexing.isDue) return;
    this.#cancelIdle = timers.after(IDLE_MS, () => {
      this.#isIdle = true;
      wake();
    });
  }

  async #closeFull(): Promise<void> {
    const { writer, segmentBytes } = this.#options;
    if (writer.length >= segmentBytes) await writer.begin();
  }

  async #stamp(): Promise<void> {
    const { writer } = this.#options;
    const isQuiet = this.#quietAt === writer.line;
    this.#quietAt = undefined;
    if (!isQuiet) return;
    try {
      await writer.sync();
      await writer.stamp();
      this.#stampedAt = writer.line;
    } catch (error) {
      // A failing disk is told by the next call; this is tried again after a while.
      if (isHoldfastError(error, 'STORE_FENCED')) this.#options.fenced(error);
    }
  }

  #waitForQuiet(): void {
    this.#cancelStamp?.();
    this.#cancelStamp = undefined;
    const { writer, timers, wake } = this.#options;
    const { line } = writer;
    if (line === this.#stampedAt) return;
    this.#cancelStamp = timers.after(writer.isSynced ? STAMP_MS : SYNC_MS, () => {
      this.#quietAt = line;
      wake();
    });
  }

  #failed(error: unknown): void {
    const { writer, segmentBytes, directory, fenced, onReport } = this.#options;
    const failure = storageError(error, directory);
    this.#againAt = writer.appended + segmentBytes;
    this.#refuse(failure);
    if (isHoldfastError(failure, 'STORE_FENCED')) fenced(failure);
    else onReport({ code: 'COMPACTION_FAILED', error: failure });
  }

  #refuse(error: HoldfastError): void {
    this.#compaction.undemand();
    for (const { reject } of this.#demands.splice(0)) reject(error);
  }
}
