import { restoredRow } from '../decide/suspicion.js';
import { SCHEDULES } from '../define/schedule.js';
import type { RunAddress, RunRow, StoredRun } from '../records/records.js';
import type { Op, Ownership, Store } from '../store/store.js';
import { runKey } from '../store/tables.js';
import { startsLater } from './beginning.js';
import type { Deadlines } from './deadlines.js';
import type { Clock } from './ports.js';
import { crashLoop } from './refusals.js';
import type { Slots } from './slots.js';
import type { Suspects } from './suspects.js';

export interface AdmissionPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly slots: Slots;
  readonly suspects: Suspects;
  readonly deadlines: Deadlines;
  readonly crashLoopLimit: number;
  /** Carries out the controls of a run that is not in memory; gives it as it is then, or nothing when it is gone. */
  carryOut(stored: StoredRun, ownership: Ownership): Promise<StoredRun | undefined>;
  changed(address: RunAddress): void;
  onError(error: unknown, address: RunAddress): void;
}

/**
 * Tells whether a stored run may be brought into memory now, and what becomes of it where it may not.
 *
 * Owns: no state; slots, suspects and deadlines have theirs. Never: runs in memory.
 * 1. A paused or pruned run, a suspect whose turn has not come, and one that is to begin later or waits for a slot, is not
 *    let in; only controls reach it.
 * 2. After a crash a run's head says that it is restored before it is let in.
 * 3. What is to begin later is brought back then; what waits for a slot is seen to wait.
 */
export class Admission {
  readonly #ports: AdmissionPorts;

  constructor(ports: AdmissionPorts) {
    this.#ports = ports;
  }

  /** The run, when it may be brought into memory now; its head says so where it is restored after a crash. */
  async admit(stored: StoredRun, ownership: Ownership): Promise<StoredRun | undefined> {
    const { suspects } = this.#ports;
    if (this.#isHeld(stored)) return this.#hold(stored, ownership);
    return suspects.isUnmarked(stored.row) ? this.#mark(stored, ownership) : stored;
  }

  #isHeld({ row, inbox }: StoredRun): boolean {
    const { suspects, slots, clock } = this.#ports;
    if (row.workflow === SCHEDULES || row.status === 'paused' || row.status === 'pruned') return true;
    if (suspects.waits(row)) return true;
    return startsLater(row, clock.now()) || !slots.claim(row, inbox[0]?.acceptedAt);
  }

  /** Only controls reach it, one of which may let it in. */
  async #hold(stored: StoredRun, ownership: Ownership): Promise<StoredRun | undefined> {
    const after = await this.#ports.carryOut(stored, ownership);
    // What is left of them is carried out in memory, and waits for no slot.
    if (after?.inbox.some(({ lane }) => lane === 'control')) this.#ports.slots.overtake(after.row);
    if (after && this.#isHeld(after)) await this.#leave(after.row, ownership);
    return !after || this.#isHeld(after) ? undefined : this.admit(after, ownership);
  }

  /** One that is held is brought back when it is to begin, or by its slot, for which it is seen to wait. */
  async #leave(row: RunRow, { epoch }: Ownership): Promise<void> {
    const { store, clock, slots, deadlines, changed } = this.#ports;
    const { workflow, run, seq: after, nextDeadlineAt } = row;
    if (startsLater(row, clock.now())) deadlines.set(runKey(row), nextDeadlineAt as number);
    const since = slots.waitsSince(row);
    if (since === undefined || row.status === 'queued' || row.status === 'paused') return;
    const ops: Op[] = [{ op: 'run', row: { ...row, status: 'queued', updatedAt: Math.max(row.updatedAt, since) } }];
    await store.commit({ workflow, run, epoch, after, durability: 'relaxed', ops });
    changed({ workflow, run });
  }

  /** Notes the restore in its head; one that was restored too often is paused by that, and not let in. */
  async #mark(stored: StoredRun, { epoch }: Ownership): Promise<StoredRun | undefined> {
    const { store, clock, suspects, crashLoopLimit, changed, onError } = this.#ports;
    const row = restoredRow(stored.row, crashLoopLimit, clock.now());
    const { workflow, run, seq: after } = row;
    await store.commit({ workflow, run, epoch, after, durability: 'strict', ops: [{ op: 'run', row }] });
    suspects.marked(row);
    changed(row);
    if (row.status !== 'paused') return { ...stored, row };
    onError(crashLoop(row), { workflow, run });
    return undefined;
  }
}
