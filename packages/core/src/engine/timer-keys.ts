import type { AnyActorRef } from 'xstate';
import { addressOf } from './refs.js';

/** By incarnation: an actor that its own message stopped lets go of its timers when another is at its path already. */
export function timerKey(source: AnyActorRef, id: string): string {
  const { path, incarnation } = addressOf(source);
  return `${path}#${incarnation}|${id}`;
}

/** All keys of an actor's timers begin with this. */
export function timerPrefix(source: AnyActorRef): string {
  return timerKey(source, '');
}
