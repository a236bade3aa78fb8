import type { AnyActorLogic, AnyActorRef, AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { pathOf } from './actor-path.js';
import { resolveActor } from './fit.js';
import { isMachine } from './kinds.js';
import { livePartOf } from './live.js';
import { placesOf } from './places.js';
import { findQueued, type Origin } from './queued.js';
import type { ActionRow, Leaf, Queued } from './records.js';
import { type AbsentActor, addressOf } from './refs.js';
import { inner, type XStateAction } from './system.js';

/** An action that is to be performed, or an event that a live actor is to be given: its row, and what does it. */
export interface PendingAction {
  readonly row: ActionRow;
  /** The live actor that must have begun by then. */
  readonly receiver?: Pick<Leaf, 'path' | 'incarnation'>;
  /** @throws whatever the action, or a listener, throws. */
  perform(): void;
}

/**
 * @param gone whether the actor has left the tree: nothing of it is stored but this row.
 * @param origin how the action was queued, if it was.
 */
export function toRow(
  actor: AnyActorRef,
  { type, info, params, exec }: XStateAction,
  gone: boolean,
  origin: Origin | undefined,
): ActionRow {
  const { machine, context } = actor.getSnapshot() as AnyMachineSnapshot;
  const named = machine.implementations.actions[type] === exec;
  return {
    actor: pathOf(actor),
    type,
    event: info.event,
    ...(gone ? { sources: sourcesOf(actor) } : {}),
    ...(named ? {} : placeOf(machine, exec, info.context, origin)),
    ...(params === undefined ? {} : { params }),
    ...(info.context === context && !gone ? {} : { context: info.context }),
  };
}

function placeOf(
  machine: AnyStateMachine,
  exec: unknown,
  context: unknown,
  origin: Origin | undefined,
): Pick<ActionRow, 'place' | 'queued'> {
  const { of } = placesOf(machine);
  const place = of.get(exec);
  if (place !== undefined) return { place };
  const above = origin && of.get(origin.collector);
  if (!origin || above === undefined) return {};
  const queued = origin.way.map(
    ({ context: seen, ...step }): Queued => (seen === context ? step : { ...step, context: seen }),
  );
  return { place: above, queued };
}

/** An event that a live actor is to be given after the commit. */
export function toDelivery(actor: AnyActorRef, event: EventObject): PendingAction {
  const { path, incarnation } = addressOf(actor);
  return deliveryOf({ actor: path, incarnation, type: event.type, event }, actor);
}

function deliveryOf(row: ActionRow & { incarnation: number }, actor: AnyActorRef): PendingAction {
  const { actor: path, incarnation, event } = row;
  return { row, receiver: { path, incarnation }, perform: () => livePartOf(actor)?.give(event) };
}

/** The row of an action that is to be performed still, in a checkpoint that may change its actor or end it. */
export function carryRow(row: ActionRow, actor: AnyActorRef | undefined, context: unknown, gone: boolean): ActionRow {
  return { context, ...row, ...(gone && actor ? { sources: sourcesOf(actor) } : {}) };
}

/** The action of a stored row; undefined when this code no longer has it. */
export function resolveRow(
  row: ActionRow,
  self: AnyActorRef | AbsentActor,
  root: AnyActorRef,
): PendingAction | undefined {
  const { incarnation, params, event } = row;
  if (incarnation !== undefined) {
    const actor = self as AnyActorRef;
    return livePartOf(actor) && deliveryOf({ ...row, incarnation }, actor);
  }
  const machine = row.sources ? machineAt(root, row.sources) : inner(self as AnyActorRef)._snapshot?.machine;
  if (!machine) return undefined;
  const { context } = 'context' in row ? row : (self.getSnapshot() as AnyMachineSnapshot);
  const args = { context, event, self, system: root.system };
  const exec = findExec(machine as AnyStateMachine, row, args);
  return typeof exec === 'function' ? { row, perform: () => void exec(args, params) } : undefined;
}

function findExec(
  machine: AnyStateMachine,
  { type, place, queued = [] }: ActionRow,
  args: { context: unknown; event: unknown; self: unknown; system: unknown },
): unknown {
  if (place === undefined) return machine.implementations.actions[type];
  return findQueued(placesOf(machine).at.get(place), queued, args);
}

function sourcesOf(actor: AnyActorRef): string[] {
  const parent = actor._parent;
  return parent ? [...sourcesOf(parent), actor.src as string] : [];
}

/** The machine that an actor of these sources had. */
function machineAt(root: AnyActorRef, sources: readonly string[]): AnyStateMachine | undefined {
  let logic = inner(root).logic as AnyActorLogic | undefined;
  for (const source of sources) logic = logic && isMachine(logic) ? resolveActor(logic, source) : undefined;
  return logic && isMachine(logic) ? logic : undefined;
}
