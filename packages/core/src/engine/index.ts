export type { PendingAction } from './action-rows.js';
export { type ActorPath, joinPath } from './actor-path.js';
export { Engine } from './engine.js';
export { dropDone, findMisfits, type Misfit, resolveActor } from './fit.js';
export { isMachine, isSteps } from './kinds.js';
export { type LivePart, livePartOf } from './live.js';
export { lostBy, namedActions, type PossibleState, possibleStates } from './possible-states.js';
export type {
  ActionRow,
  EngineState,
  Leaf,
  PersistedChild,
  PersistedSnapshot,
  TimerRow,
} from './records.js';
export { actorRefReducers, actorRefRevivers } from './refs.js';
export { endOf, isEndOf, type Message, type Outcome, type Turn } from './turn.js';
export { names, type RootView, standingOf, viewLater, viewOf } from './view.js';
