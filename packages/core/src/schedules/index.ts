export type { CatchUp, Overlap, Schedule } from '../define/schedule.js';
export { type ScheduleOptions, schedule } from './schedule.js';
