import type { Schedule } from '../define/schedule.js';

/** An occurrence that is attended to later than this, in ms, is one that was missed. */
const LATE_MS = 60_000;

/** Occurrences of a schedule, oldest first, as instants in ms. */
export interface Due {
  /** To be made up for. */
  readonly missed: readonly number[];
  readonly onTime: readonly number[];
}

/** What is due of a schedule, of which all up to `last` is handled. */
export function dueOf(schedule: Schedule, last: number, now: number): Due {
  const late = Math.max(last, now - LATE_MS);
  const onTime = between(schedule, late, now);
  if (late === last || schedule.catchUp === 'none') return { missed: [], onTime };
  if (schedule.catchUp === 'all') return { missed: between(schedule, last, late), onTime };
  const newest = onTime.length > 0 ? undefined : schedule.previous(late + 1);
  return { missed: newest !== undefined && newest > last ? [newest] : [], onTime };
}

/** Those after the one instant, and not after the other. */
function between(schedule: Schedule, after: number, until: number): number[] {
  const found: number[] = [];
  for (let at = schedule.next(after); at !== undefined && at <= until; at = schedule.next(at)) found.push(at);
  return found;
}
