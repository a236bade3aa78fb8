import { HoldfastError } from '../errors/index.js';
import type { RunAddress, RunRow } from '../records/records.js';
import type { JournalEntry } from '../steps/journal.js';

export function closed(): HoldfastError {
  return new HoldfastError('CLOSED', { message: 'The holdfast was closed.' });
}

export function runExists({ workflow, run }: RunAddress): HoldfastError {
  return new HoldfastError('RUN_EXISTS', {
    message: `There is a run "${run}" of workflow "${workflow}" already.`,
    remedy: "Choose another id, or ifExists: 'join' or 'restart'.",
    details: { workflow, run },
  });
}

export function inputDiffers({ workflow, run }: RunAddress): HoldfastError {
  return new HoldfastError('RUN_INPUT_DIFFERS', {
    message: `Run "${run}" of workflow "${workflow}" is there with another input.`,
    remedy: "Choose another id for other work, or ifExists: 'restart'.",
    details: { workflow, run },
  });
}

export function unknownWorkflow(id: string, known: readonly string[]): HoldfastError {
  return new HoldfastError('WORKFLOW_UNKNOWN', {
    message: `This host has no workflow "${id}".`,
    remedy: `Register it in the host's workflows; there are: ${known.join(', ') || 'none'}.`,
    details: { workflow: id, known },
  });
}

/** Why a run is paused that took its host down again and again. */
export function crashLoop({ workflow, run, suspicion }: RunRow): HoldfastError {
  const restores = suspicion?.restores ?? 0;
  return new HoldfastError('CRASH_LOOP', {
    message: `Run "${run}" of workflow "${workflow}" was restored ${restores} times, and each time the host died before it got any further.`,
    remedy: 'Mend what ends the host, then call resume() on the run; or delete it.',
    details: { workflow, run, restores },
  });
}

/** Why a run is paused that has a step whose tries are used up. */
export function stepExhausted(row: RunRow, step: string, { attempts, error }: JournalEntry): HoldfastError {
  const reason = error instanceof Error ? error.message : String(error);
  return new HoldfastError('STEP_EXHAUSTED', {
    message: `Step "${step}" of run "${row.run}" has failed after ${attempts} ${attempts === 1 ? 'try' : 'tries'}: ${reason}.`,
    remedy: 'Mend what makes it fail, then call retry() on the run.',
    details: { workflow: row.workflow, run: row.run, step, attempts },
    cause: error,
  });
}
