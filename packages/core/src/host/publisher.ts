import type { Interest, Notice } from '../client/protocol.js';
import type { RunAddress } from '../records/records.js';
import { runKey } from '../store/tables.js';

/** After a failure to read it, what is told is tried again after so long, in ms. */
const RETRY_MS = 1000;

interface Watched {
  readonly interest: Interest;
  dirty: boolean;
  busy: boolean;
  /** The text of the run's snapshot, as it was told last, or that it goes on. */
  told: string | undefined;
}

export interface PublisherOptions {
  /** Shortest time between two notices of one interest. */
  readonly frameMs: number;
  onError(error: unknown): void;
  /** Whether a run is known to go on, without a look at what is stored: its end is nothing to look for then. */
  goesOn(address: RunAddress): boolean;
}

/**
 * Tells clients what they declared an interest in.
 *
 * Owns: the interests. Never: the runs.
 * 1. After the last change of a run a notice with its latest state follows; those between may be left out.
 * 2. Notices of one interest come in order, at most one a frame. A snapshot that was told last is not told again, and
 *    keeps none waiting.
 * 3. What a change costs does not grow with the interests in other runs. Of a run that goes on, who is interested in its end
 *    alone costs nothing.
 */
export class Publisher {
  readonly #watched = new Map<string, Watched>();
  /** Those of a run, by its key. */
  readonly #ofRun = new Map<string, Set<Watched>>();
  readonly #lists = new Set<Watched>();
  readonly #listeners = new Set<(notice: Notice) => void>();
  readonly #make: (interest: Interest) => Promise<Notice>;
  readonly #options: PublisherOptions;

  /** @param make reads the present state of what an interest is about. */
  constructor(make: (interest: Interest) => Promise<Notice>, options: PublisherOptions) {
    this.#make = make;
    this.#options = options;
  }

  listen(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watch(interest: Interest): void {
    this.unwatch(interest.id);
    const watched = { interest, dirty: true, busy: false, told: undefined };
    this.#watched.set(interest.id, watched);
    if (interest.kind === 'runs') this.#lists.add(watched);
    else this.#ofRun.set(runKey(interest.address), this.#interestsIn(interest.address).add(watched));
    void this.#serve(watched);
  }

  unwatch(id: string): void {
    const watched = this.#watched.get(id);
    if (!watched) return;
    this.#watched.delete(id);
    this.#lists.delete(watched);
    const { interest } = watched;
    if (interest.kind === 'runs') return;
    const left = this.#interestsIn(interest.address);
    left.delete(watched);
    if (left.size === 0) this.#ofRun.delete(runKey(interest.address));
  }

  /** Forgets all interests. */
  close(): void {
    this.#watched.clear();
    this.#ofRun.clear();
    this.#lists.clear();
  }

  /** Something about that run has changed. */
  changed(address: RunAddress): void {
    if (this.#watched.size === 0) return;
    for (const watched of this.#interestsIn(address)) {
      if (!isInEnd(watched.interest) || !this.#options.goesOn(address)) this.#soil(watched);
    }
    for (const watched of this.#lists) if (mayList(watched.interest, address)) this.#soil(watched);
  }

  /** Everything may have changed. */
  allChanged(): void {
    for (const watched of this.#watched.values()) this.#soil(watched);
  }

  /** Passes an event of a run on, at once. */
  emitted(address: RunAddress, event: Extract<Notice, { kind: 'emitted' }>['event']): void {
    for (const { interest } of this.#interestsIn(address)) {
      this.tell({ kind: 'emitted', interest: interest.id, event });
    }
  }

  tell(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice);
  }

  #interestsIn(address: RunAddress): Set<Watched> {
    return this.#ofRun.get(runKey(address)) ?? new Set();
  }

  #soil(watched: Watched): void {
    watched.dirty = true;
    if (!watched.busy) void this.#serve(watched);
  }

  async #serve(watched: Watched): Promise<void> {
    const isWatched = () => this.#watched.get(watched.interest.id) === watched;
    watched.busy = true;
    while (watched.dirty && isWatched()) {
      watched.dirty = false;
      let pauseMs = this.#options.frameMs;
      try {
        const notice = await this.#make(watched.interest);
        if (wasTold(watched, notice)) continue;
        if (isWatched()) this.tell(notice);
        // The end of a run keeps nobody waiting for a frame, and who was told of it may have gone.
        if (notice.kind === 'going on' || !isWatched()) continue;
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

function mayList(interest: Interest, { workflow }: RunAddress): boolean {
  return interest.kind === 'runs' && (interest.query.workflow === undefined || interest.query.workflow === workflow);
}

function isInEnd(interest: Interest): boolean {
  return interest.kind === 'run' && interest.only === 'end';
}

function wasTold(watched: Watched, notice: Notice): boolean {
  const text = notice.kind === 'run' ? notice.snapshot.text : notice.kind === 'going on' ? notice.kind : undefined;
  const same = text !== undefined && text === watched.told;
  watched.told = text;
  return same;
}
