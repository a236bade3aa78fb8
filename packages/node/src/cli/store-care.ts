import type { Store } from '@holdfast/core/store';
import { runsOf } from './store-at.js';

/** What was read of a store that is whole. */
export interface Verified {
  readonly runs: number;
  readonly checkpoints: number;
  readonly values: number;
  readonly attachments: number;
}

/**
 * Reads all of a store, without a lock.
 * @throws `STORE_DAMAGED` with file and offset, `STORE_FORMAT`.
 */
export async function verifyAll(store: Store): Promise<Verified> {
  let [runs, checkpoints, values, attachments] = [0, 0, 0, 0];
  for (const row of await runsOf(store, {})) {
    const stored = await store.load(row);
    if (!stored) continue;
    runs++;
    checkpoints += stored.row.seq;
    values += stored.values.size;
    attachments += stored.attachments.size;
  }
  return { runs, checkpoints, values, attachments };
}
