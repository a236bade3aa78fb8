import { type HistoryRow, isClosed, type PauseReason, type RunRow, type RunStatus } from '../records/records.js';
import type { Op } from '../store/store.js';
import type { Arrival, Effects } from './arrivals.js';
import { suspicionAfter } from './suspicion.js';

/** What has become of a run with an arrival. */
export interface Aftermath {
  readonly arrival: Arrival;
  /** Instant (ms) of the checkpoint. */
  readonly now: number;
  /** How it stands, apart from a pause. */
  readonly status: RunStatus;
  readonly reasons: readonly PauseReason[];
  readonly cancel: RunRow['cancel'];
  /** Its earliest one, an instant (ms). */
  readonly nextDeadlineAt: number | undefined;
  /** Runs that it has started and waits for. */
  readonly children: number;
  readonly progress: RunRow['progress'];
  /** Which definition wrote it. */
  readonly definition: Pick<RunRow, 'version' | 'definition'>;
  /** Whether the checkpoint is one of its history, with a `seq` of its own. */
  readonly counts: boolean;
}

/** The head of a run after a checkpoint. One that has ended waits for nothing, and keeps no other from its singleton key. */
export function headAfterArrival(row: RunRow, aftermath: Aftermath): RunRow {
  const { arrival, now, status: goesOn, cancel, nextDeadlineAt, children, progress, counts } = aftermath;
  const { version, definition } = aftermath.definition;
  const { suspicion: before, singletonKey } = row;
  const closed = isClosed(goesOn);
  const reasons = closed ? [] : aftermath.reasons;
  const status = reasons.length > 0 ? 'paused' : goesOn;
  const suspicion = before && suspicionAfter(arrival, { status, suspicion: before });
  const seq = counts ? row.seq + 1 : row.seq;
  const head: Writable<RunRow> = { ...lasting(row), version, seq, status, reasons, updatedAt: now };
  if (definition !== undefined) head.definition = definition;
  if (status === 'paused') head.pausedFrom = goesOn;
  if (cancel && !closed) head.cancel = cancel;
  if (nextDeadlineAt !== undefined && !closed) head.nextDeadlineAt = nextDeadlineAt;
  if (children > 0 && !closed) head.children = children;
  if (progress) head.progress = progress;
  if (suspicion) head.suspicion = suspicion;
  if (singletonKey !== undefined && !closed) head.singletonKey = singletonKey;
  if (closed && row.closedAt === undefined) head.closedAt = now;
  return head;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The rest of a head. Most have nothing that a checkpoint tells anew or leaves out, and nothing has to be left out of them. */
function lasting(row: RunRow): RunRow {
  const { nextDeadlineAt, suspicion, pausedFrom, cancel, children, singletonKey } = row;
  if (!suspicion && !pausedFrom && !cancel && !children && nextDeadlineAt === undefined && singletonKey === undefined)
    return row;
  const { nextDeadlineAt: _at, suspicion: _suspicion, pausedFrom: _from, cancel: _cancel, ...open } = row;
  const { children: _children, singletonKey: _key, ...rest } = open;
  return rest;
}

/**
 * Adds the ops that write a checkpoint's head, and its row of the history where it has one.
 * @param historyLength newest rows that are kept, and up to a quarter more.
 */
export function pushHead(
  ops: Op[],
  row: RunRow,
  checkpoint: Pick<HistoryRow, 'epoch' | 'value'> & { arrival: HistoryRow['arrival'] | undefined; effects: Effects },
  historyLength: number,
): void {
  const { seq, status, updatedAt: at } = row;
  ops.push({ op: 'run', row });
  if (forgets(seq, historyLength)) ops.push({ op: 'forget', upTo: seq - historyLength });
  const { epoch, value, arrival } = checkpoint;
  if (!arrival) return;
  const told: Writable<HistoryRow> = { seq, at, epoch, arrival, status };
  if (value !== undefined) told.value = value;
  const effects = effectNames(checkpoint.effects);
  if (effects.length > 0) told.effects = effects;
  ops.push({ op: 'history', row: told });
}

function effectNames({ actions, start, stop, undo }: Effects): string[] {
  const names: string[] = [];
  for (const { path } of stop) names.push(`stop ${path || 'run'}`);
  for (const { path } of undo) names.push(`undo ${path || 'run'}`);
  for (const { row } of actions) names.push(`${row.incarnation === undefined ? 'action' : 'give'} ${row.type}`);
  for (const { path } of start) names.push(`start ${path || 'run'}`);
  return names;
}

/** Whether the checkpoint of that number is to remove old rows: not each one does. */
function forgets(seq: number, historyLength: number): boolean {
  return seq % Math.max(1, Math.floor(historyLength / 4)) === 0;
}
