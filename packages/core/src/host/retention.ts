import type { Duration } from '../define/duration.js';
import { type KeptMs, type Retention, toKeptMs } from '../define/retention.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { isHoldfastError } from '../errors/index.js';
import { isClosed, type RunAddress, type RunRow, type RunStatus } from '../records/records.js';
import type { Op, Store } from '../store/store.js';
import type { Clock } from './ports.js';

export interface RetentionPorts {
  readonly store: Store;
  readonly clock: Clock;
  /** How long runs of a workflow are kept; undefined for one that this host does not know: it is left alone. */
  keptOf(workflow: string): KeptMs | undefined;
  /** Whether a run is in memory, or on its way there. */
  isBusy(address: RunAddress): boolean;
  changed(address: RunAddress): void;
  onError(error: unknown): void;
}

const ENDS = ['done', 'failed', 'cancelled'] as const;
const STATUSES: readonly RunStatus[] = [...ENDS, 'pruned'];

/** Between two looks through the store: a twentieth of the shortest time that anything is kept, within these. */
const LOOKS = 20;
const SHORTEST_MS = 1000;
const LONGEST_MS = 12 * 60 * 60 * 1000;

/**
 * @param retention of the host: of workflows that have none of their own. Of versions side by side the newest counts.
 * @throws `OPTION_INVALID`.
 */
export function sweepOf(
  workflows: readonly AnyWorkflow[],
  retention: Duration | Retention | undefined,
  ports: Omit<RetentionPorts, 'keptOf'>,
): RetentionSweep {
  const ofHost = toKeptMs(retention, 'the host');
  const inOrder = [...workflows].sort((a, b) => a.version - b.version);
  const kept = new Map(
    inOrder.map(({ id, retention: own }) => [id, own === undefined ? ofHost : toKeptMs(own, `workflow "${id}"`)]),
  );
  return new RetentionSweep([...kept.values()], { ...ports, keptOf: (workflow) => kept.get(workflow) });
}

/**
 * Removes runs that have ended, when they were kept long enough, while its host owns the store.
 *
 * Owns: when it looks again. Never: runs that are in memory.
 * 1. Nothing is removed before its time; at the latest a twentieth later, or 12 hours, or when the store is next owned.
 * 2. Of what is removed the id is remembered, in the same commit, under the next `seq`: so whoever still has the run in
 *    hand can't write to it.
 * 3. A child stays while its parent has not ended: that may not have been told yet what it came to.
 */
export class RetentionSweep {
  readonly #ports: RetentionPorts;
  readonly #everyMs: number;
  #end: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;

  /** @param kept how long anything is kept: without a limit there is never anything to do. */
  constructor(kept: readonly KeptMs[], ports: RetentionPorts) {
    this.#ports = ports;
    const shortest = Math.min(Infinity, ...kept.flatMap((ms) => Object.values(ms)));
    this.#everyMs = shortest === Infinity ? Infinity : clamp(shortest / LOOKS, SHORTEST_MS, LONGEST_MS);
  }

  /** The host has become the owner, under that epoch. */
  begin(epoch: number): void {
    if (this.#everyMs === Infinity) return;
    this.#end = new AbortController();
    void this.#look(epoch, this.#end.signal);
  }

  /** It is the owner no more. */
  stop(): void {
    this.#end?.abort();
    this.#cancelTimer?.();
  }

  async #look(epoch: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#sweep(epoch);
    } catch (error) {
      if (!signal.aborted) this.#ports.onError(error);
    }
    if (signal.aborted) return;
    const { clock } = this.#ports;
    this.#cancelTimer = clock.at(clock.now() + this.#everyMs, () => void this.#look(epoch, signal));
  }

  async #sweep(epoch: number): Promise<void> {
    const { store } = this.#ports;
    for (let after: string | undefined; ; ) {
      const page = await store.list({ status: STATUSES, ...(after === undefined ? {} : { after }) });
      for (const row of page.rows) {
        const op = await this.#opFor(row);
        if (op) await this.#commit(row, op, epoch);
      }
      if (page.cursor === undefined) return;
      after = page.cursor;
    }
  }

  /** What is to be done to a run now. */
  async #opFor(row: RunRow): Promise<Op | undefined> {
    const { clock, keptOf, isBusy } = this.#ports;
    const kept = keptOf(row.workflow);
    const now = clock.now();
    if (!kept || isBusy(row)) return undefined;
    if (row.status === 'pruned') return row.updatedAt + kept.ids <= now ? { op: 'delete' } : undefined;
    const { closedAt = row.updatedAt, status } = row;
    const isDue = closedAt + kept[status as (typeof ENDS)[number]] <= now;
    return isDue && !(await this.#isAwaited(row)) ? { op: 'prune', row: prunedRow(row, now) } : undefined;
  }

  async #isAwaited({ parent }: RunRow): Promise<boolean> {
    const head = parent && (await this.#ports.store.head(parent));
    return head !== undefined && !isClosed(head.status);
  }

  /** What is lost of it with the power is removed again. */
  async #commit({ workflow, run, seq: after }: RunRow, op: Op, epoch: number): Promise<void> {
    try {
      await this.#ports.store.commit({ workflow, run, epoch, after, durability: 'relaxed', ops: [op] });
    } catch (error) {
      // Something has happened to it: the next look sees what.
      if (isHoldfastError(error, 'STORE_SEQ')) return;
      throw error;
    }
    this.#ports.changed({ workflow, run });
  }
}

/** What is left of a run. */
function prunedRow({ workflow, run, key, version, seq, createdAt, closedAt, status }: RunRow, now: number): RunRow {
  const kept = { workflow, run, key, version, createdAt, ...(closedAt === undefined ? {} : { closedAt }) };
  return { ...kept, seq: seq + 1, status: 'pruned', prunedFrom: status, reasons: [], updatedAt: now };
}

function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(Math.max(value, lowest), highest);
}
