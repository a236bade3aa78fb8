import { HoldfastError } from '../errors/index.js';
import type { RunAddress } from '../records/records.js';

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
