import { type Duration, toMs } from '../define/duration.js';
import { refuseUnknown, told } from '../define/options.js';
import type { RetryPolicy, StepFailure, StepOptions } from '../define/steps-logic.js';
import { HoldfastError, isHoldfastError } from '../errors/index.js';

/** A {@link RetryPolicy} with its defaults filled in; times in ms. */
export interface Retry {
  readonly attempts: number;
  readonly delayMs: number | ((failure: StepFailure) => number);
  readonly factor: number;
  readonly maxDelayMs: number;
  readonly jitter: 'none' | 'equal' | 'full';
  readonly budgetMs: number;
  readonly retryIf: (error: unknown) => boolean;
  readonly onExhausted: 'fail' | 'pause';
}

/** {@link StepOptions}, validated. */
export interface StepSettings {
  readonly retry: Retry;
  readonly timeoutMs: number | undefined;
  readonly online: boolean;
  readonly atMostOnce: boolean;
  /** It is the undo of a step: no error of it is taken for final. */
  readonly undo?: true;
}

export const STEP_OPTIONS = ['retry', 'timeout', 'requires', 'delivery', 'undo'];
const RETRY_OPTIONS = ['attempts', 'delay', 'factor', 'maxDelay', 'jitter', 'budget', 'retryIf', 'onExhausted'];
const ONCE: RetryPolicy = { attempts: 1 };
/** Of a step that was given none: each step of a restored journal is asked for again, and need not be looked at. */
export const NO_OPTIONS: StepOptions = Object.freeze({});
const DEFAULTS = validated('', NO_OPTIONS);

/** @throws `OPTION_INVALID` naming the step and the option. */
export function toSettings(step: string, options: StepOptions): StepSettings {
  return options === NO_OPTIONS ? DEFAULTS : validated(step, options);
}

function validated(step: string, options: StepOptions): StepSettings {
  const at = `of step "${step}"`;
  refuseUnknown(options, STEP_OPTIONS, `step "${step}"`);
  const { retry = ONCE, timeout, requires, delivery = 'at-least-once' } = options;
  refuseUnknown(retry, RETRY_OPTIONS, `step "${step}"`, 'retry');
  if (requires !== undefined && requires !== 'online') throw invalid(`requires ${at}`, requires, "'online'");
  if (delivery !== 'at-least-once' && delivery !== 'at-most-once')
    throw invalid(`delivery ${at}`, delivery, "'at-least-once' or 'at-most-once'");
  if (delivery === 'at-most-once' && options.retry !== undefined)
    throw invalid(
      `retry ${at}`,
      'given',
      "left out where delivery is 'at-most-once': a failed try may have had its effect",
    );
  return {
    retry: toRetry(retry, at),
    timeoutMs: timeout === undefined ? undefined : toMs(timeout, `timeout ${at}`),
    online: requires === 'online',
    atMostOnce: delivery === 'at-most-once',
  };
}

function toRetry(policy: RetryPolicy, at: string): Retry {
  const { attempts = 3, delay = '1s', factor = 2, maxDelay = '5m', jitter = 'none' } = policy;
  const { budget = Infinity, retryIf = isWorthIt, onExhausted = 'fail' } = policy;
  if (!(attempts === Infinity || (Number.isInteger(attempts) && attempts >= 1))) {
    throw invalid(`retry.attempts ${at}`, attempts, 'a whole number from 1, or Infinity');
  }
  if (!(Number.isFinite(factor) && factor >= 1)) throw invalid(`retry.factor ${at}`, factor, 'a number from 1');
  if (!['none', 'equal', 'full'].includes(jitter))
    throw invalid(`retry.jitter ${at}`, jitter, "'none', 'equal' or 'full'");
  if (onExhausted !== 'fail' && onExhausted !== 'pause')
    throw invalid(`retry.onExhausted ${at}`, onExhausted, "'fail' or 'pause'");
  if (typeof retryIf !== 'function') throw invalid(`retry.retryIf ${at}`, retryIf, 'a function');
  const ms = (duration: Duration, name: string) => toMs(duration, `retry.${name} ${at}`);
  const delayMs =
    typeof delay === 'function' ? (failure: StepFailure) => ms(delay(failure), 'delay()') : ms(delay, 'delay');
  const budgetMs = budget === Infinity ? Infinity : ms(budget, 'budget');
  return { attempts, delayMs, factor, maxDelayMs: ms(maxDelay, 'maxDelay'), jitter, budgetMs, retryIf, onExhausted };
}

/** Instants (ms): of the failure, and of the first try. */
export interface TryTimes {
  readonly now: number;
  readonly startedAt: number;
}

/**
 * Milliseconds to wait after the failed try number `attempt`; `exhausted` when tries or budget are used up, undefined
 * when the error is not worth another try.
 * @param random in [0, 1).
 */
export function delayAfter(
  retry: Retry,
  attempt: number,
  error: unknown,
  random: () => number,
  { now, startedAt }: TryTimes,
): number | 'exhausted' | undefined {
  if (isNamed(error, 'NonRetryableError') || !retry.retryIf(error)) return undefined;
  if (attempt >= retry.attempts) return 'exhausted';
  const ms = isNamed(error, 'RetryAfterError') ? askedFor(error, now) : backoff(retry, { error, attempt }, random);
  return now + ms > startedAt + retry.budgetMs ? 'exhausted' : ms;
}

function backoff({ delayMs, factor, maxDelayMs, jitter }: Retry, failure: StepFailure, random: () => number): number {
  const wait = typeof delayMs === 'function' ? delayMs(failure) : delayMs;
  const grown = typeof delayMs === 'function' || wait === 0 ? wait : wait * factor ** (failure.attempt - 1);
  const full = Math.min(grown, maxDelayMs);
  if (jitter === 'full') return full * random();
  if (jitter === 'equal') return full / 2 + (full / 2) * random();
  return full;
}

function askedFor({ after }: { after?: unknown }, now: number): number {
  return after instanceof Date ? Math.max(after.getTime() - now, 0) : toMs(after as Duration, 'RetryAfterError.after');
}

/** By name: an error may be of another realm, or of another copy of this package. */
function isNamed(error: unknown, name: string): error is { after?: unknown } {
  return typeof error === 'object' && error !== null && (error as { name?: unknown }).name === name;
}

function isWorthIt(error: unknown): boolean {
  return !isHoldfastError(error) || error.retryable;
}

function invalid(what: string, value: unknown, expected: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `${what} is ${told(value)}.`,
    remedy: `It has to be ${expected}.`,
    details: { option: what },
  });
}
