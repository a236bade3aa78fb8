import type { AnyActorLogic, AnyStateMachine, StateValue } from 'xstate';
import { type ActorPath, joinPath } from './actor-path.js';
import { resolveActor } from './fit.js';
import { isMachine } from './kinds.js';
import { actionsOf } from './places.js';
import type { EngineState, PersistedChild, PersistedSnapshot, Visit } from './records.js';
import type { AnyStateNode } from './system.js';
import { aftersOf, enter } from './visits.js';

/** A state that a run of some logic may be stored in. */
export interface PossibleState {
  /** State id, and the actor whose it is. */
  readonly name: string;
  readonly state: EngineState;
}

/**
 * Every state in which a run of `logic` can rest, as it would be stored: one for each innermost state of each machine
 * of the tree, the other regions and actors in their initial ones. Contexts are those the machines begin with.
 */
export function* possibleStates(logic: AnyActorLogic, context?: unknown): Iterable<PossibleState> {
  for (const { name, snapshot } of snapshotsOf(logic, [], context)) {
    const visits = Object.fromEntries(visitsOf(logic, snapshot, ''));
    yield { name, state: { snapshot, visits, births: {}, booked: 0 } };
  }
}

interface Possible {
  readonly name: string;
  readonly snapshot: PersistedSnapshot;
}

function* snapshotsOf(logic: AnyActorLogic, above: readonly AnyActorLogic[], context?: unknown): Iterable<Possible> {
  if (!isMachine(logic)) {
    yield { name: 'the whole', snapshot: { status: 'active', input: undefined } };
    return;
  }
  if (above.includes(logic)) return;
  const own = { context: context ?? contextOf(logic), historyValue: {} };
  for (const node of innermost(logic.root)) {
    const { value, _nodes } = logic.resolveState({ value: valueAt(node), context: {} });
    const children = Object.fromEntries(firstChildren(logic, _nodes, [...above, logic]));
    const snapshot = { ...own, status: 'active', value, children } as const;
    yield { name: node.id, snapshot };
    for (const [id, child] of Object.entries(children)) {
      const inside = resolveActor(logic, child.src);
      const rest = inside && isMachine(inside) ? [...snapshotsOf(inside, [...above, logic])].slice(1) : [];
      for (const { name, snapshot: other } of rest) {
        const changed = { ...children, [id]: { ...child, snapshot: other } };
        yield { name: `${name} in ${id}`, snapshot: { ...snapshot, children: changed } };
      }
    }
  }
}

function* firstChildren(
  machine: AnyStateMachine,
  nodes: readonly AnyStateNode[],
  above: readonly AnyActorLogic[],
): Iterable<[string, PersistedChild]> {
  for (const { id, src } of nodes.flatMap((node) => node.invoke)) {
    const logic = resolveActor(machine, src as string);
    const [first] = logic ? snapshotsOf(logic, above) : [];
    if (first) yield [id, { src: src as string, snapshot: first.snapshot }];
  }
}

/** Atomic states; where the machine ends nothing is stored that goes on. */
function* innermost(node: AnyStateNode): Iterable<AnyStateNode> {
  const { type, parent } = node;
  if (type === 'history' || (type === 'final' && parent?.parent === undefined)) return;
  const children = Object.values(node.states) as AnyStateNode[];
  if (children.length === 0) yield node;
  for (const child of children) yield* innermost(child);
}

function valueAt(node: AnyStateNode): StateValue {
  return [...node.path].reverse().reduce<StateValue>((inside, key) => ({ [key]: inside }), {});
}

function contextOf({ config }: AnyStateMachine): unknown {
  const { context = {} } = config as { context?: unknown };
  if (typeof context !== 'function') return context;
  try {
    return context({ input: undefined, spawn: () => undefined, self: undefined });
  } catch {
    return {};
  }
}

function* visitsOf(
  logic: AnyActorLogic,
  snapshot: PersistedSnapshot,
  path: ActorPath,
): Iterable<[ActorPath, Record<string, Visit>]> {
  if (!isMachine(logic) || !('value' in snapshot)) return;
  const nodes = nodesAt(logic, snapshot);
  yield [path, Object.fromEntries(nodes.map((node) => [node.id, enter(node, 0)]))];
  for (const [id, { src, snapshot: inside }] of Object.entries(snapshot.children ?? {})) {
    const child = resolveActor(logic, src);
    if (child) yield* visitsOf(child, inside, joinPath(path, id));
  }
}

function nodesAt(machine: AnyStateMachine, { value }: PersistedSnapshot): readonly AnyStateNode[] {
  return machine.resolveState({ value: value as StateValue, context: {} })._nodes;
}

/** What of a stored state that fits a reconciliation would end. */
export interface Lost {
  readonly kind: 'timer' | 'actor';
  readonly name: string;
  readonly effect: 'dropped' | 'stopped' | 'restarted';
}

export function* lostBy(
  logic: AnyActorLogic,
  { snapshot, visits }: Pick<EngineState, 'snapshot' | 'visits'>,
  path: ActorPath = '',
): Iterable<Lost> {
  if (!isMachine(logic) || !('value' in snapshot)) return;
  const nodes = nodesAt(logic, snapshot);
  const afters = new Set(nodes.flatMap((node) => aftersOf(node).map(({ id }) => id)));
  const invokes = new Map(nodes.flatMap((node) => node.invoke.map(({ id, src }) => [id, src as string] as const)));
  const invoked = new Set<string>();
  for (const visit of Object.values(visits[path] ?? {})) {
    for (const id of visit.afters ?? []) if (!afters.has(id)) yield { kind: 'timer', name: id, effect: 'dropped' };
    for (const id of visit.invokes ?? []) invoked.add(id);
  }
  for (const [id, child] of Object.entries(snapshot.children ?? {})) {
    const src = invokes.get(id);
    if (!invoked.has(id) || src === child.src) {
      const inside = resolveActor(logic, child.src);
      if (inside) yield* lostBy(inside, { snapshot: child.snapshot, visits }, joinPath(path, id));
    } else {
      yield {
        kind: 'actor',
        name: `${child.src} (running as ${id})`,
        effect: src === undefined ? 'stopped' : 'restarted',
      };
    }
  }
}

/** Names of the actions that a machine performs, and has. */
export function namedActions(machine: AnyStateMachine): Set<string> {
  const { actions } = machine.implementations as { actions: Record<string, unknown> };
  const names = [...actionsOf(machine)].map((action) =>
    typeof action === 'object' && action !== null ? (action as { type?: unknown }).type : action,
  );
  return new Set(names.filter((name) => typeof name === 'string' && isCustom(actions[name])) as string[]);
}

/** XState's own are no effects of ours: nothing of them is stored. */
function isCustom(action: unknown): boolean {
  return typeof action === 'function' && !('resolve' in action);
}
