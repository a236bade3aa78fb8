import { notIsolated } from '../isolate/refusals.js';
import type { ServeStepsOptions } from '../isolate/serve-steps.js';
import type { StepHost } from '../isolate/step-worker.js';
import { stepWorkersOf } from '../isolate/step-workers.js';

/**
 * Makes of this thread a step worker, with what its isolated workflows bring along.
 * @throws `OPTION_INVALID` where none is isolated.
 */
export function serveStepsTo(host: StepHost, options: ServeStepsOptions): void {
  const isolated = options.workflows.find(({ isolate }) => isolate);
  const stepWorkers = isolated && stepWorkersOf(isolated);
  if (!stepWorkers) throw notIsolated();
  stepWorkers.serve(host, options);
}
