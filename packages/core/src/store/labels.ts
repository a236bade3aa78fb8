import type { Labels, RunRow } from '../records/records.js';

/** Whether a run has all of these labels. */
export function hasLabels(row: Pick<RunRow, 'labels'>, labels: Labels): boolean {
  const own = row.labels ?? {};
  return Object.entries(labels).every(([name, text]) => own[name] === text);
}
