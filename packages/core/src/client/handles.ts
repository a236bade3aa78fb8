import type { LinkedRun } from './run.js';

/**
 * The handles on runs, by interest.
 *
 * Owns: which there are. Never: what they are told.
 * 1. For one run there is one handle, as long as anybody has it.
 * 2. One that is watched is kept; of others no more than a weak reference is: who looks at a million runs, one after the
 *    other, does not keep a million.
 */
export class Handles {
  readonly #all = new Map<string, WeakRef<LinkedRun>>();
  readonly #watched = new Map<string, LinkedRun>();
  readonly #gone = new FinalizationRegistry<string>((interest) => {
    if (!this.#all.get(interest)?.deref()) this.#all.delete(interest);
  });

  /** @param make makes it where there is none. */
  of(interest: string, make: () => LinkedRun): LinkedRun {
    const known = this.get(interest);
    if (known) return known;
    const run = make();
    this.#all.set(interest, new WeakRef(run));
    this.#gone.register(run, interest);
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
}
