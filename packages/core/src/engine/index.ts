export type { PendingAction } from './action-rows.js';
export type { ActorPath } from './actor-path.js';
export { Engine, type Message, type Outcome, type Turn } from './engine.js';
export { findMisfits } from './fit.js';
export { isSteps } from './kinds.js';
export { type LivePart, livePartOf } from './live.js';
export type { ActionRow, EngineState, Leaf, TimerRow } from './records.js';
export { actorRefReducers, actorRefRevivers } from './refs.js';
export { type RootView, viewOf } from './view.js';
