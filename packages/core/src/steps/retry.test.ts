import { describe, expect, test } from 'vitest';
import type { Duration } from '../define/duration.js';
import { NonRetryableError, RetryAfterError } from '../define/step-errors.js';
import type { RetryPolicy, StepFailure, StepOptions } from '../define/steps-logic.js';
import { HoldfastError, isHoldfastError } from '../errors/index.js';
import { delayAfter, toSettings } from './retry.js';

const settings = (options: unknown) => toSettings('s', options as StepOptions);
const retry = (policy: RetryPolicy) => settings({ retry: policy }).retry;
const NOW = { now: 5000, startedAt: 1000 };
const never = () => {
  throw new Error('Randomness was asked for.');
};
const waits = (policy: RetryPolicy, tries: number) =>
  Array.from({ length: tries }, (_, i) => delayAfter(retry(policy), i + 1, new Error('x'), never, NOW));

describe('options', () => {
  test('a step without options is tried once', () => {
    const { retry, timeoutMs, online } = settings({});
    expect(delayAfter(retry, 1, new Error('x'), never, NOW)).toBe('exhausted');
    expect([timeoutMs, online]).toEqual([undefined, false]);
  });

  test('defaults of a retry', () => {
    expect(waits({}, 3)).toEqual([1000, 2000, 'exhausted']);
  });

  test('durations are taken as text', () => {
    const { retry, timeoutMs, online } = settings({
      retry: { delay: '250ms', maxDelay: '2m' },
      timeout: '1.5s',
      requires: 'online',
    });
    expect([retry.delayMs, retry.maxDelayMs, timeoutMs, online]).toEqual([250, 120_000, 1500, true]);
  });

  test.each<[string, unknown]>([
    ['attempts: 0', { retry: { attempts: 0 } }],
    ['attempts: 1.5', { retry: { attempts: 1.5 } }],
    ['attempts: NaN', { retry: { attempts: Number.NaN } }],
    ['attempts: text', { retry: { attempts: '3' } }],
    ['factor: 0.5', { retry: { factor: 0.5 } }],
    ['factor: Infinity', { retry: { factor: Infinity } }],
    ['factor: text', { retry: { factor: '2' } }],
    ['jitter: yes', { retry: { jitter: 'yes' } }],
    ['retryIf: true', { retry: { retryIf: true } }],
    ['delay: -1', { retry: { delay: -1 } }],
    ['delay: soon', { retry: { delay: 'soon' } }],
    ['delay: NaN', { retry: { delay: Number.NaN } }],
    ['maxDelay: null', { retry: { maxDelay: null } }],
    ['an unknown option in retry', { retry: { retries: 3 } }],
    ['retry: 5', { retry: 5 }],
    ['retry: null', { retry: null }],
    ['retry: text', { retry: '3' }],
    ['timeout: -1', { timeout: -1 }],
    ['timeout: 5 weeks', { timeout: '5w' }],
    ['requires: wifi', { requires: 'wifi' }],
    ['budget: -1', { retry: { budget: -1 } }],
    ['delivery: once', { delivery: 'once' }],
    ['a retry of what is to be done at most once', { delivery: 'at-most-once', retry: { attempts: 2 } }],
    ['an unknown option', { retires: {} }],
    ['concurrency, which is of step.all', { concurrency: 2 }],
    ['no options', null],
    ['options that are text', ''],
  ])('refused: %s', (_, options) => {
    const refuse = () => settings(options);
    expect(refuse).toThrow(HoldfastError);
    expect(refuse).toThrow(/step "s"/);
    try {
      refuse();
    } catch (error) {
      expect(isHoldfastError(error, 'OPTION_INVALID')).toBe(true);
    }
  });
});

describe('waits', () => {
  test('grow by the factor, up to maxDelay', () => {
    expect(waits({ attempts: 6, delay: 100, factor: 3, maxDelay: 1000 }, 6)).toEqual([
      100,
      300,
      900,
      1000,
      1000,
      'exhausted',
    ]);
    expect(waits({ attempts: 4, delay: 100, factor: 1 }, 4)).toEqual([100, 100, 100, 'exhausted']);
    expect(waits({ attempts: 2, delay: '10m' }, 1)).toEqual([300_000]);
  });

  test('are numbers however often it was tried', () => {
    const at = (policy: RetryPolicy) =>
      delayAfter(retry({ attempts: Infinity, ...policy }), 5000, new Error('x'), never, NOW);
    expect(at({})).toBe(300_000);
    expect(at({ delay: 0 })).toBe(0);
    expect(at({ maxDelay: 0 })).toBe(0);
  });

  test.each(['none', 'equal', 'full'] as const)('jitter %s keeps its bounds', (jitter) => {
    const least = { none: 800, equal: 400, full: 0 }[jitter];
    const policy = retry({ attempts: 9, delay: 200, jitter });
    const wait = (random: number) => delayAfter(policy, 3, new Error('x'), () => random, NOW) as number;
    expect(wait(0)).toBe(least);
    expect(wait(1 - Number.EPSILON)).toBeLessThanOrEqual(800);
    expect(wait(0.5)).toBe(least + (800 - least) / 2);
  });
});

