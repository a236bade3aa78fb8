export type { PendingAction } from './action-rows.js';
export { type ActorPath, joinPath } from './actor-path.js';
export { Engine, type Message, type Outcome, type Turn } from './engine.js';
export { dropDone, findMisfits, type Misfit } from './fit.js';
export { isSteps } from './kinds.js';
export type {
  ActionRow,
  EngineState,
  Leaf,
  PersistedChild,
  PersistedSnapshot,
  TimerRow,
} from './records.js';
export { actorRefReducers, actorRefRevivers } from './refs.js';
export { type RootView, viewOf } from './view.js';
