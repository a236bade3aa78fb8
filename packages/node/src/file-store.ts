import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { Acceptance, Accepted, Checkpoint, Ownership, RunAddress, Store, StoredRun } from '@holdfast/core/store';
import { damagedAttachment, readAttachment } from './attachment-files.js';
import { commitChange, inboxChange, startChange } from './changes.js';
import { type FileSystem, nodeFileSystem } from './file-system.js';
import { OwnedLog, type OwnedLogOptions } from './log/owned-log.js';
import { readNewestSegment } from './log/segments.js';
import { LogState } from './log/state.js';
import { nodeProcesses, type Processes } from './owner/processes.js';
import { type FileStoreReport, warn } from './report.js';
import { storageError } from './storage-error.js';

export interface FileStoreOptions {
  /** Made when it is not there. One store a directory. */
  readonly directory: string;
  /** The log is written anew, without what is no longer needed, when it has grown beyond this (bytes; default 8 MiB) and to twice of what was needed. */
  readonly compactBytes?: number;
  /** Told of what needs attention though no call failed; by default a warning of the process. */
  readonly onReport?: (report: FileStoreReport) => void;
  /** For tests: another file system. */
  readonly fileSystem?: FileSystem;
  /** For tests: other processes. */
  readonly processes?: Processes;
}

const DEFAULT_COMPACT_BYTES = 8 << 20;

/**
 * Opens a store in a directory of plain files; `acquire` makes this process its owner. `accept` and `commit` are
 * the owner's; other processes read what is known to be synced.
 *
 * @throws `STORE_UNWRITABLE`, `STORE_FULL`, `STORE_FAILED`. `acquire` also throws `STORE_OWNED` (with the pid) while
 * another process, or another store of this one, owns the directory, `STORE_DAMAGED` and `STORE_FORMAT`.
 */
export async function openFileStore(options: FileStoreOptions): Promise<Store> {
  const { fileSystem = nodeFileSystem, processes = nodeProcesses } = options;
  const { compactBytes = DEFAULT_COMPACT_BYTES, onReport = warn } = options;
  const directory = resolve(options.directory);
  try {
    await fileSystem.makeFolder(directory);
  } catch (error) {
    throw storageError(error, directory);
  }
  return new FileStore({ directory, fileSystem, processes, compactBytes, onReport });
}

/**
 * The store port over a directory.
 *
 * Owns: the log, from `acquire` to `release` or `close`. Never: the log's layout.
 * 1. The owner reads what it has in memory; anyone else reads the files.
 */
class FileStore implements Store {
  readonly supports = { powerLoss: true, shared: false, attachments: true };
  readonly #options: OwnedLogOptions;
  #log: OwnedLog | undefined;
  #acquiring: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(options: OwnedLogOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.directory;
  }

  async acquire({ signal }: { signal?: AbortSignal } = {}): Promise<Ownership> {
    this.#assertOpen();
    if (signal?.aborted) throw new HoldfastError('CLOSED', { message: 'The wait for the store was ended.' });
    const opening = this.#translated(() => OwnedLog.open(this.#options));
    this.#acquiring = Promise.allSettled([this.#acquiring, opening]);
    const log = await opening;
    this.#log = log;
    const { epoch, afterCrash, lost } = log;
    return { epoch, afterCrash, lost, release: () => this.#end(log, { released: true }) };
  }

  async commit(checkpoint: Checkpoint): Promise<void> {
    this.#assertOpen();
    const log = this.#log;
    if (log && log.epoch === checkpoint.epoch) return log.submit(commitChange(checkpoint));
    throw new HoldfastError('STORE_FENCED', {
      message: `Epoch ${checkpoint.epoch} does not own ${this.name}.`,
      details: { epoch: checkpoint.epoch, present: log?.epoch ?? null },
    });
  }

  async accept(acceptance: Acceptance): Promise<Accepted> {
    this.#assertOpen();
    const log = this.#log;
    if (log)
      return log.submit(acceptance.kind === 'start' ? startChange(acceptance, log.state) : inboxChange(acceptance));
    throw new HoldfastError('STORE_OWNED', {
      message: `This process does not own the store directory ${this.name}, so it can't start runs or send to them.`,
      remedy: 'Do it in the process that owns it, or acquire it first.',
      details: { directory: this.name },
      retryable: true,
    });
  }

  load(address: RunAddress): Promise<StoredRun | undefined> {
    return this.#read((state) => this.#load(address, state));
  }

  head: Store['head'] = (address) => this.#read(({ tables }) => tables.head(address));
  list: Store['list'] = (query) => this.#read(({ tables }) => tables.list(query));
  inbox: Store['inbox'] = (address) => this.#read(({ tables }) => tables.inbox(address));
  history: Store['history'] = (address, page) => this.#read(({ tables }) => tables.history(address, page));

  /** Nobody else can change a directory that is owned, so there is nothing to tell. */
  watch(): () => void {
    return () => {};
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#acquiring;
    if (this.#log) await this.#end(this.#log, { released: false });
  }

  async #end(log: OwnedLog, how: { released: boolean }): Promise<void> {
    if (this.#log !== log) return;
    this.#log = undefined;
    await this.#translated(() => log.end(how));
  }

  #assertOpen(): void {
    if (this.#closing) throw new HoldfastError('CLOSED', { message: `The store ${this.name} is closed.` });
  }

  async #read<T>(look: (state: LogState) => T | Promise<T>): Promise<T> {
    this.#assertOpen();
    return this.#translated(async () => look(await this.#state()));
  }

  async #state({ syncedOnly = true } = {}): Promise<LogState> {
    if (this.#log) return this.#log.state;
    const segment = await readNewestSegment(this.#options.fileSystem, this.name);
    return segment ? LogState.of(segment, { syncedOnly }) : new LogState();
  }

  async #load(address: RunAddress, state: LogState): Promise<StoredRun | undefined> {
    const run = state.tables.load(address);
    if (!run) return undefined;
    const attachments = new Map<string, Blob>();
    for (const ref of state.attachments(address)) {
      try {
        attachments.set(ref.id, await readAttachment(this.#options.fileSystem, this.name, ref));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        // Its file goes when its deletion is synced, even where no later line tells so yet.
        const now = await this.#state({ syncedOnly: false });
        if (now.files().has(ref.file)) throw damagedAttachment(ref);
        return this.#load(address, now);
      }
    }
    return { ...run, attachments };
  }

  async #translated<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw storageError(error, this.name);
    }
  }
}
