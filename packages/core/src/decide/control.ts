import { AttachmentBook, encode } from '../codec/index.js';
import {
  type Beginning,
  type HistoryRow,
  type InboxRow,
  isClosed,
  type PauseReason,
  queuedRow,
  type RunRow,
} from '../records/records.js';
import type { Op } from '../store/store.js';
import type { Circumstances, Effects } from './arrivals.js';
import { liftedRow, pausedRow } from './pausing.js';
import type { RunRecord } from './run-record.js';

/** What the body of a control row says. */
export type ControlBody = EndingControl | RunControl;

/** A control that moves the run there is. */
export type RunControl =
  | { readonly control: 'pause' | 'resume' | 'retry' | 'terminate' }
  /** How long the machine has to end by itself, in ms. */
  | { readonly control: 'cancel'; readonly timeoutMs: number };

/** A control that removes the run there is. */
export type EndingControl =
  | { readonly control: 'delete' }
  /** The new run begins as any that is started by the host which accepted this. */
  | { readonly control: 'restart'; readonly input: unknown; readonly begin: Beginning };

/** For which reasons a pause is ended. */
export const LIFTED: Readonly<Record<'resume' | 'retry', readonly PauseReason[]>> = {
  resume: ['person', 'exhausted', 'crash-loop'],
  retry: ['exhausted'],
};

/**
 * The one op that carries out a control which removes a run. It needs nothing of the run but its address, so a run that can't be taken up
 * can still be deleted or started anew.
 *
 * @param id of the control: it becomes the new run's key, so that a repeated call finds its own work done.
 */
export function decideControl(
  body: EndingControl,
  { workflow, run, id, now }: { workflow: string; run: string; id: string; now: number },
): { op: Op; gone: NonNullable<Effects['gone']> } {
  if (body.control === 'delete') return { op: { op: 'delete' }, gone: 'deleted' };
  const { value, fresh } = new AttachmentBook().toStored(encode(body.input, 'input'));
  const row = queuedRow({ workflow, run, key: id, ...body.begin }, now);
  return { op: { op: 'restart', start: { kind: 'start', row, input: value, attachments: fresh } }, gone: 'restarted' };
}

/** What becomes of a run that is not in memory. */
export interface HeldDecision {
  readonly ops: readonly Op[];
  readonly row: RunRow;
}

/**
 * Carries out a control on a run that is not in memory: it needs none of the workflow's code.
 * @returns nothing when it has to be carried out in memory, and stays in the inbox till then.
 */
export function decideHeld(
  body: RunControl,
  control: InboxRow,
  { row, record }: { row: RunRow; record: RunRecord },
  circumstances: Pick<Circumstances, 'now' | 'epoch'>,
): HeldDecision | undefined {
  const { now } = circumstances;
  // Nothing is to be remembered with it.
  if (row.status === 'pruned') return { row, ops: [{ op: 'taken', n: control.n }] };
  const after = headAfter(body, row, now);
  // To be offered its end, or to have its children asked to end, it has to go on.
  const ends = body.control === 'cancel' || body.control === 'terminate';
  if (ends && !isClosed(after.status)) {
    return after === row ? undefined : { row: after, ops: [{ op: 'run', row: after }] };
  }
  const ops: Op[] = [{ op: 'taken', n: control.n }];
  const repeated = !record.remember(control.id, row.seq + 1, ops);
  if (after === row || repeated) return { row, ops: [...ops, { op: 'run', row }] };
  // One that has not begun has no history yet.
  if (row.seq === 0 && !isClosed(after.status)) return { row: after, ops: [...ops, { op: 'run', row: after }] };
  const head = { ...after, seq: row.seq + 1 };
  ops.push({ op: 'run', row: head });
  if (isClosed(head.status)) dropWork(record, ops);
  ops.push({ op: 'history', row: historyOf(body.control, head, circumstances) });
  record.settle(ops);
  return { row: head, ops };
}

/** The same head, when the control changes nothing. */
function headAfter(body: RunControl, row: RunRow, now: number): RunRow {
  if (isClosed(row.status)) return row;
  const paused = row.status === 'paused';
  switch (body.control) {
    case 'pause':
      return row.reasons.includes('person') ? row : pausedRow(row, 'person', now);
    case 'terminate':
      return paused && row.children ? liftedRow(row, row.reasons, now) : cancelledRow(row, now);
    case 'cancel':
      if (row.seq === 0) return cancelledRow(row, now);
      return paused ? liftedRow(row, row.reasons, now) : row;
    default:
      return paused ? liftedRow(row, LIFTED[body.control], now) : row;
  }
}

/** The head of a run that was ended where it stood. */
function cancelledRow(row: RunRow, now: number): RunRow {
  const {
    pausedFrom: _from,
    cancel: _cancel,
    suspicion: _suspicion,
    nextDeadlineAt: _deadline,
    children: _,
    ...open
  } = row;
  const { singletonKey: _key, ...rest } = open;
  return { ...rest, status: 'cancelled', reasons: [], updatedAt: now, closedAt: now };
}

const WORK = ['journal/', 'mailbox/', 'messages/', 'actions', 'timers'];

/** What was still to be done of it never is. */
function dropWork(record: RunRecord, ops: Op[]): void {
  for (const prefix of WORK) for (const id of record.idsFrom(prefix)) record.remove(id, ops);
}

function historyOf(
  name: string,
  { seq, status }: RunRow,
  { now, epoch }: Pick<Circumstances, 'now' | 'epoch'>,
): HistoryRow {
  return { seq, at: now, epoch, arrival: { kind: 'control', name }, status };
}
