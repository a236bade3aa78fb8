import { inspectRun } from '../decide/inspect-run.js';
import { SCHEDULES } from '../define/schedule.js';
import { isClosed, type RunAddress, type RunRow, type RunStatus } from '../records/records.js';
import type { Store } from '../store/store.js';
import { runKey } from '../store/tables.js';
import { startsLater } from './beginning.js';

/** What is ahead where nothing is at work. */
export interface Drained {
  /** Instant (ms) of the earliest deadline: a timer, a later start or an occurrence of a schedule; absent without one. */
  readonly nextDeadlineAt?: number;
}

export interface DrainPorts {
  readonly store: Store;
  readonly now: number;
  /** Ids of the schedules that this host keeps. */
  readonly schedules: readonly string[];
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
  const inbox = await ports.store.inbox();
  const sent = new Set(inbox.map(runKey));
  const asked = new Set(inbox.filter(({ lane }) => lane === 'control').map(runKey));
  const deadlines: number[] = [];
  const kept = new Set(ports.schedules);
  for await (const row of unfinished(ports.store)) {
    if (row.workflow === SCHEDULES && !kept.delete(row.run)) continue;
    if (ports.isParked(row) || (row.status === 'paused' && !asked.has(runKey(row)))) continue;
    const { nextDeadlineAt = Number.POSITIVE_INFINITY } = row;
    if (nextDeadlineAt <= ports.now || sent.has(runKey(row)) || !(await rests(row, ports))) return undefined;
    deadlines.push(nextDeadlineAt);
  }
  if (await isMissingOne(kept, ports.store)) return undefined;
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
  if (row.workflow === SCHEDULES || startsLater(row, now)) return true;
  return row.status === 'waiting' && isInLine(row) && !(await isToBeTold(row, store));
}

/** Whether a child of it has ended, of which it has not been told yet. */
async function isToBeTold(row: RunRow, store: Store): Promise<boolean> {
  const stored = row.children ? await store.load(row) : undefined;
  if (!stored) return false;
  const children = inspectRun(stored).steps.flatMap(({ status, child }) => (status === 'waiting' && child) || []);
  const heads = await Promise.all(children.map((child) => store.head(child)));
  return heads.some((head) => !head || isClosed(head.status));
}

/** A schedule that has not been begun yet has no run to remember it. */
async function isMissingOne(schedules: ReadonlySet<string>, store: Store): Promise<boolean> {
  const heads = await Promise.all([...schedules].map((run) => store.head({ workflow: SCHEDULES, run })));
  return heads.some((head) => !head);
}
