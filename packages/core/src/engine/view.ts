import type { AnyActorRef, AnyMachineSnapshot } from 'xstate';
import { isReserved } from '../records/records.js';

/** What an app sees of an actor tree's root. */
export interface RootView {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly value: unknown;
  readonly context: unknown;
  readonly tags: readonly string[];
  /** Types (or descriptors) of the events that some active state handles. */
  readonly accepts: readonly string[];
  readonly output: unknown;
  readonly error: unknown;
}

export function viewOf(root: AnyActorRef): RootView {
  return viewLater(root)();
}

/** {@link viewOf} as it is now, for who may look when the root has gone on: most views are never looked at. */
export function viewLater(root: AnyActorRef): () => RootView {
  const snapshot = snapshotOf(root);
  return () => {
    const { status, output, error, value, context, tags = [], _nodes = [] } = snapshot;
    return {
      status: status as RootView['status'],
      value,
      context,
      tags: [...tags],
      accepts: acceptsOf(_nodes),
      output,
      error,
    };
  };
}

/** Of {@link viewOf} what each checkpoint looks at: without what only an app wants to see. */
export function standingOf(root: AnyActorRef): Pick<RootView, 'status' | 'value'> {
  const { status, value } = snapshotOf(root);
  return { status: status as RootView['status'], value };
}

/** What a snapshot has depends on the logic. */
function snapshotOf(root: AnyActorRef): Partial<AnyMachineSnapshot> {
  return root.getSnapshot() as Partial<AnyMachineSnapshot>;
}

/** Whether some active state names that event type, or a pattern of its own family: not one that takes any event. */
export function names(root: AnyActorRef, type: string): boolean {
  const { _nodes = [] } = root.getSnapshot() as Partial<AnyMachineSnapshot>;
  const family = `${type.slice(0, type.indexOf('.'))}.*`;
  return _nodes.some(({ ownEvents }) => ownEvents.includes(type) || ownEvents.includes(family));
}

function acceptsOf(nodes: readonly { readonly ownEvents: readonly string[] }[]): string[] {
  if (nodes.length === 0) return [];
  const types = new Set(nodes.flatMap((node) => node.ownEvents));
  return [...types].filter((type) => !isReserved(type));
}
