import { isSteps } from '../engine/kinds.js';
import type { WorkflowSchemas } from './schemas.js';
import type { AnyWorkflow } from './workflow.js';

/** What a workflow is sent is checked by these: a step function's are its own. */
export function schemasOf({ schemas, logic }: AnyWorkflow): WorkflowSchemas | undefined {
  return isSteps(logic) ? logic.schemas : schemas;
}
