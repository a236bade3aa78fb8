import {
  type HistoryRow,
  hasLabels,
  type InboxRow,
  type RunAddress,
  type RunPage,
  type RunQuery,
  type RunRow,
  type StoredRun,
  THERE,
  WOKEN,
} from '@holdfast/core/store';
import type { IDBPTransaction, StoreNames } from 'idb';
import { fromStored } from './attachments.js';
import { address, rangeOf } from './keys.js';
import { type LabelledRow, labelsIn, toRow } from './row.js';
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
  return reading(
    db,
    ['holdfast_runs', 'holdfast_values', 'holdfast_attachments', 'holdfast_inbox'],
    async (transaction) => {
      const values = transaction.objectStore('holdfast_values');
      const attachments = transaction.objectStore('holdfast_attachments');
      const range = rangeOf(run);
      const [row, valueKeys, valueRows, attachmentKeys, blobs, inbox] = await Promise.all([
        transaction.objectStore('holdfast_runs').get(address(run)),
        values.getAllKeys(range),
        values.getAll(range),
        attachments.getAllKeys(range),
        attachments.getAll(range),
        transaction.objectStore('holdfast_inbox').index('[workflow+run]').getAll(address(run)),
      ]);
      return (
        row && {
          row: toRow(row),
          values: byId(valueKeys, valueRows),
          attachments: byId(attachmentKeys, blobs.map(fromStored)),
          inbox,
        }
      );
    },
  );
}

function byId<T>(keys: readonly (readonly [string, string, string])[], rows: readonly T[]): Map<string, T> {
  return new Map(keys.map(([, , id], at) => [id, rows[at] as T]));
}

export function readHeadOf(db: Database, run: RunAddress): Promise<RunRow | undefined> {
  return reading(db, ['holdfast_runs'], async (transaction) => {
    const row = await transaction.objectStore('holdfast_runs').get(address(run));
    return row && toRow(row);
  });
}

export function readInbox(db: Database, run?: RunAddress): Promise<readonly InboxRow[]> {
  return reading(db, ['holdfast_inbox'], (transaction) => {
    const inbox = transaction.objectStore('holdfast_inbox');
    return run ? inbox.index('[workflow+run]').getAll(address(run)) : inbox.getAll();
  });
}

export function readHistory(
  db: Database,
  run: RunAddress,
  { after = 0, limit = DEFAULT_LIMIT }: { after?: number; limit?: number } = {},
): Promise<readonly HistoryRow[]> {
  const range = IDBKeyRange.bound([...address(run), after], [...address(run), []], true);
  return reading(db, ['holdfast_history'], (transaction) =>
    transaction.objectStore('holdfast_history').getAll(range, limit),
  );
}

/** A page of heads: merged from an index, one range a status; or by a label. */
export async function readPage(db: Database, query: RunQuery = {}): Promise<RunPage> {
  const { workflow, limit = DEFAULT_LIMIT, labels = {}, status = THERE } = query;
  const after = query.after === undefined ? undefined : (JSON.parse(query.after) as [string, string]);
  const statuses = [...new Set([status].flat())];
  const found = await reading(db, ['holdfast_runs'], async (transaction) => {
    const runs = transaction.objectStore('holdfast_runs');
    const [label] = labelsIn(labels);
    if (label) return readLabelled(transaction, label, query, { after, most: limit + 1 });
    const byStatus = runs.index('[status+workflow+run]');
    const parts = statuses.map((status) => byStatus.getAll(pageRange([status], workflow, after), limit + 1));
    return (await Promise.all(parts)).flat().sort(byAddress);
  });
  const rows = found.slice(0, limit).map(toRow);
  const last = rows.at(-1);
  return found.length > limit && last ? { rows, cursor: JSON.stringify(address(last)) } : { rows };
}

/**
 * From the index of deadlines: of no run that comes later anything is read. None where there is no such index, as in an app's
 * database that was made before it: then all are found when the heads are looked through.
 */
export function readDue(db: Database, limit: number): Promise<RunRow[]> {
  return reading(db, ['holdfast_runs'], async (transaction) => {
    const table = transaction.objectStore('holdfast_runs');
    if (!table.indexNames.contains('[status+nextDeadlineAt]')) return [];
    const byDeadline = table.index('[status+nextDeadlineAt]');
    const parts = WOKEN.map((status) => byDeadline.getAll(IDBKeyRange.bound([status], [status, []]), limit));
    const inOrder = (await Promise.all(parts)).flat().sort(byInstant);
    return inOrder.slice(0, limit).map(toRow);
  });
}

function byInstant({ nextDeadlineAt: a = 0 }: RunRow, { nextDeadlineAt: b = 0 }: RunRow): number {
  return a - b;
}

/** As IndexedDB orders the keys. */
function byAddress(a: RunAddress, b: RunAddress): number {
  if (a.workflow !== b.workflow) return a.workflow < b.workflow ? -1 : 1;
  return a.run < b.run ? -1 : Number(a.run > b.run);
}

/** At most so many heads that have a label and fit the rest of the query, read a piece at a time. */
async function readLabelled(
  transaction: IDBPTransaction<HoldfastSchema, ['holdfast_runs'], 'readonly'>,
  label: readonly [name: string, text: string],
  { workflow, status = THERE, labels = {} }: RunQuery,
  { after, most }: { after: [string, string] | undefined; most: number },
): Promise<LabelledRow[]> {
  const statuses = new Set([status].flat());
  const index = transaction.objectStore('holdfast_runs').index('labelKeys');
  const found: LabelledRow[] = [];
  for (let last = after; ; ) {
    const piece = await index.getAll(pageRange(label, workflow, last), most);
    found.push(...piece.filter((row) => hasLabels(row, labels) && statuses.has(row.status)));
    const end = piece.at(-1);
    if (!end || piece.length < most || found.length >= most) return found.slice(0, most);
    last = address(end);
  }
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
