/**
 * Owns: a channel between the tabs of an origin. Never: carries what was stored.
 * 1. Nobody hears itself: that is BroadcastChannel's own rule, so each has one channel object, not more.
 * 2. A message that is lost loses nothing: what counts is in the store, and in who holds the lock.
 */
export class Channel<T> {
  readonly #name: string;
  readonly #listeners = new Set<(message: T) => void>();
  #channel: BroadcastChannel | undefined;
  #closed = false;

  constructor(name: string) {
    this.#name = name;
  }

  tell(message: T): void {
    if (!this.#closed) this.#open().postMessage(message);
  }

  listen(listener: (message: T) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#closed) this.#open();
    return () => this.#listeners.delete(listener);
  }

  #open(): BroadcastChannel {
    if (this.#channel) return this.#channel;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = (event: MessageEvent<T>) => {
      for (const listener of [...this.#listeners]) listener(event.data);
    };
    return this.#channel;
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.#channel?.close();
  }
}
