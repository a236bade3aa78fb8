import type { AnyActorRef, AnyMachineSnapshot } from 'xstate';
import type { ActorPath } from './actor-path.js';
import type { Visit, Visits } from './records.js';
import { type AnyStateNode, inner, type TakenTransition } from './system.js';

/**
 * Since when the active states of a tree's machines are active, and what their definition gave them at entry.
 *
 * Owns: one visit for each active state of each machine. Never: the machines.
 * 1. A state that is left and entered again in one turn has a new visit, though it is active before and after.
 * 2. A visit says what was set at entry: a timer that went off, or an actor that ended, is in it still.
 */
export class VisitBook {
  readonly #visits: Map<ActorPath, Record<string, Visit>>;

  constructor(visits: Visits = {}) {
    this.#visits = new Map(Object.entries(visits).map(([path, nodes]) => [path, { ...nodes }]));
  }

  /** Visits of one machine, by state id. */
  of(path: ActorPath): Readonly<Record<string, Visit>> {
    return this.#visits.get(path) ?? {};
  }

  set(path: ActorPath, visits: Record<string, Visit>): void {
    this.#visits.set(path, visits);
  }

  /** An actor is born at that path: what another had there is over. */
  forget(path: ActorPath): void {
    this.#visits.delete(path);
  }

  /** Ends the visits of states that the transitions of a microstep leave. */
  leave(path: ActorPath, active: readonly AnyStateNode[], transitions: readonly TakenTransition[]): void {
    const visits = this.#visits.get(path);
    if (!visits) return;
    for (const taken of withoutPreempted(transitions, active)) {
      for (const { id } of [...leftBy(taken, active), ...enteredBy(taken)]) delete visits[id];
    }
  }

  /** Begins the visits of states that have none, and drops those of states and actors that are no more. */
  update(machines: ReadonlyMap<ActorPath, AnyActorRef>, now: number): void {
    for (const path of this.#visits.keys()) if (!machines.has(path)) this.#visits.delete(path);
    for (const [path, actor] of machines) {
      const known = this.of(path);
      const nodes = nodesOf(actor).map((node) => [node.id, known[node.id] ?? enter(node, now)] as const);
      this.#visits.set(path, Object.fromEntries(nodes));
    }
  }

  toJSON(): Visits {
    return Object.fromEntries([...this.#visits].map(([path, nodes]) => [path, { ...nodes }]));
  }
}

/** The active states of a machine; none while it is being made. */
export function nodesOf(actor: AnyActorRef): readonly AnyStateNode[] {
  return (inner(actor)._snapshot as AnyMachineSnapshot | undefined)?._nodes ?? [];
}

/** A visit that begins now: with the timers and actors that XState sets at entry. */
export function enter(node: AnyStateNode, now: number): Visit {
  const afters = aftersOf(node).map(({ id }) => id);
  const invokes = node.invoke.map(({ id }) => id);
  return {
    at: now,
    ...(afters.length > 0 ? { afters } : {}),
    ...(invokes.length > 0 ? { invokes } : {}),
    ...(node.type === 'final' ? { final: true } : {}),
  };
}

/** The `after` timers of a state: the type of their event is their id. */
export function aftersOf(node: AnyStateNode): { readonly id: string; readonly delay: number | string }[] {
  const delays = new Map(node.after.map(({ eventType, delay }) => [eventType, delay as number | string]));
  return [...delays].map(([id, delay]) => ({ id, delay }));
}

/** As XState computes the states that a transition leaves. */
function leftBy(transition: TakenTransition, active: readonly AnyStateNode[]): AnyStateNode[] {
  if (!transition.target?.length) return [];
  const domain = domainOf(transition);
  return active.filter((node) => !domain || isInside(node, domain));
}

/** A transition may also enter its target without having left it: one from inside to a state around it. */
function enteredBy(transition: TakenTransition): readonly AnyStateNode[] {
  const { source, target = [], reenter } = transition;
  return target.filter((node) => node !== source || reenter || node !== domainOf(transition));
}

/** What stays active around a transition; undefined: not even the root does. */
function domainOf({ source, target = [], reenter }: TakenTransition): AnyStateNode | undefined {
  const inside = target.every((node) => node === source || isInside(node, source));
  if (!reenter && inside) return source;
  return commonAncestor([...target, source]) ?? (reenter ? undefined : source.machine.root);
}

/** Of transitions of parallel regions that leave the same states, XState takes the innermost, or else the first. */
function withoutPreempted(transitions: readonly TakenTransition[], active: readonly AnyStateNode[]): TakenTransition[] {
  let kept: TakenTransition[] = [];
  for (const next of transitions) {
    const left = new Set(leftBy(next, active));
    const rivals = kept.filter((other) => leftBy(other, active).some((node) => left.has(node)));
    if (!rivals.every(({ source }) => isInside(next.source, source))) continue;
    kept = [...kept.filter((other) => !rivals.includes(other)), next];
  }
  return kept;
}

function commonAncestor(nodes: readonly AnyStateNode[]): AnyStateNode | undefined {
  for (let ancestor = nodes[0]?.parent; ancestor; ancestor = ancestor.parent) {
    const above = ancestor;
    if (nodes.every((node) => isInside(node, above))) return above;
  }
  return undefined;
}

function isInside(node: AnyStateNode, ancestor: AnyStateNode): boolean {
  for (let above = node.parent; above; above = above.parent) if (above === ancestor) return true;
  return false;
}
