import type { AnyActorRef } from 'xstate';

/** Where an actor stands in its run's tree: the ids from below the root down, escaped, joined by `/`. The root is ''. */
export type ActorPath = string;

export function pathOf(actor: AnyActorRef): ActorPath {
  const parent = actor._parent;
  if (!parent) return '';
  return joinPath(pathOf(parent), actor.id);
}

export function joinPath(above: ActorPath, id: string): ActorPath {
  return above === '' ? encodeURIComponent(id) : `${above}/${encodeURIComponent(id)}`;
}
