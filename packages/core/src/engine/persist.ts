import type { AnyActorLogic, AnyActorRef, AnyStateMachine } from 'xstate';
import { isMachine } from './kinds.js';
import type { PersistedChild, PersistedSnapshot } from './records.js';
import { type AnyStateNode, inner } from './system.js';

interface MachineSnapshot {
  status: PersistedSnapshot['status'];
  output: unknown;
  error: unknown;
  value: unknown;
  context: unknown;
  historyValue: Record<string, { id: string }[]>;
  children: Record<string, AnyActorRef>;
  _nodes: AnyStateNode[];
}

/**
 * An actor's snapshot in XState's persisted shape. XState's own `getPersistedSnapshot` does not end on a context that
 * refers to itself, and aliases the live context; here references stay as they are, for the codec to write down.
 */
export function persist(actor: AnyActorRef): PersistedSnapshot {
  if (!('value' in actor.getSnapshot())) return persistStateless(actor);
  const snapshot = actor.getSnapshot() as MachineSnapshot;
  const { status, output, error, value, context, historyValue, children, _nodes } = snapshot;
  return {
    status,
    output,
    error,
    value,
    ...(inDocumentOrder(_nodes) ? {} : { nodes: _nodes.map(({ id }) => id) }),
    context,
    historyValue: mapValues(historyValue, (nodes) => nodes.map(({ id }) => ({ id }))),
    children: mapValues(children, persistChild),
  };
}

/** Leaves, reducers, and a machine that failed before it had a state. */
function persistStateless(actor: AnyActorRef): PersistedSnapshot {
  if (!isMachine(inner(actor).logic as AnyActorLogic)) return actor.getPersistedSnapshot() as PersistedSnapshot;
  const { status, output, error } = actor.getSnapshot() as MachineSnapshot;
  return { status, output, error };
}

function persistChild(child: AnyActorRef): PersistedChild {
  const { systemId = inner(child)._systemId } = child as { systemId?: string };
  return {
    src: child.src as string,
    ...(systemId === undefined ? {} : { systemId }),
    ...(inner(child)._syncSnapshot ? { syncSnapshot: true } : {}),
    snapshot: persist(child),
  };
}

function mapValues<T, R>(record: Record<string, T>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/**
 * XState 5.19 leaves a restored history as it was stored. A state that is gone is forgotten, as XState does; a history
 * of which nothing is left is none, or its state would be entered without a child.
 */
export function reviveHistory(actor: AnyActorRef): void {
  const { historyValue = {}, machine } = inner(actor)._snapshot as unknown as RestoredSnapshot;
  for (const [key, nodes] of Object.entries(historyValue)) {
    const found = nodes.flatMap(({ id }) => findNode(machine, id) ?? []);
    if (found.length > 0) historyValue[key] = found;
    else delete historyValue[key];
  }
}

/**
 * Of conflicting transitions of parallel regions XState takes that of the node which was entered first: the order of the
 * active nodes is part of the state, and XState's own restore forgets it.
 *
 * @param nodes ids in the order in which they were stored; undefined: as in the definition.
 */
export function reviveOrder(actor: AnyActorRef, nodes: readonly string[] | undefined): void {
  const { _nodes } = inner(actor)._snapshot as unknown as Partial<RestoredSnapshot>;
  const known = nodes && _nodes?.every(({ id }) => nodes.includes(id)) ? nodes : undefined;
  _nodes?.sort((a, b) => (known ? known.indexOf(a.id) - known.indexOf(b.id) : a.order - b.order));
}

function inDocumentOrder(nodes: readonly AnyStateNode[]): boolean {
  return nodes.every(({ order }, index) => index === 0 || (nodes[index - 1] as AnyStateNode).order < order);
}

interface RestoredSnapshot {
  readonly _nodes: AnyStateNode[];
  readonly historyValue?: Record<string, { id: string }[]>;
  readonly machine: AnyStateMachine;
}

function findNode(machine: AnyStateMachine, id: string) {
  try {
    return machine.getStateNodeById(id);
  } catch {
    return undefined;
  }
}
