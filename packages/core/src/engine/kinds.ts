import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { RESOLVE, type StepsLogic } from '../define/steps-logic.js';

/**
 * What an actor's logic is to the engine. `machine` and `reducer` are computed; `promise` and `steps` are leaves, whose
 * work is an effect; `live` (callback, observable) has work that can't be taken up again after a crash.
 */
export type LogicKind = 'machine' | 'reducer' | 'promise' | 'steps' | 'live';

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
  return kind === 'promise' || kind === 'steps';
}

function classify(logic: AnyActorLogic): LogicKind {
  if ('holdfast' in logic && logic.holdfast === 'steps') return 'steps';
  if ('getStateNodeById' in logic) return 'machine';
  if (!logic.start) return 'reducer';
  return settlesLikeAPromise(logic) ? 'promise' : 'live';
}

/** XState has no mark that tells promise logic from callback logic; only the first is settled by this event. */
function settlesLikeAPromise(logic: AnyActorLogic): boolean {
  const probe = { status: 'active', output: undefined, error: undefined, input: undefined };
  try {
    return logic.transition(probe, { type: RESOLVE, data: 1 }, {} as never)?.status === 'done';
  } catch {
    return false;
  }
}
