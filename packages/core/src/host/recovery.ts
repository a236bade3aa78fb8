import type { InboxRow, RunAddress, RunRow, RunStatus } from '../records/records.js';
import type { Ownership, Store } from '../store/store.js';
import { runKey } from '../store/tables.js';
import { startsLater } from './beginning.js';
import type { Deadlines } from './deadlines.js';
import type { Clock } from './ports.js';
import { FIRST_RETRY_MS } from './problems.js';
import type { Registry } from './registry.js';
import type { Slots } from './slots.js';
import type { Suspects } from './suspects.js';

export interface RecoveryPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly slots: Slots;
  readonly suspects: Suspects;
  readonly deadlines: Deadlines;
  readonly crashLoopLimit: number;
  isOwner(ownership: Ownership): boolean;
  /** Brings a run into memory, if it may be there now. */
  attend(address: RunAddress): Promise<void>;
  isLive(address: RunAddress): boolean;
  /** All that was left is taken up, or waits for its turn. */
  takenOver(ownership: Ownership): void;
  /** Resolves after that long (ms), or when the host closes. */
  pause(ms: number): Promise<void>;
  onError(error: unknown): void;
}

const UNFINISHED: readonly RunStatus[] = ['queued', 'running', 'waiting', 'cancelling'];

/**
 * Takes up what an owner before has left: what has work to do, an event, or an overdue deadline.
 *
 * Owns: nothing that outlives a takeover. Never: what a run is brought back for, which its record says.
 * 1. Every run that has not ended is brought back, waits for its deadline, or stands in line for its slot or its trial.
 * 2. After a crash nothing is brought back before it is known who is a suspect.
 */
export class Recovery {
  readonly #ports: RecoveryPorts;

  constructor(ports: RecoveryPorts) {
    this.#ports = ports;
  }

  /** Takes over, again after a while where the store fails: nobody else would. */
  async begin(ownership: Ownership): Promise<void> {
    const { suspects, isOwner, onError, pause } = this.#ports;
    if (ownership.afterCrash) suspects.expect();
    while (isOwner(ownership)) {
      try {
        return await this.#takeOver(ownership);
      } catch (error) {
        if (!isOwner(ownership)) return;
        onError(error);
        await pause(FIRST_RETRY_MS);
      }
    }
  }

  /** Brings one run back; resolves when it is in memory, or can't be. */
  async restore(row: RunRow): Promise<void> {
    const { attend, isLive, suspects } = this.#ports;
    if (!this.#onlyQueues(row)) await attend(row);
    if (!isLive(row)) suspects.settled(row);
  }

  async #takeOver(ownership: Ownership): Promise<void> {
    const { store, slots, suspects, crashLoopLimit, attend, takenOver } = this.#ports;
    const accepted = firstOfEach(await store.inbox());
    const inMotion = await this.#inMotion(accepted);
    slots.lineUp(inMotion, accepted);
    for (const row of inMotion) if (!this.#onlyQueues(row)) accepted.delete(runKey(row));
    if (ownership.afterCrash) void suspects.begin(inMotion, crashLoopLimit);
    else for (const row of inMotion) await this.restore(row);
    for (const row of accepted.values()) await attend(row);
    takenOver(ownership);
  }

  /** What is to be brought back; what only waits for its deadline is set to be woken then. */
  async #inMotion(accepted: ReadonlyMap<string, InboxRow>): Promise<RunRow[]> {
    const { store, registry, deadlines } = this.#ports;
    const inMotion: RunRow[] = [];
    for (let after: string | undefined; ; ) {
      const page = await store.list({ status: UNFINISHED, ...(after === undefined ? {} : { after }) });
      for (const row of page.rows) {
        const moves = this.#isInMotion(row) || !registry.isInLine(row);
        if (accepted.has(runKey(row)) || moves) inMotion.push(row);
        else if (row.nextDeadlineAt !== undefined) deadlines.set(runKey(row), row.nextDeadlineAt);
      }
      if (page.cursor === undefined) return inMotion;
      after = page.cursor;
    }
  }

  #isInMotion(row: RunRow): boolean {
    const { status, nextDeadlineAt = Infinity, children = 0 } = row;
    const now = this.#ports.clock.now();
    // What its children came to it may not have been told.
    return nextDeadlineAt <= now || children > 0 || (status !== 'waiting' && !startsLater(row, now));
  }

  /** Whether its turn will come with a slot, and nothing else is to be done about it. */
  #onlyQueues(row: RunRow): boolean {
    return row.status === 'queued' && this.#ports.slots.waitsSince(row) !== undefined;
  }
}

/** Of each run that was sent something, what came first. */
function firstOfEach(inbox: readonly InboxRow[]): Map<string, InboxRow> {
  const first = new Map<string, InboxRow>();
  for (const row of inbox) if (!first.has(runKey(row))) first.set(runKey(row), row);
  return first;
}
