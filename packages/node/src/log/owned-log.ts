import { join } from 'node:path';
import { type HoldfastError, isHoldfastError } from '@holdfast/core';
import { type Attachment, AttachmentFiles } from '../attachment-files.js';
import { type Claim, OwnerFile } from '../owner/owner-file.js';
import { storageError } from '../storage-error.js';
import type { AttachmentRef, ChangeEntry, Entry } from './entry.js';
import { GroupCommit } from './group-commit.js';
import { Indexing } from './indexing.js';
import type { LogOptions } from './log-options.js';
import type { LinePlace } from './place.js';
import { type Recovered, recover } from './recover.js';
import { indexFile } from './segment-file.js';
import { Stage } from './stage.js';
import type { LogState } from './state.js';
import { Upkeep } from './upkeep.js';

/** One call on its way into the log. */
export interface Change<TResult> {
  readonly attachments: readonly Attachment[];
  readonly durable: boolean;
  /** What is to be written, or undefined when nothing is; throws when the call is refused. */
  plan(stage: Stage, refs: readonly AttachmentRef[]): ChangeEntry | undefined;
  /** What the caller is told; asked when everything is written. */
  result(entry: ChangeEntry | undefined): TResult | Promise<TResult>;
}

interface Member {
  readonly change: Change<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** One whose attachments are written. */
interface Prepared extends Member {
  readonly refs: readonly AttachmentRef[];
  /** As it was planned last: it may be tried again by itself. */
  entry: ChangeEntry | undefined;
}

/**
 * The log while this process owns it: calls become lines, lines become state.
 *
 * Owns: the state, the right to write, and what is being written. Never: the shape of calls.
 * 1. State changes, and callers are told, after their lines are written; never before.
 * 2. A call that is refused, or whose attachments can't be written, fails alone. A group that can't be written is
 *    tried again one by one.
 * 3. When the right is lost every call is refused, and `lost` is aborted.
 * 4. An attachment's file is removed when it is synced, and no later owner is there, that nothing refers to it.
 */
export class OwnedLog {
  readonly state: LogState;
  /** Whether the owner before ended without giving the log back. */
  readonly afterCrash: boolean;
  readonly #options: LogOptions;
  readonly #owner: OwnerFile;
  readonly #writer: Recovered['writer'];
  readonly #files: AttachmentFiles;
  readonly #upkeep: Upkeep;
  readonly #lost = new AbortController();
  readonly #group: GroupCommit<Member>;
  /** Attachment files that nothing refers to, which may not be known to be synced. */
  #unneeded: string[] = [];

