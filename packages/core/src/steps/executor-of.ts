import type { StepsLogic } from '../define/steps-logic.js';
import type { checkAgain } from './check-again.js';
import type { ExecutionOptions, ExecutionPorts, StepsExecution } from './execution.js';

/**
 * What performs step functions. Each brings it along (`fromSteps`), so a host whose workflows are machines alone has none
 * of it in its bundle.
 */
export interface StepsExecutor {
  execute(options: ExecutionOptions, ports: ExecutionPorts): StepsExecution;
  readonly checkAgain: typeof checkAgain;
}

export function executorOf({ executor }: Pick<StepsLogic<unknown, unknown>, 'executor'>): StepsExecutor {
  return executor as StepsExecutor;
}
