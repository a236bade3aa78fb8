import { type ControlBody, decideControl, decideHeld } from '../decide/control.js';
import { RunRecord } from '../decide/run-record.js';
import type { RunAddress, StoredRun } from '../records/records.js';
import type { Op, Ownership, Store } from '../store/store.js';
import type { Gone } from './live-run.js';
import type { Clock } from './ports.js';

export interface HeldControlsPorts {
  readonly store: Store;
  readonly clock: Clock;
  /** The run is not there any more, or starts anew. */
  gone(address: RunAddress, gone: Gone): void;
  changed(address: RunAddress): void;
}

/**
 * Carries out the controls of a run that is not in memory; gives the run as it is then, or nothing when it is gone. Some
 * stay in the inbox until it is in memory. Each is one commit.
 */
export async function carryOut(
  stored: StoredRun,
  { epoch }: Ownership,
  { store, clock, gone: isGone, changed }: HeldControlsPorts,
): Promise<StoredRun | undefined> {
  const { workflow, run } = stored.row;
  const record = new RunRecord(stored);
  let { row } = stored;
  const taken = new Set<number>();
  const commit = (ops: readonly Op[]) =>
    store.commit({ workflow, run, epoch, after: row.seq, durability: 'strict', ops });
  for (const control of stored.inbox.filter(({ lane }) => lane === 'control')) {
    const body = record.decode(control.body) as ControlBody;
    const now = clock.now();
    if (body.control === 'delete' || body.control === 'restart') {
      const { op, gone } = decideControl(body, { workflow, run, id: control.id, now });
      await commit([op]);
      isGone({ workflow, run }, gone);
      return undefined;
    }
    const held = decideHeld(body, control, { row, record }, { now, epoch });
    if (!held) continue;
    await commit(held.ops);
    if (held.ops.some(({ op }) => op === 'taken')) taken.add(control.n);
    row = held.row;
    changed({ workflow, run });
  }
  if (taken.size === 0 && row === stored.row) return stored;
  // Read anew: what was to be done of a run that was ended is gone.
  return store.load({ workflow, run });
}
