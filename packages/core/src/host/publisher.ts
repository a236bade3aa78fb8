import type { Interest, Notice } from '../client/protocol.js';
import type { RunAddress } from '../records/records.js';
import { runKey } from '../store/tables.js';

/** After a failure to read it, what is told is tried again after so long, in ms. */
const RETRY_MS = 1000;

interface Watched {
  readonly interest: Interest;
  dirty: boolean;
  busy: boolean;
}

/**
 * Tells clients what they declared an interest in.
 *
 * Owns: the interests. Never: the runs.
 * 1. After the last change of a run a notice with its latest state follows; those between may be left out.
 * 2. Notices of one interest come in order, at most one a frame.
 */
export class Publisher {
  readonly #watched = new Map<string, Watched>();
  readonly #listeners = new Set<(notice: Notice) => void>();
  readonly #make: (interest: Interest) => Promise<Notice>;
  readonly #options: { onError: (error: unknown) => void; frameMs: number };

  /**
   * @param make reads the present state of what an interest is about.
   * @param options.frameMs shortest time between two notices of one interest.
   */
  constructor(
    make: (interest: Interest) => Promise<Notice>,
    options: { onError: (error: unknown) => void; frameMs: number },
  ) {
    this.#make = make;
    this.#options = options;
  }

  listen(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watch(interest: Interest): void {
    const watched = { interest, dirty: true, busy: false };
    this.#watched.set(interest.id, watched);
    void this.#serve(watched);
  }

  unwatch(id: string): void {
    this.#watched.delete(id);
  }

  /** Forgets all interests. */
  close(): void {
    this.#watched.clear();
  }

  /** Something about that run has changed. */
  changed(address: RunAddress): void {
    for (const watched of this.#watched.values()) {
      if (!concerns(watched.interest, address)) continue;
      watched.dirty = true;
      void this.#serve(watched);
    }
  }

  /** Everything may have changed. */
  allChanged(): void {
    for (const watched of this.#watched.values()) {
      watched.dirty = true;
      void this.#serve(watched);
    }
  }

  /** Passes an event of a run on, at once. */
  emitted(address: RunAddress, event: Extract<Notice, { kind: 'emitted' }>['event']): void {
    for (const { interest } of this.#watched.values()) {
      if (interest.kind === 'run' && concerns(interest, address))
        this.tell({ kind: 'emitted', interest: interest.id, event });
    }
  }

  tell(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice);
  }

  async #serve(watched: Watched): Promise<void> {
    if (watched.busy) return;
    watched.busy = true;
    while (watched.dirty && this.#watched.get(watched.interest.id) === watched) {
      watched.dirty = false;
      let pauseMs = this.#options.frameMs;
      try {
        const notice = await this.#make(watched.interest);
        if (this.#watched.get(watched.interest.id) === watched) this.tell(notice);
      } catch (error) {
        watched.dirty = true;
        pauseMs = RETRY_MS;
        if (this.#watched.has(watched.interest.id)) this.#options.onError(error);
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    watched.busy = false;
  }
}

function concerns(interest: Interest, address: RunAddress): boolean {
  if (interest.kind === 'run') return runKey(interest.address) === runKey(address);
  return interest.query.workflow === undefined || interest.query.workflow === address.workflow;
}
