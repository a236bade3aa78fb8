import type { AnyStateMachine } from 'xstate';
import { isCollector, watchCollector } from './queued.js';

/**
 * Where inline actions stand in a machine (node, hook, index), so that a stored row can find its function again. A
 * function that stands in several places has the first; it is the same function. What `enqueueActions` queues stands
 * nowhere, and is found through the place or the name of the `enqueueActions`: machines are to be indexed before they
 * run.
 */
export interface Places {
  readonly of: ReadonlyMap<unknown, string>;
  readonly at: ReadonlyMap<string, unknown>;
}

type AnyStateNode = AnyStateMachine['root'];
type Transition = { readonly actions: readonly unknown[] };

const known = new WeakMap<AnyStateMachine, Places>();

export function placesOf(machine: AnyStateMachine): Places {
  const places = known.get(machine) ?? index(machine);
  known.set(machine, places);
  return places;
}

function index(machine: AnyStateMachine): Places {
  const of = new Map<unknown, string>();
  const at = new Map<string, unknown>();
  for (const [place, action] of placed(machine)) {
    if (typeof action !== 'function') continue;
    at.set(place, action);
    if (!of.has(action)) of.set(action, place);
    if (isCollector(action)) watchCollector(action);
  }
  return { of, at };
}

function* placed(machine: AnyStateMachine): Iterable<[string, unknown]> {
  yield* walk(machine.root);
  for (const [name, action] of Object.entries(machine.implementations.actions)) {
    if (isCollector(action)) yield [`named ${name}`, action];
  }
}

/** All actions that stand in a machine: functions, names, and objects that name one. */
export function* actionsOf(machine: AnyStateMachine): Iterable<unknown> {
  for (const [, action] of walk(machine.root)) yield action;
}

function* walk(node: AnyStateNode): Iterable<[string, unknown]> {
  yield* numbered(`${node.id} entry`, node.entry);
  yield* numbered(`${node.id} exit`, node.exit);
  for (const [event, transitions] of node.transitions as Map<string, Transition[]>) {
    yield* ofTransitions(`${node.id} on ${event}`, transitions);
  }
  yield* ofTransitions(`${node.id} always`, (node.always ?? []) as Transition[]);
  if (node.type === 'compound') yield* numbered(`${node.id} initial`, node.initial.actions);
  for (const child of Object.values(node.states) as AnyStateNode[]) yield* walk(child);
}

function* ofTransitions(hook: string, transitions: readonly Transition[]): Iterable<[string, unknown]> {
  for (const [index, { actions }] of transitions.entries()) yield* numbered(`${hook} ${index}`, actions);
}

function* numbered(hook: string, actions: readonly unknown[]): Iterable<[string, unknown]> {
  for (const [index, action] of actions.entries()) yield [`${hook} ${index}`, action];
}
