import { checkOption, type Kind } from './options.js';
import type { AnyWorkflow } from './workflow.js';

export const WORKFLOW: Kind = [
  'a workflow, as defineWorkflow makes it',
  ({ id, version, logic }: AnyWorkflow) =>
    typeof id === 'string' && version >= 1 && typeof logic.transition === 'function',
];

/** @throws `OPTION_INVALID` when they are no array, or naming the one that is none: an import in a circle is undefined. */
export function checkWorkflows(workflows: readonly AnyWorkflow[], owner: string): void {
  checkOption(workflows, ['an array of workflows', Array.isArray], 'workflows', owner);
  for (const [at, workflow] of workflows.entries()) checkOption(workflow, WORKFLOW, `workflows[${at}]`, owner);
}
