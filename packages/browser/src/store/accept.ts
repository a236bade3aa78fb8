import type { HoldfastError } from '@holdfast/core';
import {
  type Acceptance,
  type Accepted,
  type Durability,
  type RunRow,
  runKey,
  unknownRun,
  waitingInFull,
} from '@holdfast/core/store';
import { storeLost } from '../wire/store-lost.js';
import { storable, type ToStored } from './attachments.js';
import { refusalOf } from './commit.js';
import { address } from './keys.js';
import { toRow } from './row.js';
import type { Database, Transaction } from './schema.js';
import { putAttachments, putStart } from './start.js';
import { answer, readHead, tableOf, transact } from './transaction.js';

type Mail = Extract<Acceptance, { kind: 'inbox' }>;
type Start = Extract<Acceptance, { kind: 'start' }>;

/** One that waits for its transaction. */
export interface Accepting {
  readonly acceptance: Acceptance;
  /** Of the database that it is meant for: `STORE_LOST` in any other. */
  readonly incarnation: string | undefined;
}

/** One transaction for all of them, in their order; what is refused has changed nothing. */
export async function acceptTogether(
  db: Database,
  accepting: readonly Accepting[],
  durability: Durability,
): Promise<(Accepted | HoldfastError)[]> {
  const attached = accepting.flatMap(({ acceptance }) => acceptance.attachments ?? []);
  const toStored = await storable(
    db,
    attached.map(({ blob }) => blob),
  );
  return transact(db, durability, async (transaction) => {
    const [rows, head] = await Promise.all([readRows(transaction, accepting), readHead(transaction)]);
    const outcomes: (Accepted | HoldfastError)[] = [];
    for (const { acceptance, incarnation } of accepting) {
      const isMeant = incarnation === undefined || head?.incarnation === incarnation;
      outcomes.push(
        isMeant ? await acceptOne(transaction, acceptance, rows, toStored) : storeLost(db.name, head?.incarnation),
      );
    }
    return outcomes;
  });
}

type Rows = Map<string, RunRow | undefined>;

/** The heads of the runs that they are for, by key. */
async function readRows(transaction: Transaction, accepting: readonly Accepting[]): Promise<Rows> {
  const runs = new Map(accepting.map(({ acceptance: { row } }) => [runKey(row), address(row)]));
  const table = tableOf(transaction, 'holdfast_runs');
  const read = [...runs].map(async ([key, run]) => [key, await answer(table.get(run))] as const);
  return new Map(await Promise.all(read));
}

/** @param rows as those before it have left them. */
async function acceptOne(
  transaction: Transaction,
  acceptance: Acceptance,
  rows: Rows,
  toStored: ToStored,
): Promise<Accepted | HoldfastError> {
  const key = runKey(acceptance.row);
  const row = rows.get(key);
  if (acceptance.kind === 'inbox') return enqueue(transaction, acceptance, row, toStored);
  if (row) return exists(transaction, row);
  const singleton = await singletonOf(transaction, acceptance.row);
  if (singleton) return { outcome: 'singleton', row: singleton };
  putStart(transaction, acceptance, toStored);
  rows.set(key, acceptance.row);
  return { outcome: 'started' };
}

async function exists(transaction: Transaction, row: Start['row']): Promise<Accepted> {
  const input = await answer(tableOf(transaction, 'holdfast_values').get([...address(row), 'input']));
  return { outcome: 'exists', row: toRow(row), input: input ?? { text: '' } };
}

/** The run that has the `singletonKey` of this one. */
async function singletonOf(transaction: Transaction, { workflow, singletonKey }: RunRow): Promise<RunRow | undefined> {
  if (singletonKey === undefined) return undefined;
  const singletons = tableOf(transaction, 'holdfast_runs').index('[workflow+singletonKey]');
  const row = await answer(singletons.get([workflow, singletonKey]));
  return row && toRow(row);
}

async function enqueue(
  transaction: Transaction,
  mail: Mail,
  run: RunRow | undefined,
  toStored: ToStored,
): Promise<Accepted | HoldfastError> {
  const { row, attachments } = mail;
  if (!run || (run.status === 'pruned' && row.lane === 'event')) return unknownRun(row.workflow, row.run);
  const full = await lookForRoom(transaction, mail);
  if (full !== undefined) return full;
  putAttachments(transaction, row, attachments, toStored);
  // The key generator gives `n`; the type of the row asks for it all the same.
  const n = await answer(tableOf(transaction, 'holdfast_inbox').add(row as Mail['row'] & { n: number }));
  return { outcome: 'queued', n };
}

/** What comes of it where there is no room. The rows are read only where there may be too many: they are counted first. */
async function lookForRoom(transaction: Transaction, mail: Mail): Promise<Accepted | HoldfastError | undefined> {
  const { row, limit = Infinity } = mail;
  if (limit === Infinity) return undefined;
  const inbox = tableOf(transaction, 'holdfast_inbox').index('[workflow+run]');
  if ((await answer(inbox.count(address(row)))) < limit) return undefined;
  const waiting = await answer(inbox.getAll(address(row)));
  let n: number | undefined;
  const refusal = refusalOf(() => {
    n = waitingInFull(waiting, mail);
  });
  return refusal ?? (n === undefined ? undefined : { outcome: 'queued', n });
}
