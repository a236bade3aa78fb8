import type { Acceptance } from '@holdfast/core/store';
import type { ToStored } from './attachments.js';
import { address } from './keys.js';
import { fromRow } from './row.js';
import type { Transaction } from './schema.js';
import { tableOf } from './transaction.js';

type Start = Extract<Acceptance, { kind: 'start' }>;

/** Puts a new run: its head, its input as the value `input`, its attachments. */
export function putStart(transaction: Transaction, { row, input, attachments }: Start, toStored: ToStored): void {
  tableOf(transaction, 'holdfast_runs').put(fromRow(row));
  tableOf(transaction, 'holdfast_values').put(input, [...address(row), 'input']);
  putAttachments(transaction, row, attachments, toStored);
}

export function putAttachments(
  transaction: Transaction,
  run: Acceptance['row'],
  attachments: Acceptance['attachments'],
  toStored: ToStored,
): void {
  const table = tableOf(transaction, 'holdfast_attachments');
  for (const { id, blob } of attachments ?? []) table.put(toStored(blob), [...address(run), id]);
}
