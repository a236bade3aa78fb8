import { isHoldfastError } from '../errors/index.js';
import type { RunAddress } from '../records/records.js';
import { isParking } from './seen.js';

/** What writes a log: a `pino` logger is one, and so is `console`. Details come first, the message second. */
export interface Logger {
  /** Each checkpoint. */
  debug(details: object, message: string): void;
  /** Owners, and runs that begin, end, or are paused by a person. */
  info(details: object, message: string): void;
  /** What goes on, but not as it was meant: tries that fail, runs that failed, are parked, or were paused for a fault. */
  warn(details: object, message: string): void;
  /** What keeps a host from its work. */
  error(details: object, message: string): void;
}

/** Where a host's errors go when nobody else is told of them. */
export function errorsTo(logger: Logger | undefined): (error: unknown, address?: RunAddress) => void {
  if (!logger) return (error) => console.error(error);
  return (error, address) => tell(logger, error, address);
}

/** The error stands in `err`, where pino looks for one. */
function tell(logger: Logger, error: unknown, address?: RunAddress): void {
  const of = address ? { workflow: address.workflow, run: address.run } : {};
  const code = isHoldfastError(error) ? { code: error.code } : {};
  const message = error instanceof Error ? error.message : String(error);
  logger[isParking(error) ? 'warn' : 'error']({ ...of, ...code, err: error }, message);
}
