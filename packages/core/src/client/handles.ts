import type { LinkedRun } from './run.js';

/** Before there are so many, none of those that are gone is looked for. */
const FEW = 64;

/**
 * The handles on runs, by interest.
 *
 * Owns: which there are. Never: what they are told.
 * 1. For one run there is one handle, as long as anybody has it.
 * 2. One that is watched is kept; of others no more than a weak reference is: who looks at a million runs, one after the
 *    other, does not keep a million.
 * 3. What is left of those is removed when new ones are made, and not by the garbage collector: in a page that is hidden
 *    away it would run code, and so throw the page out of the back/forward cache.
 */
export class Handles {
  readonly #all = new Map<string, WeakRef<LinkedRun>>();
  readonly #watched = new Map<string, LinkedRun>();
  #sweepAt = FEW;

  /** @param make makes it where there is none. */
  of(interest: string, make: () => LinkedRun): LinkedRun {
    const known = this.get(interest);
    if (known) return known;
    const run = make();
    this.#all.set(interest, new WeakRef(run));
    if (this.#all.size >= this.#sweepAt) this.#sweep();
    return run;
  }

  get(interest: string): LinkedRun | undefined {
    return this.#all.get(interest)?.deref();
  }

  setWatched(interest: string, run: LinkedRun, watched: boolean): void {
    if (watched) this.#watched.set(interest, run);
    else this.#watched.delete(interest);
  }

  get watched(): readonly LinkedRun[] {
    return [...this.#watched.values()];
  }

  /** As often as their number has doubled. */
  #sweep(): void {
    for (const [interest, run] of this.#all) if (!run.deref()) this.#all.delete(interest);
    this.#sweepAt = Math.max(FEW, this.#all.size * 2);
  }
}
