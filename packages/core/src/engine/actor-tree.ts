import type { AnyActorRef } from 'xstate';
import { type ActorPath, pathOf } from './actor-path.js';
import { reviveHistory, reviveOrder } from './persist.js';
import type { Birth, EngineState, Leaf, PersistedSnapshot } from './records.js';
import { AbsentActor, bindRefs, bindSnapshot } from './refs.js';
import { inner } from './system.js';

/**
 * Who stands where in the tree of a run's actors, and how often one was born there.
 *
 * Owns: the births. Never: what actors do.
 * 1. An actor is found only as the incarnation that it is: of one that was left, nothing is there any more.
 */
export class ActorTree {
  /** Set once it is made; until then nobody is looked for. */
  declare root: AnyActorRef;
  readonly #births: Record<ActorPath, Birth>;

  constructor(births: Readonly<Record<ActorPath, Birth>> = {}) {
    this.#births = { ...births };
  }

  /** What is to be stored of it. */
  get births(): Record<ActorPath, Birth> {
    return { ...this.#births };
  }

  /** An actor is born there, at that instant (ms). */
  countBirth(path: ActorPath, at: number): void {
    this.#births[path] = { incarnation: (this.#births[path]?.incarnation ?? 0) + 1, at };
  }

  /** The step function there begins its next life, at that instant (ms). */
  countLife({ path, incarnation, life = 0 }: Leaf, at: number): void {
    this.#births[path] = { incarnation, at, life: life + 1 };
  }

  incarnationAt(path: ActorPath): number {
    return this.#births[path]?.incarnation ?? 1;
  }

  lifeAt(path: ActorPath): number | undefined {
    return this.#births[path]?.life;
  }

  find(path: ActorPath, incarnation = this.incarnationAt(path)): AnyActorRef | undefined {
    if (incarnation !== this.incarnationAt(path)) return undefined;
    let actor: AnyActorRef | undefined = this.root;
    for (const id of path === '' ? [] : path.split('/')) {
      actor = actor && inner(actor)._snapshot.children?.[decodeURIComponent(id)];
    }
    return actor;
  }

  /** Actors whose work is not over, from the root down. */
  *active(actor = this.root): Iterable<AnyActorRef> {
    const { status, children = {} } = inner(actor)._snapshot;
    if (status !== 'active') return;
    yield actor;
    for (const child of Object.values(children)) yield* this.active(child);
  }

  /** The machines among them. */
  machines(): Map<ActorPath, AnyActorRef> {
    const machines = [...this.active()].filter((actor) => '_nodes' in actor.getSnapshot());
    return new Map(machines.map((actor) => [pathOf(actor), actor]));
  }

  toLeaf(actor: AnyActorRef): Leaf {
    const path = pathOf(actor);
    const { incarnation, at, life }: Birth = this.#births[path] ?? { incarnation: 1, at: 0 };
    return { path, incarnation, ...(life === undefined ? {} : { life }), bornAt: at };
  }

  /** The actor that is meant, or the stand-in itself, as one that was stopped. */
  bind(ref: AbsentActor): unknown {
    const { path, incarnation } = ref.address;
    ref.system = this.root.system;
    ref._parent = path === '' ? undefined : this.find(path.slice(0, Math.max(path.lastIndexOf('/'), 0)));
    return this.find(path, incarnation) ?? ref;
  }

  /** Stands for one that is not there. */
  absent(path: ActorPath): AbsentActor {
    const id = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
    return this.bind(new AbsentActor({ id, path, incarnation: 0 })) as AbsentActor;
  }

  /** After a restore: references in contexts, inputs and `events` are to be the actors themselves again. */
  bindAll({ snapshot }: EngineState, events: Iterable<unknown>): void {
    const bind = (ref: AbsentActor) => this.bind(ref);
    const visit = (actor: AnyActorRef, stored: PersistedSnapshot | undefined) => {
      bindSnapshot(inner(actor)._snapshot, bind);
      reviveHistory(actor);
      reviveOrder(actor, stored?.nodes);
      const { children = {} } = inner(actor)._snapshot;
      for (const [id, child] of Object.entries(children)) visit(child, stored?.children?.[id]?.snapshot);
    };
    visit(this.root, snapshot);
    for (const event of events) bindRefs(event, bind);
  }
}

/** XState files a child that was spawned without an id under `undefined`, where the next one takes its place. */
export function fileUnnamed(actor: AnyActorRef): void {
  const { _parent: parent, id } = actor;
  const { children } = parent ? inner(parent)._snapshot : {};
  const { _processingStatus, _snapshot } = inner(actor);
  if (!children || children[id] || _processingStatus !== 1 || _snapshot.status !== 'active') return;
  children[id] = actor;
  if (children.undefined && children.undefined.id !== 'undefined') delete children.undefined;
}
