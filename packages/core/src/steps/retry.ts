import { type Duration, toMs } from '../define/duration.js';
import type { RetryPolicy, StepOptions } from '../define/steps-logic.js';
import { HoldfastError, isHoldfastError } from '../errors/index.js';

/** A {@link RetryPolicy} with its defaults filled in; times in ms. */
export interface Retry {
  readonly attempts: number;
  readonly delayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  readonly jitter: 'none' | 'equal' | 'full';
  readonly retryIf: (error: unknown) => boolean;
}

/** {@link StepOptions}, validated. */
export interface StepSettings {
  readonly retry: Retry;
  readonly timeoutMs: number | undefined;
  readonly online: boolean;
}

const OPTIONS = new Set(['retry', 'timeout', 'requires']);
const RETRY_OPTIONS = new Set(['attempts', 'delay', 'factor', 'maxDelay', 'jitter', 'retryIf']);
const ONCE: RetryPolicy = { attempts: 1 };

/** @throws `OPTION_INVALID` naming the step and the option. */
export function toSettings(step: string, options: StepOptions): StepSettings {
  const at = `of step "${step}"`;
  if (!isObject(options)) throw invalid(`The options ${at}`, options, 'an object');
  const { retry = ONCE, timeout, requires } = options;
  refuseUnknown(options, OPTIONS, at);
  if (!isObject(retry)) throw invalid(`retry ${at}`, retry, 'an object');
  refuseUnknown(retry, RETRY_OPTIONS, `in retry ${at}`);
  if (requires !== undefined && requires !== 'online') throw invalid(`requires ${at}`, requires, "'online'");
  return {
    retry: toRetry(retry, at),
    timeoutMs: timeout === undefined ? undefined : toMs(timeout, `timeout ${at}`),
    online: requires === 'online',
  };
}

function toRetry(policy: RetryPolicy, at: string): Retry {
  const { attempts = 3, delay = '1s', factor = 2, maxDelay = '5m', jitter = 'none', retryIf = isWorthIt } = policy;
  if (!(attempts === Infinity || (Number.isInteger(attempts) && attempts >= 1))) {
    throw invalid(`retry.attempts ${at}`, attempts, 'a whole number from 1, or Infinity');
  }
  if (!(Number.isFinite(factor) && factor >= 1)) throw invalid(`retry.factor ${at}`, factor, 'a number from 1');
  if (!['none', 'equal', 'full'].includes(jitter))
    throw invalid(`retry.jitter ${at}`, jitter, "'none', 'equal' or 'full'");
  if (typeof retryIf !== 'function') throw invalid(`retry.retryIf ${at}`, retryIf, 'a function');
  const ms = (duration: Duration, name: string) => toMs(duration, `retry.${name} ${at}`);
  return { attempts, delayMs: ms(delay, 'delay'), factor, maxDelayMs: ms(maxDelay, 'maxDelay'), jitter, retryIf };
}

/**
 * Milliseconds to wait after the failed try number `attempt`, or undefined when it was the last.
 * @param random in [0, 1).
 */
export function delayAfter(retry: Retry, attempt: number, error: unknown, random: () => number): number | undefined {
  if (attempt >= retry.attempts || !retry.retryIf(error)) return undefined;
  const grown = retry.delayMs === 0 ? 0 : retry.delayMs * retry.factor ** (attempt - 1);
  const full = Math.min(grown, retry.maxDelayMs);
  if (retry.jitter === 'full') return full * random();
  if (retry.jitter === 'equal') return full / 2 + (full / 2) * random();
  return full;
}

function isWorthIt(error: unknown): boolean {
  return !isHoldfastError(error) || error.retryable;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function refuseUnknown(options: object, known: ReadonlySet<string>, where: string): void {
  const unknown = Object.keys(options).find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new HoldfastError('OPTION_INVALID', {
    message: `There is no option "${unknown}" ${where}.`,
    remedy: `Known are ${[...known].join(', ')}.`,
    details: { option: unknown },
  });
}

function invalid(what: string, value: unknown, expected: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `${what} is ${String(value)}.`,
    remedy: `It has to be ${expected}.`,
    details: { option: what },
  });
}
