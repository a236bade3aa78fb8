import { isHoldfastError } from '../errors/index.js';
import type { Ownership, Store } from '../store/store.js';
import { Handover, handedOver } from './handover.js';
import type { Clock } from './ports.js';
import { FIRST_RETRY_MS, LAST_RETRY_MS } from './problems.js';
import { closed } from './refusals.js';

export interface OwnerPorts {
  readonly store: Store;
  readonly clock: Clock;
  /** The store is owned from now on. */
  begun(ownership: Ownership): void;
  /** It is owned no more: nothing that was begun under it may go on. */
  ended(reason: unknown): void;
  /** Whether anything is under way that would have to be done again elsewhere. */
  isBusy(): boolean;
  onError(error: unknown): void;
}

/**
 * Asks for ownership of the store, keeps it while it lasts, and asks again.
 *
 * Owns: the right to commit, while this host has it; whether the host is closing. Never: what is done with that right.
 * 1. `ended` follows each `begun` before the store is given back, and before the next `begun`.
 * 2. What another host had better have is given to it at a moment that costs little, and asked for again.
 * 3. Once it is closing, or the store has refused for good, it asks no more.
 * 4. Where the store is in trouble it asks less and less often.
 */
export class Owner {
  /** Resolves when the store is owned for the first time; rejects when it refuses, or this is closed before. */
  readonly owned: Promise<void>;
  readonly #ports: OwnerPorts;
  readonly #closing = new AbortController();
  #hasOwned = false;
  /** Between two times that it asks. */
  #retryMs = FIRST_RETRY_MS;
  #settleOwned: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  #ownership: Ownership | undefined;
  #owning: Promise<void> | undefined;
  #handover: Handover | undefined;
  #fenced: () => void = () => {};

  constructor(ports: OwnerPorts) {
    this.#ports = ports;
    this.owned = new Promise((resolve, reject) => {
      this.#settleOwned = { resolve, reject };
    });
    this.owned.catch(() => {});
  }

  get ownership(): Ownership | undefined {
    return this.#ownership;
  }

  /** Aborted once the host is closing. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Without effect on one that was opened. */
  open(): void {
    this.#owning ??= this.#own();
  }

  /** A commit was refused: another is the owner. */
  fenced(): void {
    this.#fenced();
  }

  /** Between two things that are done: another host may have the store now. What is under it may end in this very call. */
  mayYield(): void {
    this.#handover?.look();
  }

  /** Resolves after that long, or when the host closes. */
  pause(ms: number): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const cancel = clock.at(clock.now() + ms, resolve);
      const end = () => {
        cancel();
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
    });
  }

  /** Resolves when the store is given back. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    this.#settleOwned?.reject(closed());
    await this.#owning;
  }

  async #own(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const ownership = await this.#acquire();
      if (!ownership) continue;
      this.#ownership = ownership;
      this.#hasOwned = true;
      this.#retryMs = FIRST_RETRY_MS;
      this.#settleOwned?.resolve();
      const lost = this.#untilLost(ownership);
      this.#ports.begun(ownership);
      await lost;
      this.#handover?.end();
      this.#end(ownership, ownership.lost.reason ?? closed());
      await ownership.release().catch((error) => this.#ports.onError(error));
    }
  }

  #end(ownership: Ownership, reason: unknown): void {
    if (this.#ownership !== ownership) return;
    this.#ownership = undefined;
    this.#ports.ended(reason);
  }

  async #acquire(): Promise<Ownership | undefined> {
    const { signal } = this.#closing;
    try {
      return await this.#ports.store.acquire({ signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#settleOwned?.reject(error);
      const isFinal = isForGood(error);
      // `owned` tells of a refusal only once.
      if (!isFinal || this.#hasOwned) this.#ports.onError(error);
      if (isFinal) this.#closing.abort(error);
      else await this.#waitLonger();
      return undefined;
    }
  }

  #waitLonger(): Promise<void> {
    const waitMs = this.#retryMs;
    this.#retryMs = Math.min(waitMs * 2, LAST_RETRY_MS);
    return this.pause(waitMs);
  }

  #untilLost(ownership: Ownership): Promise<void> {
    return new Promise((resolve) => {
      for (const end of [ownership.lost, this.#closing.signal]) {
        if (end.aborted) resolve();
        end.addEventListener('abort', () => resolve(), { once: true });
      }
      this.#fenced = resolve;
      this.#handover = new Handover(ownership.wanted, this.#ports.isBusy, () => {
        this.#end(ownership, handedOver());
        resolve();
      });
    });
  }
}

/** `STORE_FAILED` that can't be retried says that nobody knows whether the epoch was raised: it is raised once more then. */
function isForGood(error: unknown): boolean {
  return isHoldfastError(error) && !error.retryable && error.code !== 'STORE_FAILED';
}
