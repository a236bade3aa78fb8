import type { Clock, Connectivity } from '@holdfast/core/host';
import type { Probe } from './reachability.js';

export interface ConnectivityOptions {
  readonly scope: EventTarget & { readonly navigator: { readonly onLine: boolean } };
  readonly clock: Clock;
  /** Within how many ms of the network's return those who wait for it go on. */
  readonly resumeWithinMs: number;
  /** Asked before the network counts as there. Default: what the browser says is believed. */
  readonly probe?: Probe | undefined;
  /** From 0 to below 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** How long a probe may take. */
const PROBE_MS = 5000;
/** Between two probes that fail: at first, and at most; up to half of it is left out by chance. */
const FIRST_WAIT_MS = 1000;
const LAST_WAIT_MS = 60_000;

/**
 * Whether steps that require the network may run.
 *
 * Owns: what worker, page and probe have said, who waits for the network, and when each goes on. Never: performs a step.
 * 1. It is offline while the worker or the page says so: one of them may learn of a change late, or not at all.
 * 2. With a probe it is online only once that said so, and until a failed step's `check` says otherwise.
 * 3. A probe is asked by who waits or checks, one at a time; after one that failed not before its wait is over.
 * 4. Of the network's return each who waits is told at a moment of its own, within `resumeWithinMs`; of its loss at once.
 */
export class HostConnectivity implements Connectivity {
  readonly #options: Required<Omit<ConnectivityOptions, 'probe'>> & { readonly probe?: Probe | undefined };
  /** Who waits, with the way to put off what it is about to be told. */
  readonly #waiting = new Map<() => void, () => void>();
  readonly #watching = new Set<() => void>();
  #page = true;
  #reach: 'unknown' | 'there' | 'gone';
  #was: { readonly up: boolean; readonly online: boolean; readonly seems: boolean };
  #asking: Promise<boolean> | undefined;
  #endAsking: () => void = () => {};
  #failures = 0;
  /** Instant before which no probe is asked. */
  #notBefore = 0;
  #endWait: (() => void) | undefined;

  constructor(options: ConnectivityOptions) {
    this.#options = { random: Math.random, ...options };
    this.#reach = options.probe ? 'unknown' : 'there';
    this.#was = this.#now;
    const changed = () => this.#changed();
    options.scope.addEventListener('online', changed);
    options.scope.addEventListener('offline', changed);
  }

  online(): boolean {
    return this.#now.online;
  }

  /** Whether nothing says that the network is gone: what a person is shown, as nobody may have asked yet. */
  get seemsOnline(): boolean {
    return this.#now.seems;
  }

  /** What the page says. */
  tell(online: boolean): void {
    this.#page = online;
    this.#changed();
  }

  subscribe(change: () => void): () => void {
    const own = () => change();
    this.#waiting.set(own, () => {});
    this.#ask();
    return () => {
      this.#waiting.get(own)?.();
      this.#waiting.delete(own);
      if (this.#waiting.size === 0) this.#stopWait();
    };
  }

  watch(change: () => void): () => void {
    const own = () => change();
    this.#watching.add(own);
    return () => this.#watching.delete(own);
  }

  async check(): Promise<boolean> {
    const { probe, clock } = this.#options;
    if (!probe || !this.#now.up) return this.online();
    if (this.#reach === 'gone' && clock.now() < this.#notBefore) return false;
    await this.#probe(probe);
    return this.online();
  }

  get #now() {
    const up = this.#page && this.#options.scope.navigator.onLine;
    return { up, online: up && this.#reach === 'there', seems: up && this.#reach !== 'gone' };
  }

  /** Worker or page may have said something new: what was probed was another network. */
  #changed(): void {
    if (this.#now.up === this.#was.up) return;
    this.#endAsking();
    this.#asking = undefined;
    this.#stopWait();
    this.#failures = 0;
    this.#notBefore = 0;
    if (this.#options.probe) this.#reach = 'unknown';
    this.#tellChange();
  }

  #tellChange(): void {
    const { clock, random, resumeWithinMs } = this.#options;
    const before = this.#was;
    this.#was = this.#now;
    if (this.#was.online !== before.online) {
      for (const [change, putOff] of [...this.#waiting]) {
        putOff();
        if (this.#was.online) this.#waiting.set(change, clock.at(clock.now() + random() * resumeWithinMs, change));
        else change();
      }
    }
    if (this.#was.online !== before.online || this.#was.seems !== before.seems)
      for (const change of [...this.#watching]) change();
    this.#ask();
  }

  /** Asks the probe for those who wait, now or when it may be asked again. */
  #ask(): void {
    const { probe, clock } = this.#options;
    const { up, online } = this.#now;
    if (!probe || !up || online || this.#waiting.size === 0 || this.#endWait) return;
    if (clock.now() >= this.#notBefore) void this.#probe(probe);
    else
      this.#endWait = clock.at(this.#notBefore, () => {
        this.#endWait = undefined;
        this.#ask();
      });
  }

  #stopWait(): void {
    this.#endWait?.();
    this.#endWait = undefined;
  }

  async #probe(probe: Probe): Promise<void> {
    if (this.#asking) return void (await this.#asking);
    const asking = this.#inTime(probe);
    this.#asking = asking;
    const there = await asking;
    if (this.#asking !== asking) return;
    this.#asking = undefined;
    this.#reach = there ? 'there' : 'gone';
    this.#failures = there ? 0 : this.#failures + 1;
    const { clock, random } = this.#options;
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (this.#failures - 1), LAST_WAIT_MS);
    this.#notBefore = there ? 0 : clock.now() + waitMs * (1 - random() / 2);
    this.#tellChange();
  }

  #inTime(probe: Probe): Promise<boolean> {
    const { clock } = this.#options;
    const ended = new AbortController();
    return new Promise((resolve) => {
      const answer = (there: boolean) => {
        endWait();
        ended.abort();
        resolve(there);
      };
      const endWait = clock.at(clock.now() + PROBE_MS, () => answer(false));
      this.#endAsking = () => answer(false);
      void probe(ended.signal).then(answer);
    });
  }
}
