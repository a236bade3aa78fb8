import type { AnyWorkflow } from '../define/workflow.js';
import { type EngineState, findMisfits } from '../engine/index.js';
import { HoldfastError } from '../errors/index.js';
import type { RunRow } from '../records/records.js';

/** @throws `VERSION_UNFIT` when the run was written by another version. */
export function checkVersion(workflow: AnyWorkflow, row: RunRow): void {
  if (row.version === workflow.version) return;
  const older = row.version < workflow.version;
  throw new HoldfastError('VERSION_UNFIT', {
    message: `Run "${row.run}" of "${row.workflow}" was written by version ${row.version}; this host has version ${workflow.version}.`,
    remedy: older ? `Deploy version ${row.version} again until its runs are done.` : 'Update this host.',
    details: { workflow: row.workflow, run: row.run, stored: row.version, registered: workflow.version },
  });
}

/** @throws `VERSION_UNFIT` naming the states and actors of the stored run that the logic no longer has. */
export function checkFit(workflow: AnyWorkflow, row: RunRow, state: EngineState): void {
  const misfits = findMisfits(workflow.logic, state.snapshot);
  if (misfits.length > 0)
    throw unfit(row, `missing ${misfits.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`, misfits);
}

export function unfit(row: RunRow, what: string, misfits: readonly unknown[] = []): HoldfastError {
  return new HoldfastError('VERSION_UNFIT', {
    message: `Run "${row.run}" of "${row.workflow}" no longer fits its definition: ${what}.`,
    remedy: 'Bring the missing part back, or raise the version.',
    details: { workflow: row.workflow, run: row.run, misfits },
  });
}