describe('what is worth another try', () => {
  test('any error, but a HoldfastError that says no', () => {
    const policy = retry({});
    const after = (error: unknown) => delayAfter(policy, 1, error, never, NOW) !== undefined;
    const coded = (retryable: boolean) => new HoldfastError('SERVICE_FAILED', { message: 'x', retryable });
    expect([after(new Error('x')), after('text'), after(undefined), after(coded(true)), after(coded(false))]).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  test('retryIf decides, after the last try as well', () => {
    const asked: unknown[] = [];
    const policy = retry({
      attempts: 2,
      retryIf: (error) => {
        asked.push(error);
        return error !== 'no';
      },
    });
    expect(delayAfter(policy, 1, 'no', never, NOW)).toBeUndefined();
    expect(delayAfter(policy, 1, 'yes', never, NOW)).toBe(1000);
    expect(delayAfter(policy, 2, 'last', never, NOW)).toBe('exhausted');
    expect(asked).toEqual(['no', 'yes', 'last']);
  });
});

describe('a delay function', () => {
  test('gives each wait, seeing error and try; factor leaves it alone, maxDelay does not', () => {
    const seen: unknown[] = [];
    const delay = ({ error, attempt }: StepFailure) => {
      seen.push([(error as Error).message, attempt]);
      return attempt === 3 ? ('2h' as const) : attempt * 10;
    };
    expect(waits({ attempts: 5, delay, factor: 3, maxDelay: '1m' }, 4)).toEqual([10, 20, 60_000, 40]);
    expect(seen).toEqual([1, 2, 3, 4].map((attempt) => ['x', attempt]));
  });

  test('takes jitter', () => {
    const policy = retry({ delay: () => 100, jitter: 'equal' });
    expect(delayAfter(policy, 1, new Error('x'), () => 0.5, NOW)).toBe(75);
  });

  test('that gives no duration is refused by name', () => {
    const wrong = retry({ delay: () => 'soon' as never });
    expect(() => delayAfter(wrong, 1, new Error('x'), never, NOW)).toThrow(/retry\.delay\(\) of step "s"/);
  });
});

describe('budget', () => {
  test.each([
    [6000, 2000],
    [5999, 'exhausted'],
    ['6s', 2000],
  ] as const)('of %s, of which 4 s are over', (budget, expected) => {
    expect(delayAfter(retry({ delay: '2s', budget }), 1, new Error('x'), never, NOW)).toBe(expected);
  });

  test('holds for what an error asks for', () => {
    const policy = retry({ budget: '10s' });
    const wait = (after: Duration) => delayAfter(policy, 1, new RetryAfterError('busy', after), never, NOW);
    expect([wait('6s'), wait(6001)]).toEqual([6000, 'exhausted']);
  });
});

describe('errors that say how it goes on', () => {
  test('NonRetryableError: not at all, whatever retryIf says', () => {
    expect(delayAfter(retry({ retryIf: () => true }), 1, new NonRetryableError('gone'), never, NOW)).toBeUndefined();
  });

  test('RetryAfterError: after that long, or at that instant, without jitter and bound; tries are counted', () => {
    const policy = retry({ attempts: 3, maxDelay: '1s', jitter: 'full' });
    const wait = (after: Duration | Date, attempt = 1) =>
      delayAfter(policy, attempt, new RetryAfterError('busy', after), never, NOW);
    expect([wait('30s'), wait(new Date(9000)), wait(new Date(1000)), wait('30s', 3)]).toEqual([
      30_000,
      4000,
      0,
      'exhausted',
    ]);
  });

  test('RetryAfterError: retryIf is asked', () => {
    const policy = retry({ retryIf: () => false });
    expect(delayAfter(policy, 1, new RetryAfterError('busy', 5), never, NOW)).toBeUndefined();
  });

  test('one of another realm, or that was stored', () => {
    expect(delayAfter(retry({}), 1, { name: 'NonRetryableError' }, never, NOW)).toBeUndefined();
    expect(delayAfter(retry({}), 1, { name: 'RetryAfterError', after: '7s' }, never, NOW)).toBe(7000);
  });

  test.each([['soon'], [-1], [new Date(Number.NaN)], [undefined]])('RetryAfterError refuses %s', (after) => {
    expect(() => new RetryAfterError('busy', after as never)).toThrow(/after of RetryAfterError/);
  });

  test('keep their cause', () => {
    const cause = new Error('why');
    expect([new NonRetryableError('a', { cause }).cause, new RetryAfterError('b', 1, { cause }).cause]).toEqual([
      cause,
      cause,
    ]);
  });
});
