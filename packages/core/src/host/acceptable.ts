import { assertLength, decode } from '../codec/index.js';
import { type Limits, withLimits } from '../define/limits.js';
import { parseEvent, parseInput } from '../define/schemas.js';
import { schemasOf } from '../define/schemas-of.js';
import type { AnyWorkflow } from '../define/workflow.js';
import type { Encoded } from '../records/records.js';

/** What runs of a workflow may hold: its own limits, and the host's for the rest. */
export function limitsOf(workflow: AnyWorkflow, host: Limits): Limits {
  return withLimits(host, workflow.limits, `workflow "${workflow.id}"`);
}

/** Whether a start may be accepted. @throws `INPUT_INVALID`, `SCHEMA_ASYNC`, `VALUE_TOO_LARGE`. */
export function assertInput(workflow: AnyWorkflow, input: Encoded, limits: Limits): void {
  assertLength(input.text, limits.valueLength, () => decode(input), 'input');
  const schemas = schemasOf(workflow);
  if (schemas?.input) parseInput(schemas, decode(input), ownerOf(workflow));
}

/**
 * Whether an event may be accepted. Of versions side by side one is to take it: which of them the run has, its owner
 * knows, and refuses it where that is another.
 * @throws `EVENT_INVALID`, `SCHEMA_ASYNC`, `VALUE_TOO_LARGE`.
 */
export function assertEvent(versions: readonly AnyWorkflow[], event: Encoded, limits: Limits): void {
  assertLength(event.text, limits.valueLength, () => decode(event), 'event');
  let refusal: unknown;
  for (const workflow of versions) {
    const schemas = schemasOf(workflow);
    if (!schemas?.events) return;
    try {
      parseEvent(schemas, decode(event) as { type: string }, ownerOf(workflow));
      return;
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

function ownerOf({ id }: AnyWorkflow): string {
  return `workflow "${id}"`;
}
