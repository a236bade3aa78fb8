import { HoldfastError } from '@holdfast/core';
import type { Acceptance, Accepted, Checkpoint, Ownership, RunAddress, Store, StoredRun } from '@holdfast/core/store';
import { damagedAttachment, readAttachment } from './attachment-files.js';
import { commitChange, inboxChange, startChange } from './changes.js';
import type { LogOptions } from './log/log-options.js';
import { OwnedLog } from './log/owned-log.js';
import { RunReader } from './log/run-reader.js';
import { SharedView } from './log/shared-view.js';
import type { LogState } from './log/state.js';
import { type FileStoreOptions, withDefaults } from './options.js';
import { storageError } from './storage-error.js';

/**
 * Opens a store in a directory of plain files; `acquire` makes this process its owner. `accept` and `commit` are
 * the owner's; other processes read what is known to be synced.
 *
 * @throws `OPTION_INVALID`, `STORE_UNWRITABLE`, `STORE_FULL`, `STORE_FAILED`. `acquire` also throws `STORE_OWNED` (with
 * the pid) while another process, or another store of this one, owns the directory, `STORE_DAMAGED` and `STORE_FORMAT`.
 */
export async function openFileStore(options: FileStoreOptions): Promise<Store> {
  const place = withDefaults(options);
  const { fileSystem, directory } = place;
  try {
    await fileSystem.makeFolder(directory);
  } catch (error) {
    throw storageError(error, directory);
  }
  return new FileStore(place);
}

/**
 * The store port over a directory.
 *
 * Owns: the log, from `acquire` to `release` or `close`. Never: the log's layout.
 * 1. The owner reads what it has indexed; anyone else catches up with the files at each call.
 */
class FileStore implements Store {
  readonly supports = { powerLoss: true, shared: false, attachments: true };
  readonly #options: LogOptions;
  readonly #reader: RunReader;
  readonly #view: SharedView;
  #log: OwnedLog | undefined;
  #acquiring: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#reader = new RunReader(options);
    this.#view = new SharedView(options);
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
      return acceptance.kind === 'inbox'
        ? log.submit(inboxChange(acceptance))
        : log.submit(startChange(acceptance, (run) => this.#read((state) => this.#reader.value(state, run, 'input'))));
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

  head: Store['head'] = (address) => this.#read((state) => state.head(address));
  list: Store['list'] = (query) => this.#read((state) => state.list(query));
  inbox: Store['inbox'] = (address) => this.#read((state) => this.#reader.inbox(state, address));
  history: Store['history'] = (address, page) => this.#read((state) => this.#reader.history(state, address, page));

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
    return this.#translated(() => this.#reader.reading(() => this.#log?.state ?? this.#view.present(), look));
  }

  async #load(address: RunAddress, state: LogState): Promise<StoredRun | undefined> {
    const run = await this.#reader.run(state, address);
    if (!run) return undefined;
    const attachments = new Map<string, Blob>();
    for (const ref of run.attachments) {
      try {
        attachments.set(ref.id, await readAttachment(this.#options.fileSystem, this.name, ref));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        // Its file goes when its deletion is synced, even where no later line tells so yet.
        const now = this.#log?.state ?? (await this.#view.withUnsure());
        if (now.run(address)?.attachments.get(ref.id)?.file === ref.file) throw damagedAttachment(ref);
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
