import { afterAllElse } from './turn.js';

/**
 * Hands stored results back to a step function in the order in which they once completed, so that races between
 * parallel steps end as they did.
 *
 * Owns: the results asked for and not yet handed back.
 * 1. A result is handed back when all that completed before it have been.
 * 2. A result that nobody asks for holds nothing up for longer than one turn of the event loop.
 * 3. Between two results the function runs as far as it can: what the first sets off is not overtaken by the second.
 */
export class Replay {
  readonly #orders: readonly number[];
  readonly #soon: (work: () => void) => void;
  readonly #asked = new Map<number, () => void>();
  #next = 0;
  #turning = false;

  /** @param soon calls back in a later turn of the event loop. */
  constructor(orders: readonly number[], soon: (work: () => void) => void) {
    this.#soon = soon;
    this.#orders = [...orders].sort((a, b) => a - b);
  }

  /** Whether stored results remain that were not yet handed back. */
  get under(): boolean {
    return this.#next < this.#orders.length;
  }

  /** Whether somebody waits for a result. */
  get asked(): boolean {
    return this.#asked.size > 0;
  }

  turn(order: number): Promise<void> {
    return new Promise((resolve) => {
      this.#asked.set(order, resolve);
      this.#go();
    });
  }

  /** Resolves when nobody waits for a stored result: new results come after them. */
  async caughtUp(): Promise<void> {
    while (this.asked || this.#turning) await new Promise<void>(afterAllElse);
  }

  #go(): void {
    if (this.#turning) return;
    this.#turning = true;
    afterAllElse(() => {
      const expected = this.#orders[this.#next];
      if (expected !== undefined && this.#asked.has(expected)) this.#handBack(expected);
      else this.#soon(() => this.#handBack(lowest(this.#asked.keys())));
    });
  }

  #handBack(order: number): void {
    const resolve = this.#asked.get(order);
    this.#asked.delete(order);
    this.#next = Math.max(this.#next, this.#orders.indexOf(order, this.#next) + 1);
    this.#turning = false;
    if (this.asked) this.#go();
    resolve?.();
  }
}

function lowest(numbers: Iterable<number>): number {
  let least = Infinity;
  for (const number of numbers) least = Math.min(least, number);
  return least;
}
