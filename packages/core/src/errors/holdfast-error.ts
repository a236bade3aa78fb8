import type { ErrorCode } from './codes.js';

/** What a {@link HoldfastError} is made of. */
export interface HoldfastErrorOptions {
  /** What was wrong, in one sentence. */
  message: string;
  /** What the reader can do about it, in one sentence. */
  remedy?: string;
  /** Plain data for programs: ids, paths, offsets. */
  details?: Record<string, unknown>;
  cause?: unknown;
  /** True when the same call may succeed later without a change. */
  retryable?: boolean;
}

/**
 * The one error class of Holdfast. Tell errors apart by `code`, never by `instanceof`: an error may have crossed
 * a realm or a `postMessage`; {@link isHoldfastError} does it right.
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly details: Record<string, unknown>;
  readonly retryable: boolean;

  constructor(code: ErrorCode, options: HoldfastErrorOptions) {
    const { message, remedy, details = {}, cause, retryable = false } = options;
    super(remedy ? `${message} ${remedy}` : message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.remedy = remedy;
    this.details = details;
    this.retryable = retryable;
  }
}

/**
 * Is `error` a HoldfastError (with this `code`, when one is given)? Compares data, so it works across realms.
 *
 * @example
 * try { await run.result() } catch (e) { if (isHoldfastError(e, 'RUN_PARKED')) showUpdateNotice() }
 */
export function isHoldfastError(error: unknown, code?: ErrorCode): error is HoldfastError {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code: actual } = error as { name?: unknown; code?: unknown };
  return name === 'HoldfastError' && typeof actual === 'string' && (code === undefined || actual === code);
}
