import type { InboxRow, RunAddress, RunRow, RunStatus } from '../records/records.js';
import type { Ownership, Store } from '../store/store.js';
import { runKey } from '../store/tables.js';
import { startsLater } from './beginning.js';
import type { Deadlines } from './deadlines.js';
import { inParts } from './in-parts.js';
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
/** Of so many runs the deadlines are known before all runs are looked through. */
const SOONEST = 100;
/** Read at a time, where all are looked through: what is due meanwhile does not wait longer than for that. */
const PAGE = 250;

/**
 * Takes up what an owner before has left: what has work to do, an event, or an overdue deadline.
 *
 * Owns: nothing that outlives a takeover. Never: what a run is brought back for, which its record says.
 * 1. Every run that has not ended is brought back, waits for its deadline, or stands in line for its slot or its trial.
 * 2. It is brought back when it is found, those first whose deadline is first. Only what stands in line waits until all are
 *    found: suspects, and runs of a workflow with a limit.
 * 3. What a takeover has found is not used once its ownership is lost: the next owner, which may be this host, begins its own.
 */
export class Recovery {
  readonly #ports: RecoveryPorts;

  constructor(ports: RecoveryPorts) {
    this.#ports = ports;
  }

  /** Takes over, again after a while where the store fails: nobody else would. */
  async begin(ownership: Ownership): Promise<void> {
    const { suspects, slots, crashLoopLimit, isOwner, onError, pause } = this.#ports;
    if (ownership.afterCrash) suspects.expect(crashLoopLimit);
    slots.expect();
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
    const { store, slots, suspects, isOwner, attend, takenOver } = this.#ports;
    const [inbox, soonest] = await Promise.all([store.inbox(), store.due?.(SOONEST)]);
    const accepted = firstOfEach(inbox);
    const last = await this.#bringBack(ownership, accepted, soonest);
    if (!isOwner(ownership)) return;
    slots.lineUp(last, accepted);
    for (const row of last) if (!this.#onlyQueues(row)) accepted.delete(runKey(row));
    if (ownership.afterCrash) void suspects.begin(last);
    else await inParts(last, (row) => this.restore(row));
    await inParts([...accepted.values()], (row) => attend(row));
    if (isOwner(ownership)) takenOver(ownership);
  }

  /**
   * What is in motion, and does not stand in line; what only waits for its deadline is set to be woken then.
   * @param accepted what is brought back is taken from it.
   * @param soonest those that come first.
   * @returns what stands in line.
   */
  async #bringBack(
    ownership: Ownership,
    accepted: Map<string, InboxRow>,
    soonest: readonly RunRow[] = [],
  ): Promise<RunRow[]> {
    const { store, isOwner } = this.#ports;
    const last: RunRow[] = [];
    const back = new Set<string>();
    if (isOwner(ownership)) await this.#sift(soonest, { accepted, back, last: [] });
    for (let after: string | undefined; isOwner(ownership); ) {
      const page = await store.list({ status: UNFINISHED, limit: PAGE, ...(after === undefined ? {} : { after }) });
      if (isOwner(ownership)) await this.#sift(page.rows, { accepted, back, last });
      if (page.cursor === undefined) break;
      after = page.cursor;
    }
    return last;
  }

  async #sift(rows: readonly RunRow[], found: { accepted: Map<string, InboxRow>; back: Set<string>; last: RunRow[] }) {
    const { accepted, back, last } = found;
    const { registry, deadlines } = this.#ports;
    const free: RunRow[] = [];
    for (const row of rows) {
      const key = runKey(row);
      if (back.has(key)) continue;
      const moves = accepted.has(key) || this.#isInMotion(row) || !registry.isInLine(row);
      if (moves && this.#standsInLine(row)) last.push(row);
      else if (moves) free.push(row);
      else if (row.nextDeadlineAt !== undefined) deadlines.set(key, row.nextDeadlineAt);
    }
    for (const row of free) {
      back.add(runKey(row));
      accepted.delete(runKey(row));
    }
    await inParts(free, (row) => this.restore(row));
  }

  #isInMotion(row: RunRow): boolean {
    const { status, nextDeadlineAt = Infinity, children = 0 } = row;
    const now = this.#ports.clock.now();
    // What its children came to it may not have been told.
    return nextDeadlineAt <= now || children > 0 || (status !== 'waiting' && !startsLater(row, now));
  }

  #standsInLine(row: RunRow): boolean {
    const { slots, suspects } = this.#ports;
    return slots.isLimited(row) || suspects.isSuspect(row);
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
