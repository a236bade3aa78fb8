import { join } from 'node:path';
import { type HoldfastError, isHoldfastError } from '@holdfast/core';
import { type Attachment, AttachmentFiles } from '../attachment-files.js';
import { forgetGone } from '../mail/forget-gone.js';
import { type Claim, type OwnedPlace, OwnerFile } from '../owner/owner-file.js';
import type { FileStoreReport } from '../report.js';
import { storageError } from '../storage-error.js';
import type { AttachmentRef, ChangeEntry } from './entry.js';
import { GroupCommit } from './group-commit.js';
import { LogWriter } from './log-writer.js';
import { draftsIn } from './segment-file.js';
import { readNewestSegment } from './segments.js';
import { Stage } from './stage.js';
import { LogState } from './state.js';

export interface OwnedLogOptions extends OwnedPlace {
  /** Bytes beyond which the log is written anew, at the least. */
  readonly compactBytes: number;
  readonly onReport: (report: FileStoreReport) => void;
}

/** One call on its way into the log. */
export interface Change<TResult> {
  readonly attachments: readonly Attachment[];
  readonly durable: boolean;
  /** What is to be written, or undefined when nothing is; throws when the call is refused. */
  plan(stage: Stage, refs: readonly AttachmentRef[]): ChangeEntry | undefined;
  /** What the caller is told; asked when everything is written. */
  result(entry: ChangeEntry | undefined): TResult;
}

interface Member {
  readonly change: Change<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Prepared extends Member {
  readonly refs: readonly AttachmentRef[];
}

interface Planned extends Prepared {
  readonly entry: ChangeEntry | undefined;
}

/**
 * The log while this process owns it: calls become lines, lines become state.
 *
 * Owns: the state, the right to write, and what is being written. Never: the shape of calls.
 * 1. State changes, and callers are told, after their lines are written; never before.
 * 2. A call that is refused, or whose attachments can't be written, fails alone. A group that can't be written is
 *    tried again one by one.
 * 3. When the right is lost every call is refused, and `lost` is aborted.
 */
export class OwnedLog {
  readonly state: LogState;
  /** Whether the owner before ended without giving the log back. */
  readonly afterCrash: boolean;
  readonly #options: OwnedLogOptions;
  readonly #owner: OwnerFile;
  readonly #writer: LogWriter;
  readonly #files: AttachmentFiles;
  readonly #lost = new AbortController();
  readonly #group = new GroupCommit<Member>((group) => this.#write(group));
  #compactAt: number;

  private constructor(
    options: OwnedLogOptions,
    owner: OwnerFile,
    { state, afterCrash }: Pick<OwnedLog, 'state' | 'afterCrash'>,
    writer: LogWriter,
  ) {
    this.#options = options;
    this.#owner = owner;
    this.state = state;
    this.afterCrash = afterCrash;
    this.#writer = writer;
    this.#files = new AttachmentFiles(options.fileSystem, options.directory, owner.epoch);
    this.#compactAt = options.compactBytes;
  }

  /** @throws `STORE_OWNED`, `STORE_DAMAGED`, `STORE_FORMAT`, and what {@link storageError} makes of I/O errors. */
  static async open(options: OwnedLogOptions, claim: Claim = {}): Promise<OwnedLog> {
    for (;;) {
      const owner = await OwnerFile.take(options, claim);
      try {
        return await OwnedLog.#recover(options, owner);
      } catch (error) {
        await owner.release().catch((failure: unknown) => {
          options.onReport({ code: 'REMOVAL_FAILED', error: storageError(failure, options.directory) });
        });
        // Another one started at the same instant: it owns the store now, or has left again.
        if (!isHoldfastError(error, 'STORE_FENCED')) throw error;
      }
    }
  }

  static async #recover(options: OwnedLogOptions, owner: OwnerFile): Promise<OwnedLog> {
    const { fileSystem, directory, onReport } = options;
    const found = await readNewestSegment(fileSystem, directory);
    if (found?.tornAt !== undefined) onReport({ code: 'TAIL_CUT', file: found.file, offset: found.tornAt });
    const last = found?.lines.at(-1);
    const after = { line: last?.line ?? 0, batch: last?.batch ?? 0 };
    const assertNewest = () => owner.assertNewest();
    const writer = new LogWriter({ fileSystem, directory, epoch: owner.epoch, assertNewest }, after);
    const state = found ? LogState.of(found) : new LogState();
    await forgetGone(state.mail, options);
    const afterCrash = found !== undefined && !(last?.entry.kind === 'end' && last.entry.released);
    const log = new OwnedLog(options, owner, { state, afterCrash }, writer);
    await writer.begin(log.state);
    await owner.removeOlder();
    await log.#tidy();
    return log;
  }