  private constructor(
    options: LogOptions,
    owner: OwnerFile,
    { state, afterCrash, writer, indexed }: Omit<Recovered, 'tidy'>,
  ) {
    this.#options = options;
    this.#owner = owner;
    this.state = state;
    this.afterCrash = afterCrash;
    this.#writer = writer;
    this.#files = new AttachmentFiles(options.fileSystem, options.directory, owner.epoch);
    this.#upkeep = new Upkeep({
      ...options,
      state,
      writer,
      written: (entries, places) => this.#apply(entries, places),
      indexing: new Indexing({
        ...options,
        epoch: owner.epoch,
        state,
        indexed,
        assertNewest: () => owner.assertNewest(),
      }),
      remove: (file) => this.#removing(() => this.#removeSegment(file)),
      wake: () => this.#group.wake(),
      fenced: (error) => this.#lost.abort(error),
    });
    this.#group = new GroupCommit({ write: (group) => this.#write(group), rest: () => this.#rest() });
  }

  /** @throws `STORE_OWNED`, `STORE_DAMAGED`, `STORE_FORMAT`, and what {@link storageError} makes of I/O errors. */
  static async open(options: LogOptions, claim: Claim = {}): Promise<OwnedLog> {
    for (;;) {
      const owner = await OwnerFile.take(options, claim);
      try {
        const recovered = await recover(options, owner);
        await owner.removeOlder();
        const log = new OwnedLog(options, owner, recovered);
        await log.#removing(() => recovered.tidy());
        log.#group.wake();
        return log;
      } catch (error) {
        await owner.release().catch((failure: unknown) => {
          options.onReport({ code: 'REMOVAL_FAILED', error: storageError(failure, options.directory) });
        });
        // Another one started at the same instant: it owns the store now, or has left again.
        if (!isHoldfastError(error, 'STORE_FENCED')) throw error;
      }
    }
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

  /**
   * Gives back all space that is not needed; resolves when it is done.
   *
   * @throws `STORE_FENCED`, `STORE_DAMAGED`, store codes.
   */
  async compact(): Promise<void> {
    this.lost.throwIfAborted();
    await this.#upkeep.compact();
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
    this.#upkeep.stop();
    await this.#group.idle();
    try {
      if (!this.lost.aborted) {
        await this.#writer.sync();
        await this.#writer.append([{ kind: 'end', released }], { durable: true });
        await this.#removeUnneeded();
      }
    } catch (error) {
      if (!isHoldfastError(error, 'STORE_FENCED')) throw error;
      this.#lost.abort(error);
    } finally {
      await this.#writer.close().finally(() => this.#owner.release());
    }
  }

  async #write(group: Member[]): Promise<void> {
    const prepared: Prepared[] = [];
    for (const member of group) {
      const { attachments } = member.change;
      try {
        this.lost.throwIfAborted();
        const refs = attachments.length > 0 ? await this.#files.write(attachments) : [];
        const { change, resolve, reject } = member;
        prepared.push({ change, resolve, reject, refs, entry: undefined });
      } catch (error) {
        member.reject(storageError(error, this.#options.directory));
      }
    }
    await this.#commit(prepared);
  }

  async #rest(): Promise<boolean> {
    if (this.lost.aborted) return false;
    const more = await this.#upkeep.rest();
    if (this.#unneeded.length > 0) await this.#removeUnneeded();
    return more;
  }

  async #commit(group: readonly Prepared[]): Promise<void> {
    const planned = this.#plan(group);
    const entries: ChangeEntry[] = [];
    let durable = false;
    for (const { entry, change } of planned) {
      if (entry) entries.push(entry);
      durable ||= change.durable;
    }
    try {
      if (entries.length > 0) this.#apply(entries, await this.#writer.append(entries, { durable }));
    } catch (error) {
      await this.#failed(planned, error as HoldfastError);
      return;
    }
    for (const { entry, refs } of planned) if (!entry) this.#unneeded.push(...fileNames(refs));
    for (const { change, entry, resolve } of planned) resolve(change.result(entry));
  }

  #apply(entries: readonly Entry[], places: readonly LinePlace[]): void {
    entries.forEach((entry, at) => {
      const place = places[at] as LinePlace;
      this.#unneeded.push(...this.state.apply(entry, place));
      this.state.fresh.written(place, entry);
    });
  }

  #plan(group: readonly Prepared[]): Prepared[] {
    const stage = new Stage(this.state);
    const planned: Prepared[] = [];
    for (const member of group) {
      try {
        member.entry = member.change.plan(stage, member.refs);
        if (member.entry) stage.take(member.entry);
        planned.push(member);
      } catch (error) {
        member.reject(error);
        this.#unneeded.push(...fileNames(member.refs));
      }
    }
    return planned;
  }

  async #failed(group: readonly Prepared[], error: HoldfastError): Promise<void> {
    if (isHoldfastError(error, 'STORE_FENCED')) this.#lost.abort(error);
    if (error.retryable && group.length > 1) {
      for (const member of group) await this.#commit([member]);
      return;
    }
    for (const { reject } of group) reject(error);
    if (error.retryable) this.#unneeded.push(...group.flatMap(({ refs }) => fileNames(refs)));
  }

  async #removeUnneeded(): Promise<void> {
    if (this.#unneeded.length === 0 || !this.#writer.isSynced) return;
    const files = this.#unneeded;
    this.#unneeded = [];
    await this.#removing(() => this.#files.remove(files));
  }

  async #removeSegment(file: string): Promise<void> {
    const { fileSystem, directory } = this.#options;
    await fileSystem.remove(join(directory, indexFile(file)));
    await fileSystem.remove(join(directory, file));
  }

  /** What can't be removed now is removed when the store is next opened. */
  async #removing(remove: () => Promise<void>): Promise<void> {
    try {
      await remove();
    } catch (error) {
      this.#options.onReport({ code: 'REMOVAL_FAILED', error: storageError(error, this.#options.directory) });
    }
  }
}

function fileNames(refs: readonly AttachmentRef[]): string[] {
  return refs.map(({ file }) => file);
}
