import type { Clock } from '../host/ports.js';

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now: number;
  #waits: { at: number; wake: () => void }[] = [];

  /** @param now the first instant, in milliseconds; default 2026-01-01. */
  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  at(at: number, wake: () => void): () => void {
    const wait = { at, wake };
    this.#waits.push(wait);
    if (at <= this.#now) queueMicrotask(() => this.#fire());
    return () => {
      this.#waits = this.#waits.filter((other) => other !== wait);
    };
  }

  /** Earliest instant somebody waits for. */
  get nextAt(): number | undefined {
    return this.#waits.length ? Math.min(...this.#waits.map(({ at }) => at)) : undefined;
  }

  /** Lets `ms` pass: waits that come due are woken in order, each at its own instant. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.nextAt; next !== undefined && next <= end; next = this.nextAt) {
      this.#now = Math.max(this.#now, next);
      this.#fire();
    }
    this.#now = end;
  }

  /** Sets the wall clock, backwards too, as a person or a time server may. */
  set(now: number): void {
    this.#now = now;
    this.#fire();
  }

  #fire(): void {
    const due = this.#waits.filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at);
    this.#waits = this.#waits.filter(({ at }) => at > this.#now);
    for (const { wake } of due) wake();
  }
}
