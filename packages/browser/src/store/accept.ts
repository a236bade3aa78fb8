import { type Acceptance, type Accepted, type RunRow, unknownRun } from '@holdfast/core/store';
import type { Database, Transaction } from './schema.js';
import { putAttachments, putStart } from './start.js';
import { ignoreRejection, readHead, transact } from './transaction.js';

type Mail = Extract<Acceptance, { kind: 'inbox' }>;

/** One strict transaction for one acceptance. */
export function acceptOne(db: Database, acceptance: Acceptance): Promise<Accepted> {
  return transact(db, 'strict', async (transaction) => {
    const { workflow, run } = acceptance.row;
    const [row] = await Promise.all([transaction.objectStore('runs').get([workflow, run]), readHead(transaction)]);
    if (acceptance.kind === 'inbox') {
      if (!row) throw unknownRun(workflow, run);
      return enqueue(transaction, acceptance);
    }
    if (row) {
      const input = await transaction.objectStore('values').get([workflow, run, 'input']);
      return { outcome: 'exists', row, input: input ?? { text: '' } };
    }
    const singleton = await singletonOf(transaction, acceptance.row);
    if (singleton) return { outcome: 'singleton', row: singleton };
    for (const request of putStart(transaction, acceptance)) ignoreRejection(request);
    return { outcome: 'started' };
  });
}

/** The run that has the `singletonKey` of this one. */
async function singletonOf(transaction: Transaction, { workflow, singletonKey }: RunRow): Promise<RunRow | undefined> {
  if (singletonKey === undefined) return undefined;
  return transaction.objectStore('runs').index('singleton').get([workflow, singletonKey]);
}

async function enqueue(transaction: Transaction, { row, attachments }: Mail): Promise<Accepted> {
  for (const request of putAttachments(transaction, row, attachments)) ignoreRejection(request);
  // The key generator gives `n`; the type of the row asks for it all the same.
  const n = await transaction.objectStore('inbox').add(row as Mail['row'] & { n: number });
  return { outcome: 'queued', n };
}
