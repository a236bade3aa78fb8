import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { RESOLVE, type StepsLogic } from '../define/from-steps.js';
import { HoldfastError } from '../errors/index.js';

/**
 * What an actor's logic is to the engine. `machine` and `reducer` are computed; the others are leaves, whose work is an
 * effect. The last two are live: their work can't be taken up again after a crash, only begun anew. A `callback` has no
 * state: what it is sent is an effect too. A `stream` (an observable, or logic of the app's own with a `start`) has one.
 */
export type LogicKind = 'machine' | 'reducer' | 'promise' | 'steps' | 'callback' | 'stream';

const known = new WeakMap<AnyActorLogic, LogicKind>();

export function kindOf(logic: AnyActorLogic): LogicKind {
  const kind = known.get(logic) ?? classify(logic);
  known.set(logic, kind);
  return kind;
}

export function isMachine(logic: AnyActorLogic): logic is AnyStateMachine {
  return kindOf(logic) === 'machine';
}

export function isSteps(logic: AnyActorLogic): logic is StepsLogic<unknown, unknown> {
  return kindOf(logic) === 'steps';
}

/** Whether the logic's work happens outside of the engine, as an effect. */
export function isLeaf(logic: AnyActorLogic): boolean {
  const kind = kindOf(logic);
  return kind === 'promise' || kind === 'steps' || isLive(logic);
}

/** Whether the logic's work lives in memory alone. */
export function isLive(logic: AnyActorLogic): boolean {
  const kind = kindOf(logic);
  return kind === 'callback' || kind === 'stream';
}

/** @param which names the actor in the message. */
export function liveActorRefused(which: string, details: Record<string, unknown>): HoldfastError {
  return new HoldfastError('ACTOR_NOT_DURABLE', {
    message: `Actor ${which} is a callback or observable actor, which can't go on after a crash.`,
    remedy:
      "Make it a step function (fromSteps) or a promise actor, or accept that it begins anew: liveActors: 'restart' in defineWorkflow.",
    details,
  });
}

function classify(logic: AnyActorLogic): LogicKind {
  if ('holdfast' in logic && logic.holdfast === 'steps') return 'steps';
  if ('getStateNodeById' in logic) return 'machine';
  if (!logic.start) return 'reducer';
  return classifyLeaf(logic);
}

/**
 * XState's logics have no marks. Only a promise is settled by this event; only a callback's transition can't do without
 * the work that its actor has under way.
 */
function classifyLeaf(logic: AnyActorLogic): LogicKind {
  const probe = { status: 'active', output: undefined, error: undefined, input: undefined };
  try {
    const next = logic.transition(probe, { type: RESOLVE, data: 1 }, {} as never);
    return next?.status === 'done' ? 'promise' : 'stream';
  } catch {
    return 'config' in logic ? 'callback' : 'stream';
  }
}
