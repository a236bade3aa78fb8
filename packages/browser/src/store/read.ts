import type { HistoryRow, InboxRow, RunAddress, RunPage, RunQuery, RunRow, StoredRun } from '@holdfast/core/store';
import type { IDBPTransaction, StoreNames } from 'idb';
import { address, rangeOf } from './keys.js';
import type { Database, HoldfastSchema } from './schema.js';

const DEFAULT_LIMIT = 1000;

type Names = StoreNames<HoldfastSchema>;

/** One consistent look at several stores. Its end is awaited too: a dying connection rejects that as well. */
async function reading<const N extends readonly Names[], T>(
  db: Database,
  names: N,
  work: (transaction: IDBPTransaction<HoldfastSchema, N, 'readonly'>) => Promise<T>,
): Promise<T> {
  const transaction = db.transaction(names, 'readonly');
  const [result] = await Promise.all([work(transaction), transaction.done]);
  return result;
}

export function readRun(db: Database, run: RunAddress): Promise<StoredRun | undefined> {
  return reading(db, ['runs', 'values', 'attachments', 'inbox'], async (transaction) => {
    const values = transaction.objectStore('values');
    const attachments = transaction.objectStore('attachments');
    const range = rangeOf(run);
    const [row, valueKeys, valueRows, attachmentKeys, blobs, inbox] = await Promise.all([
      transaction.objectStore('runs').get(address(run)),
      values.getAllKeys(range),
      values.getAll(range),
      attachments.getAllKeys(range),
      attachments.getAll(range),
      transaction.objectStore('inbox').index('run').getAll(address(run)),
    ]);
    return row && { row, values: byId(valueKeys, valueRows), attachments: byId(attachmentKeys, blobs), inbox };
  });
}

function byId<T>(keys: readonly (readonly [string, string, string])[], rows: readonly T[]): Map<string, T> {
  return new Map(keys.map(([, , id], at) => [id, rows[at] as T]));
}

export function readHeadOf(db: Database, run: RunAddress): Promise<RunRow | undefined> {
  return reading(db, ['runs'], (transaction) => transaction.objectStore('runs').get(address(run)));
}

export function readInbox(db: Database, run?: RunAddress): Promise<readonly InboxRow[]> {
  return reading(db, ['inbox'], (transaction) => {
    const inbox = transaction.objectStore('inbox');
    return run ? inbox.index('run').getAll(address(run)) : inbox.getAll();
  });
}

export function readHistory(
  db: Database,
  run: RunAddress,
  { after = 0, limit = DEFAULT_LIMIT }: { after?: number; limit?: number } = {},
): Promise<readonly HistoryRow[]> {
  const range = IDBKeyRange.bound([...address(run), after], [...address(run), []], true);
  return reading(db, ['history'], (transaction) => transaction.objectStore('history').getAll(range, limit));
}

/** A page of heads: from the store itself, or merged from the index, one range a status. */
export async function readPage(db: Database, query: RunQuery = {}): Promise<RunPage> {
  const { workflow, limit = DEFAULT_LIMIT } = query;
  const after = query.after === undefined ? undefined : (JSON.parse(query.after) as [string, string]);
  const statuses = query.status === undefined ? undefined : [...new Set([query.status].flat())];
  const found = await reading(db, ['runs'], async (transaction) => {
    const runs = transaction.objectStore('runs');
    if (!statuses) return runs.getAll(pageRange([], workflow, after), limit + 1);
    const byStatus = runs.index('status');
    const parts = statuses.map((status) => byStatus.getAll(pageRange([status], workflow, after), limit + 1));
    return (await Promise.all(parts)).flat().sort((a, b) => indexedDB.cmp(address(a), address(b)));
  });
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return found.length > limit && last ? { rows, cursor: JSON.stringify(address(last)) } : { rows };
}

/** Keys which begin with `prefix` (and `workflow`) and stand behind `after`. */
function pageRange(
  prefix: readonly string[],
  workflow: string | undefined,
  after: [string, string] | undefined,
): IDBKeyRange {
  const within = workflow === undefined ? prefix : [...prefix, workflow];
  const afterWithin = after !== undefined && (workflow === undefined || indexedDB.cmp(after, [workflow]) > 0);
  return IDBKeyRange.bound(afterWithin ? [...prefix, ...after] : within, [...within, []], afterWithin);
}
