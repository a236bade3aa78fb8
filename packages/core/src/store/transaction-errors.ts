import { HoldfastError, isHoldfastError } from '../errors/index.js';

/** An app's function waited for what is no request of its transaction. Where nobody looks, a database commits what it has then. */
/** @param cause the request of it that came when it was not active; none where nothing came at all. */
export function transactionIdle(tables: readonly string[], cause?: unknown): HoldfastError {
  return new HoldfastError('TRANSACTION_IDLE', {
    message: `The transaction over ${list(tables)} had nothing to do while its function was not done, and was taken back: it awaited something that is no request of that transaction.`,
    remedy: 'Fetch, read files, compute and wait in steps before it, and only read and write tables in it.',
    details: { tables },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** @param cause the failed request that ended it; none where the app's function did so by itself. */
export function transactionAborted(tables: readonly string[], cause?: unknown): HoldfastError {
  return new HoldfastError('TRANSACTION_ABORTED', {
    message: `The transaction over ${list(tables)} was aborted${cause === undefined ? '' : ` by a request that failed: ${String(cause)}`}; nothing of it is stored.`,
    remedy: 'Handle the failure in its function, or throw there what the step is to fail with.',
    details: { tables },
    ...(cause === undefined ? {} : { cause }),
  });
}

export function tableUnknown(database: string, table: string): HoldfastError {
  return new HoldfastError('TRANSACTION_TABLE_UNKNOWN', {
    message: `The database "${database}" has no table "${table}" for a step.transaction.`,
    remedy: "Name tables as the app's database does; those of Holdfast are not to be written to.",
    details: { database, table },
  });
}

const OF_THE_STEP = ['TRANSACTION_ABORTED', 'TRANSACTION_IDLE', 'TRANSACTION_TABLE_UNKNOWN'] as const;

/** Whether it is the step's own fault that nothing was stored, and not trouble of the store. */
export function isFaultOfTransaction(error: unknown): boolean {
  return OF_THE_STEP.some((code) => isHoldfastError(error, code));
}

function list(tables: readonly string[]): string {
  return tables.map((table) => `"${table}"`).join(', ');
}
