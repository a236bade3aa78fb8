import { type RunAddress, runKey } from '@holdfast/core/store';

/** Runs that move at a time are fewer; of others the seq is read. */
const MOST_RUNS = 1000;

/**
 * Owns: what an owner has last written as the seq of its runs, so that a commit need not read it. Never: outlives its epoch.
 * 1. It is right while the epoch is the store's, which each commit looks at in its transaction: nobody else writes to a run
 *    that is there.
 * 2. Of a run that is not there nothing is known: any tab may start it.
 * 3. Nothing is known of a run while a write of it is under way, nor after one that failed.
 */
export class KnownSeqs {
  readonly #seqs = new Map<string, number>();

  /** What is known, and is so no more. */
  take(run: RunAddress): number | undefined {
    const key = runKey(run);
    const seq = this.#seqs.get(key);
    this.#seqs.delete(key);
    return seq;
  }

  /** @param seq of the stored run; undefined when it is not there */
  learn(run: RunAddress, seq: number | undefined): void {
    const key = runKey(run);
    this.#seqs.delete(key);
    if (seq === undefined) return;
    this.#seqs.set(key, seq);
    if (this.#seqs.size <= MOST_RUNS) return;
    const [oldest] = this.#seqs.keys();
    if (oldest !== undefined) this.#seqs.delete(oldest);
  }
}

/** An owner, as far as it knows seqs. */
export interface Knowing {
  readonly seqs: KnownSeqs;
}

/**
 * The seqs, by run, that a commit of these need not read. They are forgotten until it is known that the commit is stored.
 * @param owners of their epochs, one each
 */
export function knownTo(
  owners: readonly (Knowing | undefined)[],
  runs: readonly RunAddress[],
): ReadonlyMap<string, number> {
  const known = new Map<string, number>();
  for (const [at, run] of runs.entries()) {
    const seq = owners[at]?.seqs.take(run);
    if (seq !== undefined) known.set(runKey(run), seq);
  }
  // What an owner of another epoch wrote is none of this one's knowledge.
  return owners.every((owner) => owner === owners[0]) ? known : new Map();
}
