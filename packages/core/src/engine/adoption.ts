import type { AnyActorLogic, AnyActorRef, EventObject } from 'xstate';
import type { Workflow } from '../define/workflow.js';
import { HoldfastError } from '../errors/index.js';
import { isLeaf, isLive, liveActorRefused } from './kinds.js';
import { livePartOf, splitLive } from './live.js';
import { type Origin, originOf } from './queued.js';
import { inner, type XStateAction } from './system.js';
import type { OpenTurn } from './turn.js';
import { withoutWork } from './without-work.js';

/** @throws `ACTOR_NOT_DURABLE`, when nothing of its work, or of its logic, would be found again after a crash. */
export function refuseUnfit(actor: AnyActorRef, logic: AnyActorLogic, liveActors: Workflow['liveActors']): void {
  const inline = inner(actor)._parent !== undefined && typeof actor.src !== 'string';
  if (inline) {
    throw new HoldfastError('ACTOR_NOT_DURABLE', {
      message: `Actor "${actor.id}" was spawned from inline logic, which can't be found again after a crash.`,
      remedy: 'Name its logic in setup({ actors }), and spawn it by that name.',
      details: { actor: actor.id },
    });
  }
  if (isLive(logic) && liveActors === undefined) throw liveActorRefused(`"${actor.id}"`, { actor: actor.id });
}

/**
 * Lets nothing happen that an actor does: it becomes part of the turn that is open then. Outside of one only what the
 * live part of an actor emits comes through.
 */
export function collectEffects(actor: AnyActorRef, logic: AnyActorLogic, turn: () => OpenTurn | undefined): void {
  const its = inner(actor);
  if (isLeaf(logic)) {
    const give = (event: EventObject) => turn()?.actions.push({ actor, event });
    const post = (event: EventObject) => turn()?.mail.push({ actor, event });
    its.logic = isLive(logic) ? splitLive(actor, logic, give) : withoutWork(logic, post);
  }
  its._actorScope.emit = (event) => {
    const open = turn();
    if (open) open.emitted.push(event);
    else livePartOf(actor)?.emit(event);
  };
  const execute = (action: XStateAction, origin: Origin | undefined) => {
    if (action.type.startsWith('xstate.')) action.exec?.(action.info, action.params);
    else if (action.exec) turn()?.actions.push({ actor, action, origin });
  };
  its._actorScope.actionExecutor = (action) => {
    const origin = originOf(action.exec);
    if (its._processingStatus === 1) execute(action, origin);
    else its._deferred.push(() => execute(action, origin));
  };
}
