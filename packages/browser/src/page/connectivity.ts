import { checkOption, FUNCTION, type Subscription } from '@holdfast/core/client';

export interface ConnectivitySnapshot {
  /** False while browser, worker or probe say that the network is gone. */
  readonly online: boolean;
}

/** Whether the network is there, as far as this tab knows: fits `useSyncExternalStore` and `useSelector`. */
export interface Connectivity {
  /** The same object until it changes. */
  getSnapshot(): ConnectivitySnapshot;
  subscribe(observer: (snapshot: ConnectivitySnapshot) => void): Subscription;
}

const ONLINE: ConnectivitySnapshot = Object.freeze({ online: true });
const OFFLINE: ConnectivitySnapshot = Object.freeze({ online: false });

/** Owns: what the worker has said of the network, and who is told. The page is listened to only while somebody is. */
export class PageConnectivity implements Connectivity {
  readonly #observers = new Set<(snapshot: ConnectivitySnapshot) => void>();
  #worker = true;
  #told = ONLINE;
  #listening: AbortController | undefined;

  getSnapshot(): ConnectivitySnapshot {
    // There may be no navigator, where a server renders the page.
    return this.#worker && globalThis.navigator?.onLine !== false ? ONLINE : OFFLINE;
  }

  subscribe(observer: (snapshot: ConnectivitySnapshot) => void): Subscription {
    checkOption(observer, FUNCTION, 'observer', 'subscribe');
    const own = (snapshot: ConnectivitySnapshot) => observer(snapshot);
    this.#observers.add(own);
    if (!this.#listening) this.#listen();
    return {
      unsubscribe: () => {
        this.#observers.delete(own);
        if (this.#observers.size > 0) return;
        this.#listening?.abort();
        this.#listening = undefined;
      },
    };
  }

  /** What the worker says. */
  tell(online: boolean): void {
    this.#worker = online;
    this.#changed();
  }

  #listen(): void {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#told = this.getSnapshot();
    for (const type of ['online', 'offline']) addEventListener(type, () => this.#changed(), { signal });
  }

  #changed(): void {
    const snapshot = this.getSnapshot();
    if (snapshot === this.#told) return;
    this.#told = snapshot;
    for (const observer of [...this.#observers]) observer(snapshot);
  }
}
