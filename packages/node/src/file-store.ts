import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Acceptance, Accepted, Checkpoint, Ownership, Store, StoreChange } from '@holdfast/core/store';
import { GuestStore } from './guest-store.js';
import { type FileStoreOptions, type StorePlace, withDefaults } from './options.js';
import { OwnedStore } from './owned-store.js';
import { OwnerWait } from './owner/await-owner.js';
import { storageError } from './storage-error.js';
import type { Reads } from './stored-reads.js';

/**
 * Opens a store in a directory of plain files; `acquire` makes this process its owner. Others read through the owner, where
 * there is one, or the files, and what they `accept` is left for the owner as mail.
 *
 * @throws `OPTION_INVALID`, `STORE_UNWRITABLE`, `STORE_FULL`, `STORE_FAILED`. `acquire` also throws `STORE_OWNED` (with the pid) while
 * another process, or another store of this one, owns the directory, unless it is to wait; `STORE_DAMAGED`, `STORE_FORMAT`.
 */
export async function openFileStore(options: FileStoreOptions): Promise<Store> {
  const place = withDefaults(options, 'openFileStore');
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
 * Owns: which side of it this process is on: that of the owner, from `acquire` to `release` or `close`, or that of a guest.
 * 1. The owner reads what it has in memory; a guest asks the owner, or reads the files.
 * 2. What was accepted by a guest comes before what it accepts once it is the owner.
 */
class FileStore implements Store {
  readonly supports = { powerLoss: true, shared: true, attachments: true };
  readonly #options: StorePlace;
  readonly #guest: GuestStore;
  readonly #listeners = new Set<(change: StoreChange) => void>();
  readonly #closing = new AbortController();
  #owned: OwnedStore | undefined;
  #acquiring: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;
  #unwatch: () => void = () => {};

  constructor(options: StorePlace) {
    this.#options = options;
    this.#guest = new GuestStore(options);
  }

  get name(): string {
    return this.#options.directory;
  }

  async acquire({ signal }: { signal?: AbortSignal } = {}): Promise<Ownership> {
    this.#assertOpen();
    const ended = AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])]);
    if (ended.aborted) throw waitEnded();
    const opening = this.#translated(() => this.#acquire(ended));
    this.#acquiring = Promise.allSettled([this.#acquiring, opening]);
    const owned = await opening;
    const { epoch, afterCrash, lost } = owned.log;
    return { epoch, afterCrash, lost, release: () => this.#end(owned, { released: true }) };
  }

  async commit(checkpoint: Checkpoint): Promise<void> {
    this.#assertOpen();
    const owned = this.#owned;
    if (!owned || owned.log.epoch !== checkpoint.epoch)
      throw new HoldfastError('STORE_FENCED', {
        message: `Epoch ${checkpoint.epoch} does not own ${this.name}.`,
        details: { epoch: checkpoint.epoch, present: owned?.log.epoch ?? null },
      });
    await owned.commit(checkpoint);
  }

  async accept(acceptance: Acceptance): Promise<Accepted> {
    this.#assertOpen();
    return this.#translated(() => (this.#owned ?? this.#guest).accept(acceptance));
  }

  load: Store['load'] = (address) => this.#read((reads) => reads.load(address));
  head: Store['head'] = (address) => this.#read((reads) => reads.head(address));
  list: Store['list'] = (query) => this.#read((reads) => reads.list(query));
  inbox: Store['inbox'] = (address) => this.#read((reads) => reads.inbox(address));
  history: Store['history'] = (address, page) => this.#read((reads) => reads.history(address, page));

  watch(listener: (change: StoreChange) => void): () => void {
    const own = (change: StoreChange) => listener(change);
    this.#listeners.add(own);
    this.#followOwner();
    return () => {
      this.#listeners.delete(own);
      this.#followOwner();
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #acquire(ended: AbortSignal): Promise<OwnedStore> {
    const { whenOwned, ownerTimeoutMs } = this.#options;
    const wait = new OwnerWait({ link: this.#guest.link, signal: ended, ownerTimeoutMs });
    for (let over: number | undefined; ; ) {
      try {
        return await this.#own(over);
      } catch (error) {
        if (whenOwned === 'fail' || !isHoldfastError(error, 'STORE_OWNED')) throw error;
        over = await wait.next();
        if (ended.aborted) throw waitEnded();
      }
    }
  }

  async #own(over: number | undefined): Promise<OwnedStore> {
    const changed = (change: StoreChange) => this.#tell(change);
    const owned = await OwnedStore.open({ ...this.#options, changed }, over);
    await this.#guest.idle();
    await owned.take();
    this.#owned = owned;
    this.#followOwner();
    return owned;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#acquiring;
    if (this.#owned) await this.#end(this.#owned, { released: false });
    this.#listeners.clear();
    this.#followOwner();
    await this.#guest.close();
  }

  async #end(owned: OwnedStore, how: { released: boolean }): Promise<void> {
    if (this.#owned !== owned) return;
    this.#owned = undefined;
    this.#followOwner();
    await this.#translated(() => owned.end(how));
  }

  /** Guests are told of changes by the owner, as long as somebody listens. */
  #followOwner(): void {
    this.#unwatch();
    this.#unwatch = () => {};
    if (this.#owned || this.#listeners.size === 0) return;
    this.#unwatch = this.#guest.watch((change) => this.#tell(change));
  }

  #tell(change: StoreChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted)
      throw new HoldfastError('CLOSED', { message: `The store ${this.name} is closed.` });
  }

  async #read<T>(look: (reads: Reads) => Promise<T>): Promise<T> {
    this.#assertOpen();
    return this.#translated(() => look(this.#owned?.reads ?? this.#guest));
  }

  async #translated<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw storageError(error, this.name);
    }
  }
}

function waitEnded(): HoldfastError {
  return new HoldfastError('CLOSED', { message: 'The wait for the store was ended.' });
}
