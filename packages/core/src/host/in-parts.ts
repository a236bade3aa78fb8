/** So many at once: what they commit shares transactions. */
const AT_ONCE = 50;

/** Does `work` for each, some at once; those behind them are left out when `signal` is aborted meanwhile. */
export async function inParts<T>(
  all: readonly T[],
  work: (one: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  for (let at = 0; at < all.length && !signal?.aborted; at += AT_ONCE) {
    await Promise.all(all.slice(at, at + AT_ONCE).map((one) => work(one)));
  }
}
