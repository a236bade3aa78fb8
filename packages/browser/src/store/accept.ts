import {
  type Acceptance,
  type Accepted,
  type Durability,
  type RunRow,
  unknownRun,
  waitingInFull,
} from '@holdfast/core/store';
import { storeLost } from '../wire/store-lost.js';
import { storable, type ToStored } from './attachments.js';
import { address } from './keys.js';
import { toRow } from './row.js';
import type { Database, Transaction } from './schema.js';
import { putAttachments, putStart } from './start.js';
import { readHead, transact } from './transaction.js';

type Mail = Extract<Acceptance, { kind: 'inbox' }>;

/** What an acceptance is made with. */
interface Terms {
  readonly durability: Durability;
  /** Of the database that it is meant for: `STORE_LOST` in any other. */
  readonly incarnation: string | undefined;
}

/** One transaction for one acceptance. */
export async function acceptOne(
  db: Database,
  acceptance: Acceptance,
  { durability, incarnation }: Terms,
): Promise<Accepted> {
  const toStored = await storable(
    db,
    (acceptance.attachments ?? []).map(({ blob }) => blob),
  );
  return transact(db, durability, async (transaction) => {
    const { workflow, run } = acceptance.row;
    const [row, head] = await Promise.all([
      transaction.objectStore('holdfast_runs').get([workflow, run]),
      readHead(transaction),
    ]);
    if (incarnation !== undefined && head?.incarnation !== incarnation) throw storeLost(db.name, head?.incarnation);
    if (acceptance.kind === 'inbox') {
      if (!row || (row.status === 'pruned' && acceptance.row.lane === 'event')) throw unknownRun(workflow, run);
      return enqueue(transaction, acceptance, toStored);
    }
    if (row) {
      const input = await transaction.objectStore('holdfast_values').get([workflow, run, 'input']);
      return { outcome: 'exists', row: toRow(row), input: input ?? { text: '' } };
    }
    const singleton = await singletonOf(transaction, acceptance.row);
    if (singleton) return { outcome: 'singleton', row: singleton };
    putStart(transaction, acceptance, toStored);
    return { outcome: 'started' };
  });
}

/** The run that has the `singletonKey` of this one. */
async function singletonOf(transaction: Transaction, { workflow, singletonKey }: RunRow): Promise<RunRow | undefined> {
  if (singletonKey === undefined) return undefined;
  const row = await transaction
    .objectStore('holdfast_runs')
    .index('[workflow+singletonKey]')
    .get([workflow, singletonKey]);
  return row && toRow(row);
}

async function enqueue(transaction: Transaction, mail: Mail, toStored: ToStored): Promise<Accepted> {
  const { row, attachments } = mail;
  const waiting = await waitingIn(transaction, mail);
  if (waiting !== undefined) return { outcome: 'queued', n: waiting };
  putAttachments(transaction, row, attachments, toStored);
  // The key generator gives `n`; the type of the row asks for it all the same.
  const n = await transaction.objectStore('holdfast_inbox').add(row as Mail['row'] & { n: number });
  return { outcome: 'queued', n };
}

/** The rows are read only where there may be too many: they are counted first. */
async function waitingIn(transaction: Transaction, mail: Mail): Promise<number | undefined> {
  const { row, limit = Infinity } = mail;
  if (limit === Infinity) return undefined;
  const inbox = transaction.objectStore('holdfast_inbox').index('[workflow+run]');
  if ((await inbox.count(address(row))) < limit) return undefined;
  return waitingInFull(await inbox.getAll(address(row)), mail);
}
