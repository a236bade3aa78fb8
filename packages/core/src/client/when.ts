import { optionInvalid } from '../define/options.js';
import type { StartRequest } from './protocol.js';

/**
 * When a run is to begin, as a start request says it.
 * @throws `OPTION_INVALID` when `priority` is no whole number, or `startAt` no instant.
 */
export function whenOf(options: {
  priority?: number;
  startAt?: Date | number;
}): Pick<StartRequest, 'priority' | 'startAt'> {
  const { priority } = options;
  const startAt = options.startAt instanceof Date ? options.startAt.getTime() : options.startAt;
  if (priority !== undefined && !Number.isSafeInteger(priority))
    throw optionInvalid('priority', 'start', priority, 'a whole number');
  if (startAt !== undefined && !(typeof startAt === 'number' && Number.isFinite(startAt))) {
    throw optionInvalid('startAt', 'start', startAt, 'a Date, or an instant in ms');
  }
  return { ...(priority === undefined ? {} : { priority }), ...(startAt === undefined ? {} : { startAt }) };
}