  get epoch(): number {
    return this.#owner.epoch;
  }

  /** Aborted with a `STORE_FENCED` error as its reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  submit<TResult>(change: Change<TResult>): Promise<TResult> {
    return new Promise((resolve, reject) => {
      this.#group.add({ change, resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /** Looks whether this is still the owner; `lost` is aborted when it is not. @throws `STORE_FENCED`, the system's errors. */
  async assertOwned(): Promise<void> {
    try {
      this.lost.throwIfAborted();
      await this.#owner.assertNewest();
    } catch (error) {
      if (isHoldfastError(error, 'STORE_FENCED')) this.#lost.abort(error);
      throw error;
    }
  }

  /** Waits for what is under way, marks the log as complete, says whether that is in good order, gives the right back. */
  async end({ released }: { released: boolean }): Promise<void> {
    await this.#group.idle();
    try {
      if (!this.lost.aborted) await this.#writer.append([{ kind: 'end', released }], { durable: true });
    } catch (error) {
      if (!isHoldfastError(error, 'STORE_FENCED')) throw error;
      this.#lost.abort(error);
    } finally {
      await this.#writer.close();
      await this.#owner.release();
    }
  }

  async #write(group: Member[]): Promise<void> {
    const prepared: Prepared[] = [];
    for (const member of group) {
      try {
        this.lost.throwIfAborted();
        prepared.push({ ...member, refs: await this.#files.write(member.change.attachments) });
      } catch (error) {
        member.reject(storageError(error, this.#options.directory));
      }
    }
    await this.#commit(prepared);
    if (this.#writer.length > this.#compactAt) await this.#compact();
  }

  async #commit(group: readonly Prepared[]): Promise<void> {
    const planned = await this.#plan(group);
    const entries = planned.flatMap(({ entry }) => entry ?? []);
    const durable = planned.some(({ change }) => change.durable);
    try {
      if (entries.length > 0) await this.#writer.append(entries, { durable });
    } catch (error) {
      await this.#failed(planned, error as HoldfastError);
      return;
    }
    const unused = planned.flatMap(({ entry, refs }) => (entry ? this.state.apply(entry) : fileNames(refs)));
    for (const { change, entry, resolve } of planned) resolve(change.result(entry));
    // What a change that is not synced has freed may be wanted again after power loss: a later tidying takes it.
    if (durable) await this.#remove(unused);
  }

  async #plan(group: readonly Prepared[]): Promise<Planned[]> {
    const stage = new Stage(this.state);
    const planned: Planned[] = [];
    for (const member of group) {
      try {
        const entry = member.change.plan(stage, member.refs);
        if (entry) stage.take(entry);
        planned.push({ ...member, entry });
      } catch (error) {
        member.reject(error);
        await this.#remove(fileNames(member.refs));
      }
    }
    return planned;
  }

  async #failed(group: readonly Planned[], error: HoldfastError): Promise<void> {
    if (isHoldfastError(error, 'STORE_FENCED')) this.#lost.abort(error);
    if (error.retryable && group.length > 1) {
      for (const member of group) await this.#commit([member]);
      return;
    }
    for (const { reject } of group) reject(error);
    if (error.retryable) await this.#remove(group.flatMap(({ refs }) => fileNames(refs)));
  }

  async #compact(): Promise<void> {
    try {
      await this.#writer.begin(this.state);
      await this.#tidy();
    } catch (error) {
      const failure = storageError(error, this.#options.directory);
      if (isHoldfastError(failure, 'STORE_FENCED')) this.#lost.abort(failure);
      else this.#options.onReport({ code: 'COMPACTION_FAILED', error: failure });
    }
    // Twice what is alive: so a log is never written anew more often than it doubles.
    this.#compactAt = Math.max(this.#options.compactBytes, 2 * this.#writer.length);
  }

  /** Removes what the present segment has made superfluous. */
  async #tidy(): Promise<void> {
    const { fileSystem, directory } = this.#options;
    try {
      await this.#writer.removeOlder();
      await this.#files.removeOthers(this.state.files());
      for (const file of draftsIn(await fileSystem.list(directory))) await fileSystem.remove(join(directory, file));
    } catch (error) {
      this.#options.onReport({ code: 'REMOVAL_FAILED', error: storageError(error, directory) });
    }
  }

  async #remove(files: readonly string[]): Promise<void> {
    try {
      await this.#files.remove(files);
    } catch (error) {
      this.#options.onReport({ code: 'REMOVAL_FAILED', error: storageError(error, this.#options.directory) });
    }
  }
}

function fileNames(refs: readonly AttachmentRef[]): string[] {
  return refs.map(({ file }) => file);
}
