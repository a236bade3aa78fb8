import type { AnyActorLogic, AnyActorRef } from 'xstate';
import type { StepsLogic } from '../define/steps-logic.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { isMachine, isSteps, resolveActor } from '../engine/index.js';
import type { Place } from './messages.js';
import { notInWorker } from './refusals.js';

/** The names that lead from the root to an actor's logic. */
export function sourcesOf({ _parent: parent, src }: AnyActorRef): string[] {
  return parent ? [...sourcesOf(parent), src as string] : [];
}

/** The step function that stands there. @throws `WORKFLOW_UNKNOWN`. */
export function logicAt(workflows: readonly AnyWorkflow[], place: Place): StepsLogic<unknown, unknown> {
  const definition = workflows.find(({ id, version }) => id === place.workflow && version === place.version);
  let logic: AnyActorLogic | undefined = definition?.logic;
  for (const source of place.sources) logic = logic && isMachine(logic) ? resolveActor(logic, source) : undefined;
  if (logic && isSteps(logic)) return logic;
  throw notInWorker(place);
}
