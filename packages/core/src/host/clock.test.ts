import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSystemClock } from './clock.js';

const DAY = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Notes the instants at which the clock woke somebody. */
function wait(at: number) {
  const woken: number[] = [];
  const cancel = createSystemClock().at(at, () => woken.push(Date.now()));
  return { woken, cancel };
}

test('wakes at its instant', () => {
  const { woken } = wait(5000);
  vi.advanceTimersByTime(4999);
  expect(woken).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(woken).toEqual([5000]);
});

test('wakes once', () => {
  const { woken } = wait(5000);
  vi.advanceTimersByTime(10 * DAY);
  expect(woken).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test('an instant that has passed: soon, but not within the call', () => {
  const { woken } = wait(-5);
  expect(woken).toEqual([]);
  vi.advanceTimersByTime(0);
  expect(woken).toEqual([0]);
});

test('a wait of more than 24.8 days, which a single setTimeout would end at once', () => {
  const { woken } = wait(40 * DAY);
  vi.advanceTimersByTime(40 * DAY - 1);
  expect(woken).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(woken).toEqual([40 * DAY]);
});

test('no single timer is long: it follows a clock that is set', () => {
  const { woken } = wait(10 * DAY);
  vi.advanceTimersByTime(1000);
  vi.setSystemTime(10 * DAY);
  vi.advanceTimersByTime(30_000);
  expect(woken).toHaveLength(1);
});

test('a clock that is set back makes it wait longer', () => {
  const { woken } = wait(60_000);
  vi.advanceTimersByTime(50_000);
  vi.setSystemTime(0);
  vi.advanceTimersByTime(59_000);
  expect(woken).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(woken).toEqual([60_000]);
});

test('cancelled: at once, in a later slice, and after it woke', () => {
  const early = wait(5000);
  early.cancel();
  const late = wait(10 * DAY);
  vi.advanceTimersByTime(5 * DAY);
  late.cancel();
  vi.advanceTimersByTime(10 * DAY);
  expect([early.woken, late.woken, vi.getTimerCount()]).toEqual([[], [], 0]);
  late.cancel();
});
