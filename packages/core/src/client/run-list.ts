import { checkOption, OBSERVER } from '../define/options.js';
import type { RunRow } from '../records/records.js';
import type { RunQuery } from '../store/store.js';
import type { HostLink, Notice } from './protocol.js';
import type { Observer, Subscription } from './run.js';

/** A live list of runs: fits `useSyncExternalStore` and `useSelector`. */
export interface RunList {
  /** The same array until something changes; empty until the host has answered. */
  getSnapshot(): readonly RunRow[];
  subscribe(observer: Observer<readonly RunRow[]>): Subscription;
}

/** Owns: the latest rows, and who is told of them. The host is asked only while somebody listens. */
export class LinkedRunList implements RunList {
  readonly #link: HostLink;
  readonly #query: RunQuery;
  readonly #interest: string;
  readonly #observers = new Set<(rows: readonly RunRow[]) => void>();
  #rows: readonly RunRow[] = [];

  constructor(link: HostLink, query: RunQuery, interest: string) {
    this.#link = link;
    this.#query = query;
    this.#interest = interest;
  }

  getSnapshot(): readonly RunRow[] {
    return this.#rows;
  }

  subscribe(observer: Observer<readonly RunRow[]>): Subscription {
    checkOption(observer, OBSERVER, 'observer', 'subscribe');
    const own =
      typeof observer === 'function'
        ? (rows: readonly RunRow[]) => observer(rows)
        : (rows: readonly RunRow[]) => observer.next?.(rows);
    this.#observers.add(own);
    if (this.#observers.size === 1) this.declare();
    return {
      unsubscribe: () => {
        if (this.#observers.delete(own) && this.#observers.size === 0) {
          this.#link.call('unwatch', this.#interest).catch(() => {});
        }
      },
    };
  }

  /** Asks the host (again, when it is a new one) to tell of the list. */
  declare(): void {
    if (this.#observers.size === 0) return;
    this.#link.call('watch', { id: this.#interest, kind: 'runs', query: this.#query }).catch(() => {});
  }

  heed(notice: Notice<unknown>): void {
    if (notice.kind !== 'runs') return;
    this.#rows = notice.rows;
    for (const observer of [...this.#observers]) observer(this.#rows);
  }
}
