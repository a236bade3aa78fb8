import { HoldfastError } from '../errors/index.js';
import type { Place } from './messages.js';

/** @param step whose try was under way. */
export function workerDied(step: string | undefined, cause: unknown): HoldfastError {
  const when = step === undefined ? 'before it had performed anything' : `while it performed step "${step}"`;
  return new HoldfastError('STEP_WORKER_DIED', {
    message: `The step worker died ${when}.`,
    remedy: 'Its cause tells why, where that is known: something threw outside of a step, or memory ran out.',
    details: step === undefined ? {} : { step },
    cause,
    retryable: true,
  });
}

export function notInWorker({ workflow, version, sources }: Place): HoldfastError {
  const actor = sources.length > 0 ? `, actor "${sources.join('/')}"` : '';
  return new HoldfastError('WORKFLOW_UNKNOWN', {
    message: `The step worker has no step function of workflow "${workflow}", version ${version}${actor}.`,
    remedy: 'Give the step worker the same workflows as the host.',
    details: { workflow, version, sources },
  });
}

export function noStepWorker(workflow: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `Workflow "${workflow}" is isolated, and this host can't make step workers.`,
    remedy: 'Give it `stepWorker`, or leave out `isolate`.',
    details: { option: 'stepWorker', workflow },
  });
}

export function noService(name: string): HoldfastError {
  return new HoldfastError('SERVICE_UNKNOWN', {
    message: `There is no service "${name}".`,
    remedy: 'Give it in `services`.',
    details: { service: name },
  });
}
