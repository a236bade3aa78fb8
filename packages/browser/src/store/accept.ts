import { type Acceptance, type Accepted, unknownRun } from '@holdfast/core/store';
import { address, ignoreRejection, readHead, transact } from './commit.js';
import type { Database, Transaction } from './schema.js';

type Start = Extract<Acceptance, { kind: 'start' }>;
type Mail = Extract<Acceptance, { kind: 'inbox' }>;

/** One strict transaction for one acceptance. */
export function acceptOne(db: Database, acceptance: Acceptance): Promise<Accepted> {
  return transact(db, 'strict', async (transaction) => {
    const { workflow, run } = acceptance.row;
    const [row] = await Promise.all([transaction.objectStore('runs').get([workflow, run]), readHead(transaction)]);
    if (acceptance.kind === 'start') {
      if (!row) return start(transaction, acceptance);
      const input = await transaction.objectStore('values').get([workflow, run, 'input']);
      return { outcome: 'exists', row, input: input ?? { text: '' } };
    }
    if (!row) throw unknownRun(workflow, run);
    return enqueue(transaction, acceptance);
  });
}

function start(transaction: Transaction, { row, input, attachments }: Start): Accepted {
  ignoreRejection(transaction.objectStore('runs').put(row));
  ignoreRejection(transaction.objectStore('values').put(input, [...address(row), 'input']));
  attach(transaction, row, attachments);
  return { outcome: 'started' };
}

async function enqueue(transaction: Transaction, { row, attachments }: Mail): Promise<Accepted> {
  attach(transaction, row, attachments);
  // The key generator gives `n`; the type of the row asks for it all the same.
  const n = await transaction.objectStore('inbox').add(row as Mail['row'] & { n: number });
  return { outcome: 'queued', n };
}

function attach(transaction: Transaction, run: Acceptance['row'], attachments: Acceptance['attachments'] = []): void {
  for (const { id, blob } of attachments) {
    ignoreRejection(transaction.objectStore('attachments').put(blob, [...address(run), id]));
  }
}
