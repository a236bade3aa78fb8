/**
 * Holdfast's tables, for the `stores` of a Dexie database: the same in all versions that it declares.
 *
 * @example
 * db.version(2).stores({ ...holdfastTables, photos: 'id, album' });
 */
export const holdfastTables = {
  holdfast_meta: '',
  holdfast_runs: '[workflow+run], [status+workflow+run], [workflow+singletonKey], [status+nextDeadlineAt], *labelKeys',
  holdfast_values: '',
  holdfast_attachments: '',
  holdfast_history: '',
  holdfast_inbox: '++n, [workflow+run]',
} as const;
