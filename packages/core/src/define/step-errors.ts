import { type Duration, toMs } from './duration.js';

/**
 * Thrown by a step: it fails at once, whatever its `retry` says.
 *
 * @example
 * if (response.status === 410) throw new NonRetryableError('The upload was withdrawn.');
 */
export class NonRetryableError extends Error {
  override readonly name = 'NonRetryableError';
}

/**
 * Thrown by a step: its next try comes after so long, or at that instant, in place of what `retry.delay` says. The try
 * counts, so the step needs a `retry` with attempts left; its `budget` holds.
 *
 * @example
 * if (response.status === 429) throw new RetryAfterError('Too many requests.', '30s');
 */
export class RetryAfterError extends Error {
  override readonly name = 'RetryAfterError';
  readonly after: Duration | Date;

  /** @throws `OPTION_INVALID` when `after` is neither a duration nor a valid Date. */
  constructor(message: string, after: Duration | Date, options?: { cause?: unknown }) {
    super(message, options);
    toMs(after instanceof Date ? after.getTime() : after, 'after of RetryAfterError');
    this.after = after;
  }
}
