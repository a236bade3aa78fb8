import type { AnyActorLogic, AnyActorRef, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { pathOf } from './actor-path.js';
import { resolveActor } from './fit.js';
import { isMachine } from './kinds.js';
import { placesOf } from './places.js';
import type { ActionRow } from './records.js';
import type { AbsentActor } from './refs.js';
import { inner, type XStateAction } from './system.js';

/** An action that is to be performed: its row, and what performs it. */
export interface PendingAction {
  readonly row: ActionRow;
  /** @throws whatever the action throws. */
  perform(): void;
}

/** @param gone whether the actor has left the tree: nothing of it is stored but this row. */
export function toRow(actor: AnyActorRef, { type, info, params, exec }: XStateAction, gone: boolean): ActionRow {
  const { machine, context } = actor.getSnapshot() as AnyMachineSnapshot;
  const named = machine.implementations.actions[type] === exec;
  const place = named ? undefined : placesOf(machine).of.get(exec);
  return {
    actor: pathOf(actor),
    type,
    event: info.event,
    ...(gone ? { sources: sourcesOf(actor) } : {}),
    ...(place === undefined ? {} : { place }),
    ...(params === undefined ? {} : { params }),
    ...(info.context === context && !gone ? {} : { context: info.context }),
  };
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
  const { sources, type, place, params, event } = row;
  const machine = sources ? machineAt(root, sources) : inner(self as AnyActorRef)._snapshot?.machine;
  if (!machine) return undefined;
  const { implementations } = machine as AnyStateMachine;
  const exec = place === undefined ? implementations.actions[type] : placesOf(machine as AnyStateMachine).at.get(place);
  if (typeof exec !== 'function') return undefined;
  const { context } = 'context' in row ? row : (self.getSnapshot() as AnyMachineSnapshot);
  return { row, perform: () => void exec({ context, event, self, system: root.system }, params) };
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
