import { type AnyActorRef, matchesState, type StateValue } from 'xstate';
import type { Reducers, Revivers } from '../codec/index.js';
import { type ActorPath, pathOf } from './actor-path.js';

/** Which actor is meant: another incarnation at the same path is another actor. */
export interface ActorAddress {
  readonly path: ActorPath;
  readonly incarnation: number;
}

interface RefData extends ActorAddress {
  readonly id: string;
}

const incarnations = new WeakMap<object, number>();

export function setIncarnation(actor: AnyActorRef, incarnation: number): void {
  incarnations.set(actor, incarnation);
}

/** Whether it is an actor of the engine. */
export function isAdopted(actor: unknown): boolean {
  return incarnations.has(actor as object);
}

export function addressOf(actor: AnyActorRef | AbsentActor): ActorAddress {
  if (actor instanceof AbsentActor) return actor.address;
  return { path: pathOf(actor), incarnation: incarnations.get(actor) ?? 1 };
}

/**
 * Stands for an actor that is not in the tree: a stored reference before {@link bindRefs}, or one to an actor that was
 * stopped. To XState it is a stopped actor: what is sent to it goes nowhere.
 */
export class AbsentActor {
  readonly id: string;
  readonly address: ActorAddress;
  readonly sessionId: string;
  readonly ref = this;
  readonly _processingStatus = 2;
  _parent: AnyActorRef | undefined;
  system: unknown;

  constructor({ id, path, incarnation }: RefData) {
    this.id = id;
    this.address = { path, incarnation };
    this.sessionId = `absent:${path}#${incarnation}`;
  }

  send(): void {}
  _send(): void {}
  _stop(): void {}
  subscribe = noSubscription;
  on = noSubscription;
  getSnapshot() {
    return { status: 'stopped', output: undefined, error: undefined };
  }
}

function noSubscription() {
  return { unsubscribe() {} };
}

interface SnapshotData {
  readonly status: string;
  readonly value: StateValue;
  readonly context: unknown;
  readonly output: unknown;
  readonly error: unknown;
  readonly tags: readonly string[];
}

/** What is left of a machine's snapshot that an event carried, as with `onSnapshot`. */
class StoredSnapshot {
  readonly data: SnapshotData;
  declare readonly value: StateValue;

  constructor(data: SnapshotData) {
    this.data = data;
    Object.assign(this, data, { tags: new Set(data.tags) });
  }

  matches(value: StateValue): boolean {
    return matchesState(value, this.value);
  }

  hasTag(tag: string): boolean {
    return this.data.tags.includes(tag);
  }
}

/** Actor references, and machine snapshots, wherever they stand in a value that is to be stored. */
export const actorRefReducers: Reducers = {
  ActorRef: (thing) => isActorRef(thing) && { id: thing.id, ...addressOf(thing) },
  MachineSnapshot: (thing) =>
    thing instanceof StoredSnapshot ? thing.data : isMachineSnapshot(thing) && toData(thing),
};

/** The references are stand-ins until {@link bindRefs} has put the actors in their place. */
export const actorRefRevivers: Revivers = {
  ActorRef: (data: RefData) => new AbsentActor(data),
  MachineSnapshot: (data: SnapshotData) => new StoredSnapshot(data),
};

function isActorRef(thing: unknown): thing is AnyActorRef {
  return typeof thing === 'object' && thing !== null && 'sessionId' in thing && 'ref' in thing && 'send' in thing;
}

function isMachineSnapshot(thing: unknown): thing is SnapshotData {
  return typeof thing === 'object' && thing !== null && '_nodes' in thing && 'machine' in thing;
}

function toData({ status, value, context, output, error, tags }: SnapshotData): SnapshotData {
  return { status, value, context, output, error, tags: [...tags] };
}

/** Gives the actor behind a stand-in, or the stand-in itself, fit to be a stopped one. */
type Bind = (ref: AbsentActor) => unknown;

/** Puts actors in the place of their stand-ins, everywhere in `value`, which is changed. */
export function bindRefs<T>(value: T, bind: Bind, seen = new Set<unknown>()): T {
  if (value instanceof AbsentActor) return bind(value) as T;
  if (typeof value !== 'object' || value === null || seen.has(value)) return value;
  seen.add(value);
  const replace = (part: unknown) => bindRefs(part, bind, seen);
  if (value instanceof Map) {
    const entries = [...value].map(([key, part]) => [replace(key), replace(part)] as const);
    value.clear();
    for (const [key, part] of entries) value.set(key, part);
  } else if (value instanceof Set) {
    const parts = [...value].map(replace);
    value.clear();
    for (const part of parts) value.add(part);
  } else if (isOpen(value)) {
    for (const [key, part] of Object.entries(value)) {
      const replaced = replace(part);
      if (replaced !== part) (value as Record<string, unknown>)[key] = replaced;
    }
  }
  return value;
}

/** The same for what a live snapshot holds of the app's values. */
export function bindSnapshot(snapshot: object, bind: Bind): void {
  const parts = snapshot as Record<string, unknown>;
  for (const name of ['context', 'input', 'output', 'error']) {
    if (parts[name] !== undefined) parts[name] = bindRefs(parts[name], bind);
  }
}

/** Whether references may stand in its fields. */
function isOpen(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return (
    Array.isArray(value) || prototype === Object.prototype || prototype === null || value instanceof StoredSnapshot
  );
}
