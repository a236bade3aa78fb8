import type { PauseReason, RunRow } from '../records/records.js';

/** The head of a run that is paused, for one more reason. */
export function pausedRow(row: RunRow, reason: PauseReason, now: number): RunRow {
  const { pausedFrom = row.status } = row;
  return { ...row, status: 'paused', reasons: withReason(row.reasons, reason), pausedFrom, updatedAt: now };
}

/** The head of a paused run of whose reasons some are lifted: it goes on, with nothing against it, once none is left. */
export function liftedRow(row: RunRow, lifted: readonly PauseReason[], now: number): RunRow {
  const { pausedFrom = 'running', suspicion: _, ...rest } = row;
  const reasons = withoutReasons(row.reasons, lifted);
  if (reasons.length > 0) return { ...row, reasons, updatedAt: now };
  return { ...rest, status: pausedFrom, reasons, updatedAt: now };
}

export function withReason(reasons: readonly PauseReason[], reason: PauseReason): readonly PauseReason[] {
  return reasons.includes(reason) ? reasons : [...reasons, reason];
}

export function withoutReasons(
  reasons: readonly PauseReason[],
  lifted: readonly PauseReason[],
): readonly PauseReason[] {
  return reasons.filter((reason) => !lifted.includes(reason));
}
