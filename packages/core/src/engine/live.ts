import type { AnyActorLogic, AnyActorRef, EventObject } from 'xstate';
import { REJECT } from '../define/from-steps.js';
import { kindOf } from './kinds.js';
import { inner } from './system.js';

const STOP = 'xstate.stop';

type Emit = (event: EventObject) => void;
interface LiveSnapshot {
  readonly status: string;
  readonly [key: string]: unknown;
}

/**
 * The part of a live actor (callback, observable, logic with a `start`) that is an effect: XState's own logic, run beside
 * the tree.
 *
 * Owns: what the logic has under way. Never: the actor's snapshot, which is the tree's.
 * 1. It begins once, and ends once; what it is given outside of that goes nowhere.
 * 2. What it is given in the transition that leaves it, it gets before it ends.
 */
export class LivePart {
  readonly #actor: AnyActorRef;
  readonly #logic: AnyActorLogic;
  /** A copy: the logic keeps its subscription in it. */
  #state: LiveSnapshot | undefined;
  #emit: Emit = () => {};
  #last: readonly EventObject[] = [];

  constructor(actor: AnyActorRef, logic: AnyActorLogic) {
    this.#actor = actor;
    this.#logic = logic;
  }

  /**
   * @param emit is called with what the body emits.
   * @throws what the body throws: then it has not begun.
   */
  begin(emit: Emit): void {
    this.#emit = emit;
    const state = { ...(inner(this.#actor)._snapshot as LiveSnapshot) };
    this.#logic.start?.(state as never, this.#scope());
    this.#state = state;
  }

  /** @throws what a listener throws. */
  give(event: EventObject): void {
    if (this.#state) this.#logic.transition(this.#state as never, event, this.#scope());
  }

  /** Keeps events for the moment when it ends. */
  keep(event: EventObject): void {
    this.#last = [...this.#last, event];
  }

  /** @throws what a listener, or the body's clean-up, throws; it has ended all the same. */
  end(): void {
    try {
      for (const event of this.#last) this.give(event);
    } finally {
      const state = this.#state;
      this.#state = undefined;
      if (state) this.#logic.transition(state as never, { type: STOP }, this.#scope());
    }
  }

  emit(event: EventObject): void {
    this.#emit(event);
  }

  #scope() {
    return inner(this.#actor)._actorScope as never;
  }
}

const parts = new WeakMap<AnyActorRef, LivePart>();

/** Undefined for an actor that is not live. */
export function livePartOf(actor: AnyActorRef): LivePart | undefined {
  return parts.get(actor);
}

/**
 * The logic that a live actor has in the tree: all of it but its effects.
 * @param give takes what the actor is sent, where that is an effect.
 */
export function splitLive(actor: AnyActorRef, logic: AnyActorLogic, give: (event: EventObject) => void): AnyActorLogic {
  parts.set(actor, new LivePart(actor, logic));
  const isCallback = kindOf(logic) === 'callback';
  const transition = (snapshot: LiveSnapshot, event: EventObject & { data?: unknown }, scope: never) => {
    if (snapshot.status !== 'active') return snapshot;
    if (event.type === STOP) return { ...snapshot, status: 'stopped', input: undefined };
    if (event.type === REJECT) return { ...snapshot, status: 'error', error: event.data, input: undefined };
    if (!isCallback) return logic.transition(snapshot as never, event, scope);
    give(event);
    return snapshot;
  };
  return Object.create(logic, { start: { value: undefined }, transition: { value: transition } });
}
