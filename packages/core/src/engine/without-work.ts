import type { AnyActorLogic, EventObject } from 'xstate';
import { isReserved } from '../records/records.js';
import { isSteps } from './kinds.js';

/**
 * The logic that a promise actor or a step function has in the tree: all of it but its work, which is an effect.
 * @param post takes what a step function is sent: its waits take from that.
 */
export function withoutWork(logic: AnyActorLogic, post: (event: EventObject) => void): AnyActorLogic {
  const start = { value: undefined };
  if (!isSteps(logic)) return Object.create(logic, { start });
  const transition = (snapshot: { status: string }, event: EventObject, scope: never) => {
    if (snapshot.status === 'active' && !isReserved(event.type)) post(event);
    return logic.transition(snapshot as never, event, scope);
  };
  return Object.create(logic, { start, transition: { value: transition } });
}
