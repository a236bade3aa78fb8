import type { Isolate } from '../define/isolate.js';
import { IsolatedExecution } from './isolated-execution.js';
import { serveStepsTo } from './serve-steps.js';
import type { StepWorkers } from './step-workers.js';

export type { Isolate };

/**
 * `isolate` of a workflow: each of its step functions runs in a step worker, a thread of its own. A step that never gives
 * way holds up nothing else then, and does not outlive its timeout by more than a second.
 *
 * @example
 * defineWorkflow({ id: 'render', version: 1, logic: rendering, isolate: inStepWorkers });
 */
export const inStepWorkers: Isolate = Object.freeze({
  holdfast: 'isolate',
  execute: (options, ports) => new IsolatedExecution(options, ports),
  serve: serveStepsTo,
} satisfies StepWorkers);
