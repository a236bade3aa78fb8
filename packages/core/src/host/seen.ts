import type { RunSnapshotData } from '../client/snapshot.js';
import { type ErrorCode, isHoldfastError } from '../errors/index.js';
import type { RunRow } from '../records/records.js';

const PARKING = new Set<ErrorCode>([
  'ACTION_NOT_RESUMABLE',
  'JOURNAL_MISMATCH',
  'MIGRATION_FAILED',
  'VERSION_UNFIT',
  'WORKFLOW_UNKNOWN',
]);

/** Whether a run with this problem is parked: no retry helps, only other code. */
export function isParking(error: unknown): boolean {
  return isHoldfastError(error) && PARKING.has(error.code);
}

/** What is seen of a run besides its head. */
export type View = Pick<RunSnapshotData, 'status' | 'value' | 'context' | 'tags' | 'accepts' | 'output' | 'error'>;

export function toData(row: RunRow, view: View): RunSnapshotData {
  const { status, value, context, tags, accepts, output, error } = view;
  const { progress, reasons, seq, labels = {} } = row;
  const run = { status: row.status, reasons, seq, labels };
  return { status, value, context, tags, accepts, output, error, progress, run };
}

export function withProblem(data: RunSnapshotData, status: 'paused' | 'parked', error: unknown): RunSnapshotData {
  if (error === undefined) return data;
  const code: ErrorCode = isHoldfastError(error) ? error.code : 'HOST_FAILED';
  const message = error instanceof Error ? error.message : String(error);
  const seen = isParking(error) ? 'parked' : status;
  return { ...data, run: { ...data.run, status: seen, problem: { code, message } } };
}
