import { checkAgain } from './check-again.js';
import { StepsExecution } from './execution.js';
import type { StepsExecutor } from './executor-of.js';

export const executor: StepsExecutor = {
  execute: (options, ports) => new StepsExecution(options, ports),
  checkAgain,
};
