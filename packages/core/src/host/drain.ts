import { inspectRun } from '../decide/inspect-run.js';
import { SCHEDULES } from '../define/schedule.js';
import { isClosed, type RunAddress, type RunRow, type RunStatus } from '../records/records.js';
import type { Store } from '../store/store.js';
import { runKey } from '../store/tables.js';
import { startsLater } from './beginning.js';
import type { Scheduler } from './scheduler.js';

/** What is ahead where nothing is at work. */
export interface Drained {
  /** Instant (ms) of the earliest deadline: a timer, a later start or an occurrence of a schedule; absent without one. */
  readonly nextDeadlineAt?: number;
}

export interface DrainPorts {
  readonly store: Store;
  readonly now: number;
  readonly schedules: Pick<Scheduler, 'keeps' | 'isBehind'>;
  /** Whether it can't be taken up here: it does not move, and its deadline means nothing here. */
  isParked(address: RunAddress): boolean;
  /** Whether its definition is the one that wrote it: any other is brought in line first. */
  isInLine(row: RunRow): boolean;
}

const UNFINISHED: readonly RunStatus[] = ['queued', 'running', 'waiting', 'paused', 'cancelling'];

/**
 * What is ahead, if nothing of the store is at work or about to be: all runs wait for an event or a deadline, are paused,
 * or are parked here. Undefined otherwise. Told by what is stored: so what it says is durable.
 */
export async function drained(ports: DrainPorts): Promise<Drained | undefined> {
  const sent = new Set<string>();
  for (const row of await ports.store.inbox()) {
    if (ports.isParked(row)) continue;
    if (row.lane === 'control') return undefined;
    sent.add(runKey(row));
  }
  const deadlines: number[] = [];
  for await (const row of unfinished(ports.store)) {
    if (row.workflow === SCHEDULES && !ports.schedules.keeps(row.run)) continue;
    if (row.status === 'paused' || ports.isParked(row)) continue;
    const { nextDeadlineAt = Number.POSITIVE_INFINITY } = row;
    if (nextDeadlineAt <= ports.now || sent.has(runKey(row)) || !(await rests(row, ports))) return undefined;
    deadlines.push(nextDeadlineAt);
  }
  if (await ports.schedules.isBehind()) return undefined;
  const nextDeadlineAt = Math.min(...deadlines);
  return nextDeadlineAt === Number.POSITIVE_INFINITY ? {} : { nextDeadlineAt };
}

async function* unfinished(store: Store): AsyncIterable<RunRow> {
  for (let after: string | undefined; ; ) {
    const page = await store.list({ status: UNFINISHED, ...(after === undefined ? {} : { after }) });
    yield* page.rows;
    if (page.cursor === undefined) return;
    after = page.cursor;
  }
}

async function rests(row: RunRow, { store, now, isInLine }: DrainPorts): Promise<boolean> {
  if (startsLater(row, now)) return true;
  if (row.status !== 'waiting') return false;
  return row.workflow === SCHEDULES || (isInLine(row) && !(await isToBeTold(row, store)));
}

/** Whether a child of it has ended, of which it has not been told yet. */
async function isToBeTold(row: RunRow, store: Store): Promise<boolean> {
  const stored = row.children ? await store.load(row) : undefined;
  if (!stored) return false;
  const children = inspectRun(stored).steps.flatMap(({ status, child }) => (status === 'waiting' && child) || []);
  const heads = await Promise.all(children.map((child) => store.head(child)));
  return heads.some((head) => !head || isClosed(head.status));
}
