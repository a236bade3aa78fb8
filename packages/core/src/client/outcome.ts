import { HoldfastError } from '../errors/index.js';
import type { RunAddress } from '../records/records.js';
import type { RunSnapshotData } from './snapshot.js';

type Seen = Pick<RunSnapshotData, 'output' | 'error' | 'run'>;

/** What a run has come to; undefined while it goes on. @param seen whether it was there before. */
export function outcomeOf(
  { workflow, run }: RunAddress,
  snapshot: Seen,
  seen: boolean,
): { output: unknown } | { error: HoldfastError } | undefined {
  const details = { workflow, run };
  const name = `Run "${run}" of workflow "${workflow}"`;
  switch (snapshot.run.status) {
    case 'done':
      return { output: snapshot.output };
    case 'failed': {
      const message = `${name} failed: ${snapshot.error instanceof Error ? snapshot.error.message : String(snapshot.error)}`;
      return { error: new HoldfastError('RUN_FAILED', { message, details, cause: snapshot.error }) };
    }
    case 'cancelled':
      return { error: new HoldfastError('RUN_CANCELLED', { message: `${name} was cancelled.`, details }) };
    case 'pruned':
      return { error: runPruned(details) };
    case 'parked': {
      const message = `${name} can't go on in this host: ${snapshot.run.problem?.message ?? ''}`;
      return { error: new HoldfastError('RUN_PARKED', { message, details: { ...details, ...snapshot.run.problem } }) };
    }
    case 'absent': {
      const code = seen ? 'RUN_DELETED' : 'RUN_UNKNOWN';
      return {
        error: new HoldfastError(code, { message: seen ? `${name} was deleted.` : `There is no ${name}.`, details }),
      };
    }
    default:
      return undefined;
  }
}

/** The error of a call that needs more of a run than its id. */
export function runPruned({ workflow, run }: RunAddress): HoldfastError {
  return new HoldfastError('RUN_PRUNED', {
    message: `Run "${run}" of workflow "${workflow}" has ended, was kept as long as \`retention\` says, and was removed.`,
    remedy: "Use another id for other work, or start it anew with ifExists: 'restart'.",
    details: { workflow, run },
  });
}
