import { transactionAborted, transactionIdle } from '@holdfast/core/store';

/**
 * Gives what an app's function in a transaction comes to, at a moment when the transaction is open, and rejects when it is
 * not, or would not be any more: when the function waits while none of its requests is under way, so that the browser
 * would commit what there is. A request of our own is always under way, so the browser never does; one answer of ours to
 * the next is how long the function may go without one of its own. Dexie's and idb's promises, and promises that are
 * settled, take no longer.
 *
 * @throws `TRANSACTION_IDLE`, `TRANSACTION_ABORTED`, or what the function throws. The caller then aborts the transaction.
 */
export function untilIdle(
  transaction: IDBTransaction,
  tables: readonly string[],
  work: () => Promise<unknown>,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let answers = 0;
    let done: { readonly result: unknown } | undefined;
    const count = () => void answers++;
    // They don't bubble, but whoever listens above hears them on their way down.
    transaction.addEventListener('success', count, true);
    transaction.addEventListener('error', count, true);
    const end = () => {
      transaction.removeEventListener('success', count, true);
      transaction.removeEventListener('error', count, true);
    };
    const look = (isFirst: boolean) => {
      const before = answers;
      const request = transaction.objectStore('holdfast_meta').getKey('head');
      request.onsuccess = () => {
        const ofTheApp = answers - before - 1;
        // Its first request may have come after ours.
        if (!done && (isFirst || ofTheApp > 0)) return look(false);
        end();
        if (done) resolve(done.result);
        else reject(transactionIdle(tables));
      };
    };
    const aborted = () => {
      end();
      reject(transactionAborted(tables, transaction.error ?? undefined));
    };
    transaction.addEventListener('abort', aborted, { once: true });
    work().then(
      (result) => {
        done = { result };
      },
      (error) => reject(isInactive(error) ? transactionIdle(tables, error) : error),
    );
    try {
      look(true);
    } catch {
      // Its function has aborted it at once, which is told.
    }
  });
}

/** It was back from elsewhere before that was noticed, and asked for something between two answers. */
function isInactive(error: unknown): boolean {
  return (error as { name?: unknown } | undefined)?.name === 'TransactionInactiveError';
}
