import type { RunRow, RunStatus, Suspicion } from '../records/records.js';
import type { Arrival } from './arrivals.js';
import { pausedRow } from './pausing.js';

/** What comes from outside, or is told by work that has not ended: none of it says that the run's own work got further. */
const NO_PROGRESS = new Set<Arrival['kind']>([
  'event',
  'timer',
  'control',
  'begin',
  'progress',
  'heartbeat',
  'outlived',
  'cancel deadline',
]);

const IN_MOTION = new Set<RunStatus>(['running', 'cancelling']);

/**
 * What still speaks against a run after an arrival: nothing once work of its own got further, or nothing is left to do
 * but to wait. To have outlived its probation acquits it, but the next one is longer.
 */
export function suspicionAfter(
  { kind }: Arrival,
  { suspicion, status }: Pick<RunRow, 'suspicion' | 'status'>,
): Suspicion | undefined {
  if (!suspicion || !IN_MOTION.has(status) || !NO_PROGRESS.has(kind)) return undefined;
  return kind === 'outlived' ? { restores: 0, outlived: suspicion.outlived + 1 } : suspicion;
}

/** The head of a run that is to be restored after a crash: marked, or paused when it was marked `limit` times in vain. */
export function restoredRow(row: RunRow, limit: number, now: number): RunRow {
  const { restores, outlived } = row.suspicion ?? { restores: 0, outlived: 0 };
  if (restores >= limit) return pausedRow(row, 'crash-loop', now);
  return { ...row, suspicion: { restores: restores + 1, outlived } };
}
