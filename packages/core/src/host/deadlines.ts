import { Instants } from '../decide/instants.js';
import type { Clock } from './ports.js';

/**
 * Wakes runs that are not in memory when their deadline comes.
 *
 * Owns: one deadline a key, so that 100,000 waiting runs cost one timer. Never: the runs.
 * 1. A key is woken once per `set`, at or after its instant, earliest first.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #wake: (key: string) => void;
  readonly #instants = new Instants();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, wake: (key: string) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  set(key: string, at: number): void {
    this.#instants.set(key, at);
    if (this.#instants.first?.key === key) this.#arm();
  }

  delete(key: string): void {
    this.#instants.delete(key);
  }

  clear(): void {
    this.#cancel?.();
    this.#instants.clear();
  }

  #arm(): void {
    this.#cancel?.();
    const { first } = this.#instants;
    this.#cancel = first && this.#clock.at(first.at, () => this.#due());
  }

  #due(): void {
    const now = this.#clock.now();
    for (let { first } = this.#instants; first && first.at <= now; { first } = this.#instants) {
      this.#instants.delete(first.key);
      this.#wake(first.key);
    }
    this.#arm();
  }
}
