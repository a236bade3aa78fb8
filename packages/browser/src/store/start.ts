import type { Acceptance } from '@holdfast/core/store';
import type { ToStored } from './attachments.js';
import { address } from './keys.js';
import { fromRow } from './row.js';
import type { Transaction } from './schema.js';

type Start = Extract<Acceptance, { kind: 'start' }>;

/** Puts a new run: its head, its input as the value `input`, its attachments. */
export function putStart(
  transaction: Transaction,
  { row, input, attachments }: Start,
  toStored: ToStored,
): Promise<unknown>[] {
  return [
    transaction.objectStore('holdfast_runs').put(fromRow(row)),
    transaction.objectStore('holdfast_values').put(input, [...address(row), 'input']),
    ...putAttachments(transaction, row, attachments, toStored),
  ];
}

export function putAttachments(
  transaction: Transaction,
  run: Acceptance['row'],
  attachments: Acceptance['attachments'],
  toStored: ToStored,
): Promise<unknown>[] {
  const store = transaction.objectStore('holdfast_attachments');
  return (attachments ?? []).map(({ id, blob }) => store.put(toStored(blob), [...address(run), id]));
}
