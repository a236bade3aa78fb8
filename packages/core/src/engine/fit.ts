import type { AnyActorLogic, AnyStateMachine, StateValue } from 'xstate';
import { type ActorPath, joinPath } from './actor-path.js';
import { isLeaf, isMachine, kindOf } from './kinds.js';
import type { EngineState, PersistedChild, PersistedSnapshot, Visit, Visits } from './records.js';
import type { AnyStateNode } from './system.js';

/** A part of a stored run that the code no longer has, or has as something else. */
export interface Misfit {
  readonly kind: 'state' | 'actor';
  /** State id, or actor source and the id it runs under. */
  readonly name: string;
  /** What is wrong with it; absent: it is missing. */
  readonly why?: string;
}

type Stored = Pick<EngineState, 'snapshot' | 'visits'>;

/** What of a stored tree `logic` can't take up; XState itself would drop it in silence or break. Empty: it fits. */
export function findMisfits(logic: AnyActorLogic, { snapshot, visits }: Stored): Misfit[] {
  return [...misfits(logic, snapshot, visits, '')];
}

function* misfits(logic: AnyActorLogic, stored: PersistedSnapshot, visits: Visits, path: ActorPath): Iterable<Misfit> {
  if (stored.status === 'error' && !('value' in stored)) return;
  const wasMachine = 'value' in stored;
  // Of an observable the latest value is stored, as a context.
  const wasReducer = !wasMachine && 'context' in stored;
  if (wasMachine !== isMachine(logic) || (wasReducer && isLeaf(logic) && kindOf(logic) !== 'stream')) {
    yield { kind: 'actor', name: decodeURIComponent(path) || 'the root', why: `has become a ${kindOf(logic)}` };
  } else if (isMachine(logic)) {
    yield* machineMisfits(logic, stored, visits, path);
  }
}

function* machineMisfits(
  machine: AnyStateMachine,
  stored: PersistedSnapshot,
  visits: Visits,
  path: ActorPath,
): Iterable<Misfit> {
  let states = [...stateMisfits(machine.root, stored.value)];
  if (states.length === 0 && stored.status === 'active')
    states = [...finalMisfits(machine, stored, visits[path] ?? {})];
  const where = path === '' ? '' : ` in ${decodeURIComponent(path)}`;
  yield* states.map((misfit) => ({ ...misfit, name: misfit.name + where }));
  for (const [id, { src, snapshot }] of Object.entries(stored.children ?? {})) {
    if (snapshot.status !== 'active') continue;
    const child = resolveActor(machine, src);
    const below = joinPath(path, id);
    if (child) yield* misfits(child, snapshot, visits, below);
    else yield { kind: 'actor', name: `${src} (running as ${decodeURIComponent(below)})` };
  }
}

function* stateMisfits(node: AnyStateNode, value: unknown): Iterable<Misfit> {
  const parts = typeof value === 'string' ? { [value]: {} } : ((value ?? {}) as Record<string, unknown>);
  const keys = Object.keys(parts);
  if (keys.length > 1 && node.type !== 'parallel') yield { kind: 'state', name: node.id, why: 'is no longer parallel' };
  for (const key of keys) {
    const child = node.states[key] as AnyStateNode | undefined;
    if (child?.type === 'history') yield { kind: 'state', name: child.id, why: 'is a history state' };
    else if (child) yield* stateMisfits(child, parts[key]);
    else yield { kind: 'state', name: `${node.id}.${key}` };
  }
}

/** Only a transition into a final state ends something: a run that is put there would never end. */
function* finalMisfits(
  machine: AnyStateMachine,
  { value }: PersistedSnapshot,
  visits: Record<string, Visit>,
): Iterable<Misfit> {
  const { _nodes } = machine.resolveState({ value: value as StateValue, context: {} });
  for (const { id, type } of _nodes) {
    if (type === 'final' && !visits[id]?.final) {
      yield { kind: 'state', name: id, why: 'is final, and the run has not come there by a transition' };
    }
  }
}

/** The same without the children that are done and whose logic is gone: nothing but their names is left of them. */
export function dropDone(logic: AnyActorLogic, stored: PersistedSnapshot): PersistedSnapshot {
  if (!stored.children || !isMachine(logic)) return stored;
  const children = Object.entries(stored.children).flatMap(([id, child]): [string, PersistedChild][] => {
    const own = resolveActor(logic, child.src);
    if (child.snapshot.status !== 'active') {
      const fits = own !== undefined && [...misfits(own, child.snapshot, {}, '')].length === 0;
      return fits ? [[id, child]] : [];
    }
    return [[id, own ? { ...child, snapshot: dropDone(own, child.snapshot) } : child]];
  });
  return { ...stored, children: Object.fromEntries(children) };
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
