import type { StoreChange } from '@holdfast/core/store';

/**
 * Owns: the channel between the connections to one database. Never: carries what was stored.
 * 1. A connection never hears itself: that is BroadcastChannel's own rule, so it has one channel object, not more.
 * 2. A wake that is lost loses nothing: whoever hears one reads the store.
 */
export class Wakes {
  readonly #name: string;
  readonly #listeners = new Set<(change: StoreChange) => void>();
  #channel: BroadcastChannel | undefined;
  #closed = false;

  constructor(name: string) {
    this.#name = name;
  }

  tell(change: StoreChange): void {
    if (!this.#closed) this.#open().postMessage(change);
  }

  listen(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#closed) this.#open();
    return () => this.#listeners.delete(listener);
  }

  #open(): BroadcastChannel {
    if (this.#channel) return this.#channel;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = (event: MessageEvent<StoreChange>) => {
      for (const listener of this.#listeners) listener(event.data);
    };
    return this.#channel;
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.#channel?.close();
  }
}
