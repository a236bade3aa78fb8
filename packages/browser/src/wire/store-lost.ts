import { HoldfastError } from '@holdfast/core/client';

/** All that was in the database is gone. @param incarnation of the one that is there now, where there is one. */
export function storeLost(database: string, incarnation: string | undefined): HoldfastError {
  return new HoldfastError('STORE_LOST', {
    message: `What was stored in the database "${database}" is gone: it was deleted, or reset by the browser.`,
    remedy: 'Tell the person, and start again what is still wanted.',
    details: { database, ...(incarnation !== undefined && { incarnation }) },
  });
}
