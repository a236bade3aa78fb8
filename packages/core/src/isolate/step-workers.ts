import type { Isolate } from '../define/isolate.js';
import type { AnyWorkflow } from '../define/workflow.js';
import type { IsolatedExecution, IsolatedOptions, IsolatedPorts } from './isolated-execution.js';
import type { ServeStepsOptions } from './serve-steps.js';
import type { StepHost } from './step-worker.js';

/** What an isolated workflow brings along. */
export interface StepWorkers extends Isolate {
  /** Runs a step function for its host, in step workers. */
  execute(options: IsolatedOptions, ports: IsolatedPorts): IsolatedExecution;
  /** Makes of this thread a step worker: it runs the one execution that its host tells of. */
  serve(host: StepHost, options: ServeStepsOptions): void;
}

/** Of an isolated workflow. */
export function stepWorkersOf({ isolate }: Pick<AnyWorkflow, 'isolate'>): StepWorkers | undefined {
  return isolate as StepWorkers | undefined;
}
