/**
 * Does what it is given one after the other.
 *
 * Owns: what waits. Never: what is done.
 */
export class OneByOne {
  #last: Promise<unknown> = Promise.resolve();

  /** Does `work` when all before it has ended, however it did. */
  add<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work, work);
    this.#last = done;
    return done;
  }
}

/**
 * Whether this browser keeps transactions of a worker that was ended in the midst of several of them (WebKitGTK 2.50):
 * they never end, and everything in the origin waits for them, until its process does. Of a single one nothing is left.
 */
export function keepsTransactions(navigator: { readonly userAgent: string } | undefined): boolean {
  const { userAgent = '' } = navigator ?? {};
  return /AppleWebKit\//.test(userAgent) && !/Chrom(e|ium)\//.test(userAgent);
}
