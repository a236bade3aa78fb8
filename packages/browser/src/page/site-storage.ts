import { arrived, checkOption, FUNCTION, type HoldfastError, type Subscription } from '@holdfast/core/client';
import { storeLost } from '../wire/store-lost.js';
import type { Incarnation, StoreNotice, TroubleNotice } from '../wire/wire.js';
import { noteKnown, readKnown } from './known-store.js';

export interface StorageSnapshot {
  /**
   * Why runs are not stored, or the store not opened, while it is so: a `STORE_FULL`, `STORE_BLOCKED`, `STORE_FAILED`, … It
   * is tried again by itself. As this tab's worker has met it: others may not have.
   */
  readonly trouble: HoldfastError | undefined;
  /** That all that was stored is gone: a `STORE_LOST`, from then on until the page is left; no later page is told again. */
  readonly lost: HoldfastError | undefined;
}

/** What the browser says of all that this origin has stored. Numbers are in bytes, undefined where it says nothing. */
export interface StorageEstimate {
  readonly usage: number | undefined;
  /** An estimate, at times far from the limit in force: to be shown, not to be relied upon. */
  readonly quota: number | undefined;
  /** Whether the browser will not evict it by itself when room is short. */
  readonly persisted: boolean | undefined;
}

/** How it stands with what is stored here: fits `useSyncExternalStore` and `useSelector`. */
export interface SiteStorage {
  /** The same object until it changes. */
  getSnapshot(): StorageSnapshot;
  subscribe(observer: (snapshot: StorageSnapshot) => void): Subscription;
  estimate(): Promise<StorageEstimate>;
  /**
   * Asks the browser not to evict what this origin has stored; resolves to whether it will not. Firefox asks the person:
   * call it when they have just done what is worth keeping.
   */
  persist(): Promise<boolean>;
}

/**
 * Owns: what is known of the store, which store it is, and who is told. Never: decides by an estimate.
 * 1. A store of another incarnation than the one known is told as lost, and is the one known from then on: once.
 */
export class PageSiteStorage implements SiteStorage {
  readonly #name: string;
  readonly #observers = new Set<(snapshot: StorageSnapshot) => void>();
  #known: Incarnation | undefined;
  #snapshot: StorageSnapshot = Object.freeze({ trouble: undefined, lost: undefined });

  constructor(name: string) {
    this.#name = name;
  }

  getSnapshot(): StorageSnapshot {
    return this.#snapshot;
  }

  subscribe(observer: (snapshot: StorageSnapshot) => void): Subscription {
    checkOption(observer, FUNCTION, 'observer', 'subscribe');
    const own = (snapshot: StorageSnapshot) => observer(snapshot);
    this.#observers.add(own);
    return { unsubscribe: () => this.#observers.delete(own) };
  }

  async estimate(): Promise<StorageEstimate> {
    const [estimate, persisted] = await Promise.all([
      asked<StorageEstimate | undefined>(() => navigator.storage.estimate() as Promise<StorageEstimate>),
      asked(() => navigator.storage.persisted()),
    ]);
    return { usage: estimate?.usage, quota: estimate?.quota, persisted };
  }

  async persist(): Promise<boolean> {
    return (await asked(() => navigator.storage.persist())) ?? false;
  }

  /** The store that this page believes in; none before its first use in this browser. */
  known(): Incarnation | undefined {
    this.#known ??= readKnown(this.#name);
    return this.#known;
  }

  /** What the worker says. Gives the `STORE_LOST` when that is what it comes to. */
  heed(notice: StoreNotice | TroubleNotice): HoldfastError | undefined {
    if (notice.kind === 'store') return this.#found(notice);
    const trouble = notice.error && (arrived(notice.error) as HoldfastError);
    if (trouble !== this.#snapshot.trouble) this.#set({ trouble });
    return undefined;
  }

  #found({ database, incarnation }: Incarnation): HoldfastError | undefined {
    const before = this.known();
    if (before?.database === database && before.incarnation === incarnation) return undefined;
    this.#known = { database, incarnation };
    noteKnown(this.#name, this.#known);
    if (before?.database !== database) return undefined;
    const lost = storeLost(database, incarnation);
    this.#set({ lost });
    return lost;
  }

  #set(change: Partial<StorageSnapshot>): void {
    this.#snapshot = Object.freeze({ ...this.#snapshot, ...change });
    for (const observer of [...this.#observers]) observer(this.#snapshot);
  }
}

/** What the browser answers, where it does: there may be no such interface, or none in a private window. */
async function asked<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}
