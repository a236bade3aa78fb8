import type { AnyWorkflow } from '../define/workflow.js';
import { type EngineState, findMisfits, type Misfit } from '../engine/index.js';
import { HoldfastError } from '../errors/index.js';
import type { RunRow } from '../records/records.js';

/** A run that no registered version of its workflow can take up. @param registered none is empty. */
export function noChain(row: RunRow, registered: readonly number[]): HoldfastError {
  const { workflow, run, version } = row;
  const newest = Math.max(...registered);
  return new HoldfastError('VERSION_UNFIT', {
    message: `Run "${run}" of "${workflow}" was written by version ${version}; this host has version ${registered.join(', ')}.`,
    remedy:
      version > newest
        ? 'Update this host.'
        : `Give version ${newest} the missing migrations from version ${version} on, or register version ${version} beside it.`,
    details: { workflow, run, stored: version, registered },
  });
}

/** @throws `VERSION_UNFIT` naming what of the stored run the logic no longer has. */
export function checkFit(workflow: AnyWorkflow, row: RunRow, state: Pick<EngineState, 'snapshot' | 'visits'>): void {
  const misfits = findMisfits(workflow.logic, state);
  if (misfits.length > 0) throw unfit(workflow, row, misfits.map(tell).join(', '), misfits);
}

export function tell({ kind, name, why }: Misfit): string {
  return why ? `${kind} ${name} ${why}` : `missing ${kind} ${name}`;
}

export function unfit(
  { version }: AnyWorkflow,
  { workflow, run, version: stored }: RunRow,
  what: string,
  misfits: readonly unknown[] = [],
): HoldfastError {
  const migrated = stored !== version;
  return new HoldfastError('VERSION_UNFIT', {
    message: migrated
      ? `Run "${run}" of "${workflow}", migrated from version ${stored} to ${version}, does not fit: ${what}.`
      : `Run "${run}" of "${workflow}" no longer fits its definition, whose version was not raised: ${what}.`,
    remedy: migrated
      ? 'Let the migration do without it, or bring it back.'
      : 'Bring it back, or raise the version and give it a migration.',
    details: { workflow, run, stored, registered: version, misfits },
  });
}
