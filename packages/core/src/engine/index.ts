export type { PendingAction } from './action-rows.js';
export { type ActorPath, isWithin, pathOf } from './actor-path.js';
export { Engine, type Message, type Outcome, type Turn } from './engine.js';
export { findMisfits, type Misfit } from './fit.js';
export { isSteps, kindOf } from './kinds.js';
export type { ActionRow, EngineState, Leaf, TimerRow } from './records.js';
export { actorRefReducers, actorRefRevivers } from './refs.js';
export { type RootView, viewOf } from './view.js';
