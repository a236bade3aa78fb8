import { afterAllElse, afterPromises } from './turn.js';

/**
 * Hands stored results back to a step function in the order in which they once completed, so that races between
 * parallel steps end as they did.
 *
 * Owns: the results asked for and not yet handed back; who waits until there are none.
 * 1. A result is handed back when all that completed before it have been.
 * 2. A result that nobody asks for holds nothing up for longer than one turn of the event loop.
 * 3. Between two results the function runs as far as it can: what the first sets off is not overtaken by the second.
 * 4. The same holds for those who wait until it has caught up: one a turn, in the order in which they came.
 */
export class Replay {
  /** Rising. */
  readonly #orders: Float64Array;
  readonly #soon: (work: () => void) => void;
  /** Of the results asked for, by their place in `#orders`. */
  readonly #gives: ((() => void) | undefined)[];
  /** How many these are. */
  #ahead = 0;
  /** Those whose place was passed over before they were asked for, by their order. */
  readonly #late = new Map<number, () => void>();
  readonly #waiting: (() => void)[] = [];
  #next = 0;
  #turning = false;

  /** @param soon calls back in a later turn of the event loop. */
  constructor(orders: readonly number[], soon: (work: () => void) => void) {
    this.#soon = soon;
    this.#orders = new Float64Array(orders).sort();
    this.#gives = new Array(orders.length);
  }

  /** Whether stored results remain that were not yet handed back. */
  get under(): boolean {
    return this.#next < this.#orders.length;
  }

  /** Whether somebody waits for a result. */
  get asked(): boolean {
    return this.#ahead > 0 || this.#late.size > 0;
  }

  /** Whether stored results are being handed back right now. */
  get busy(): boolean {
    return this.asked || this.#turning;
  }

  /** Calls `give`, which must not throw, when it is the turn of that result. */
  turn(order: number, give: () => void): void {
    const place = this.#placeOf(order);
    if (place < this.#next) this.#late.set(order, give);
    else {
      this.#gives[place] = give;
      this.#ahead++;
    }
    this.#go();
  }

  /** Whether new results have to wait: they come after those that are stored. */
  get behind(): boolean {
    return this.busy || this.#waiting.length > 0;
  }

  /** Resolves when nobody waits for a stored result. */
  async caughtUp(): Promise<void> {
    if (this.behind)
      await new Promise<void>((resolve) => {
        if (this.#waiting.push(resolve) === 1) afterAllElse(() => this.#release());
      });
  }

  #release(): void {
    if (!this.busy) this.#waiting.shift()?.();
    if (this.#waiting.length > 0) afterAllElse(() => this.#release());
  }

  #go(): void {
    if (this.#turning) return;
    this.#turning = true;
    afterPromises(this.#turn);
  }

  readonly #turn = () => {
    if (this.#gives[this.#next]) this.#handBack(this.#next);
    else this.#soon(() => this.#handBackLowest());
  };

  #handBack(place: number): void {
    const give = this.#gives[place] as () => void;
    this.#gives[place] = undefined;
    this.#ahead--;
    this.#next = place + 1;
    this.#give(give);
  }

  #handBackLowest(): void {
    if (this.#late.size > 0) {
      const order = Math.min(...this.#late.keys());
      const give = this.#late.get(order) as () => void;
      this.#late.delete(order);
      this.#give(give);
      return;
    }
    let place = this.#next;
    while (!this.#gives[place]) place++;
    this.#handBack(place);
  }

  #give(give: () => void): void {
    this.#turning = false;
    if (this.asked) this.#go();
    give();
  }

  /** Where in `#orders` it stands, or -1. Most are asked for in their order: then nothing is searched. */
  #placeOf(order: number): number {
    if (this.#orders[this.#next] === order) return this.#next;
    let [low, high] = [0, this.#orders.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#orders[middle] as number) <= order) low = middle;
      else high = middle - 1;
    }
    return this.#orders[low] === order ? low : -1;
  }
}
