/**
 * Hands stored results back to a step function in the order in which they once completed, so that races between
 * parallel steps end as they did.
 *
 * Owns: the results asked for and not yet handed back.
 * 1. A result is handed back when all that completed before it have been.
 * 2. A result that nobody asks for holds nothing up for longer than one turn of the event loop.
 */
export class Replay {
  readonly #orders: readonly number[];
  readonly #asked = new Map<number, () => void>();
  #next = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(orders: readonly number[]) {
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
      this.#handBack();
    });
  }

  #handBack(): void {
    for (let order = this.#orders[this.#next]; order !== undefined; order = this.#orders[this.#next]) {
      const resolve = this.#asked.get(order);
      if (!resolve) break;
      this.#asked.delete(order);
      this.#next++;
      resolve();
    }
    clearTimeout(this.#idle);
    if (this.#asked.size > 0) this.#idle = setTimeout(() => this.#skip());
  }

  #skip(): void {
    const lowest = Math.min(...this.#asked.keys());
    this.#next = this.#orders.indexOf(lowest);
    this.#handBack();
  }
}
