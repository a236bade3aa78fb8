import { HoldfastError } from '../errors/index.js';
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
  if (priority !== undefined && !Number.isSafeInteger(priority)) throw wrong('priority', priority, 'a whole number');
  if (startAt !== undefined && !(typeof startAt === 'number' && Number.isFinite(startAt))) {
    throw wrong('startAt', startAt, 'a Date, or an instant in ms');
  }
  return { ...(priority === undefined ? {} : { priority }), ...(startAt === undefined ? {} : { startAt }) };
}

function wrong(option: string, given: unknown, remedy: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `start: ${option} is ${String(given)}.`,
    remedy: `It has to be ${remedy}.`,
    details: { option },
  });
}
