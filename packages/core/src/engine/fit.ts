import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { kindOf } from './kinds.js';
import type { PersistedSnapshot } from './records.js';

/** A part of a stored run that the code no longer has. */
export interface Misfit {
  readonly kind: 'state' | 'actor';
  /** State id, or actor source and the id it runs under. */
  readonly name: string;
}

/** What of a stored tree `logic` can't take up; XState itself would drop it in silence or break. Empty: it fits. */
export function findMisfits(logic: AnyActorLogic, stored: PersistedSnapshot): Misfit[] {
  if (stored.status === 'error' && !('value' in stored)) return [];
  const isStoredMachine = 'value' in stored;
  if (isStoredMachine !== (kindOf(logic) === 'machine'))
    return [{ kind: 'actor', name: 'the root: a machine became something else' }];
  if (!isStoredMachine) return [];
  const machine = logic as AnyStateMachine;
  const states = [...missingStates(machine.root, stored.value)].map((name): Misfit => ({ kind: 'state', name }));
  const actors = Object.entries(stored.children ?? {}).flatMap(([id, { src, snapshot }]): Misfit[] => {
    const child = resolveActor(machine, src);
    if (!child) return [{ kind: 'actor', name: `${src} (running as ${id})` }];
    return findMisfits(child, snapshot).map(({ kind, name }) => ({ kind, name: `${name} in ${id}` }));
  });
  return [...states, ...actors];
}

type AnyStateNode = AnyStateMachine['root'];

function* missingStates(node: AnyStateNode, value: unknown): Iterable<string> {
  const parts = typeof value === 'string' ? { [value]: {} } : ((value ?? {}) as Record<string, unknown>);
  for (const [key, inside] of Object.entries(parts)) {
    const child = node.states[key] as AnyStateNode | undefined;
    if (child) yield* missingStates(child, inside);
    else yield `${node.id}.${key}`;
  }
}

/** The logic behind a stored source name; inline sources are named by state and index. */
export function resolveActor(machine: AnyStateMachine, src: string): AnyActorLogic | undefined {
  const inline = /^xstate\.invoke\.(\d+)\.(.*)$/.exec(src);
  if (!inline) return (machine.implementations.actors as Record<string, AnyActorLogic | undefined>)[src];
  const [, index = '0', stateId = ''] = inline;
  try {
    const invokes = [machine.getStateNodeById(stateId).config.invoke ?? []].flat() as { src?: unknown }[];
    return invokes[Number(index)]?.src as AnyActorLogic | undefined;
  } catch {
    return undefined;
  }
}
