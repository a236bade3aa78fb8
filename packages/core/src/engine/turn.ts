import type { AnyActorRef, EventObject } from 'xstate';
import { REJECT, RESOLVE } from '../define/steps-logic.js';
import { HoldfastError } from '../errors/index.js';
import type { PendingAction } from './action-rows.js';
import type { ActorPath } from './actor-path.js';
import type { Origin } from './queued.js';
import type { Leaf } from './records.js';
import type { ActorAddress } from './refs.js';
import type { XStateAction } from './system.js';

/** Microsteps and messages that one arrival may cause; more are taken for an endless loop. */
const MOST_STEPS = 10_000;

/** What one arrival made of the tree. */
export interface Turn {
  readonly started: readonly Leaf[];
  readonly stopped: readonly Leaf[];
  readonly actions: readonly PendingAction[];
  /** What step functions were sent that go on, in order. */
  readonly mail: readonly Posted[];
  readonly emitted: readonly EventObject[];
  readonly logged: readonly (readonly unknown[])[];
  /** Whether the state that is to be stored has changed; timers have a flag of their own. */
  readonly changed: boolean;
  readonly timersChanged: boolean;
  /** Whether some transition took the event. */
  readonly taken: boolean;
}

/** An event for a step function's mailbox. */
export interface Posted {
  readonly leaf: Leaf;
  readonly event: EventObject;
}

/** An event that an actor sent outside of a turn: from an action, or from a leaf's body. */
export interface Message {
  readonly to: ActorPath;
  readonly incarnation: number;
  readonly event: EventObject;
  /** The live actor that sent it: once that was left, it has no effect. */
  readonly from?: ActorAddress;
}

/** How a leaf's work ended. */
export type Outcome = { readonly output: unknown } | { readonly error: unknown };

/** Tells a leaf how its work ended. One that has been left in the meantime takes no notice. */
export function endOf({ path, incarnation }: ActorAddress, outcome: Outcome): Message {
  const event = 'error' in outcome ? { type: REJECT, data: outcome.error } : { type: RESOLVE, data: outcome.output };
  return { to: path, incarnation, event };
}

/** Whether a message tells that leaf how its work ended. */
export function isEndOf({ to, incarnation, event, from }: Message, leaf: ActorAddress): boolean {
  const ends = event.type === RESOLVE || event.type === REJECT;
  return ends && !from && to === leaf.path && incarnation === leaf.incarnation;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export interface OpenTurn
  extends Omit<Mutable<Turn>, 'actions' | 'mail' | 'emitted' | 'logged' | 'started' | 'stopped'> {
  born: AnyActorRef[];
  actions: (Performed | Given)[];
  mail: Given[];
  emitted: EventObject[];
  logged: unknown[][];
  steps: number;
}

export interface Performed {
  readonly actor: AnyActorRef;
  readonly action: XStateAction;
  readonly origin: Origin | undefined;
}

/** To a live actor, or a step function. */
export interface Given {
  readonly actor: AnyActorRef;
  readonly event: EventObject;
}

export function openTurn(): OpenTurn {
  return {
    born: [],
    actions: [],
    mail: [],
    emitted: [],
    logged: [],
    changed: false,
    timersChanged: false,
    taken: false,
    steps: 0,
  };
}

/**
 * A microstep or a message. @param taken whether a transition took it.
 * @throws `NO_QUIESCENCE`, where there are too many.
 */
export function countStep(turn: OpenTurn, taken: boolean): void {
  turn.taken ||= taken;
  if (++turn.steps <= MOST_STEPS) return;
  throw new HoldfastError('NO_QUIESCENCE', {
    message: `One event caused more than ${MOST_STEPS} microsteps and messages.`,
    remedy: 'Look for `always` transitions or actors which answer each other without end.',
  });
}
