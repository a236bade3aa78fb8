import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { Deadlines } from './deadlines.js';

function watching() {
  const clock = new ManualClock(0);
  const woken: [key: string, at: number][] = [];
  const deadlines = new Deadlines(clock, (key) => woken.push([key, clock.now()]));
  return { clock, deadlines, woken };
}

describe('invariant 1: a key is woken once per set, at its instant, earliest first', () => {
  test('in whatever order they are set', () => {
    const { clock, deadlines, woken } = watching();
    for (const at of [50, 10, 30, 40, 20]) deadlines.set(`k${at}`, at);
    clock.advance(100);
    expect(woken).toEqual([10, 20, 30, 40, 50].map((at) => [`k${at}`, at]));
    clock.advance(1000);
    expect(woken).toHaveLength(5);
  });

  test('set again: the last one counts, later or earlier', () => {
    const { clock, deadlines, woken } = watching();
    deadlines.set('later', 10);
    deadlines.set('later', 30);
    deadlines.set('earlier', 30);
    deadlines.set('earlier', 10);
    clock.advance(100);
    expect(woken).toEqual([
      ['earlier', 10],
      ['later', 30],
    ]);
  });

  test('deleted, cleared, and set anew from within', () => {
    const { clock, deadlines, woken } = watching();
    deadlines.set('gone', 10);
    deadlines.set('kept', 20);
    deadlines.delete('gone');
    deadlines.delete('nobody');
    clock.advance(30);
    expect(woken).toEqual([['kept', 20]]);
    deadlines.set('a', 40);
    deadlines.clear();
    clock.advance(30);
    expect([woken.length, clock.nextAt]).toEqual([1, undefined]);
    deadlines.set('b', 70);
    clock.advance(30);
    expect(woken.at(-1)).toEqual(['b', 70]);
  });

  test('one that is overdue when it is set', async () => {
    const { clock, deadlines, woken } = watching();
    clock.advance(100);
    deadlines.set('past', 50);
    await Promise.resolve();
    expect(woken).toEqual([['past', 100]]);
  });

  test('a clock that jumps wakes all that are due, earliest first', () => {
    const { clock, deadlines, woken } = watching();
    for (let at = 100; at > 0; at--) deadlines.set(`k${at}`, at);
    clock.set(60);
    expect(woken.map(([key]) => key)).toEqual(Array.from({ length: 60 }, (_, i) => `k${i + 1}`));
  });

  test('whatever is done to it', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key, in: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, deadlines, woken } = watching();
        const model = new Map<string, number>();
        const expected: [string, number][] = [];
        for (const it of steps) {
          if (it.kind === 'set') {
            model.set(it.key, clock.now() + it.in);
            deadlines.set(it.key, clock.now() + it.in);
          } else if (it.kind === 'delete') {
            model.delete(it.key);
            deadlines.delete(it.key);
          } else {
            const end = clock.now() + it.ms;
            clock.advance(it.ms);
            const due = [...model].filter(([, at]) => at <= end).sort(([, a], [, b]) => a - b);
            for (const [name] of due) model.delete(name);
            expected.push(...due);
          }
        }
        const sorted = (list: [string, number][]) => [...list].sort(([a, x], [b, y]) => x - y || a.localeCompare(b));
        expect(sorted(woken)).toEqual(sorted(expected));
        expect(woken.map(([, at]) => at)).toEqual(woken.map(([, at]) => at).sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });
});

test('a hundred thousand cost one timer', () => {
  const { clock, deadlines, woken } = watching();
  let armed = 0;
  const at = clock.at.bind(clock);
  clock.at = (...args) => {
    armed++;
    return at(...args);
  };
  for (let i = 0; i < 100_000; i++) deadlines.set(`k${i}`, 1000 + i);
  expect(armed).toBe(1);
  clock.advance(1000);
  expect(woken).toHaveLength(1);
});

test('a key that is set again and again leaves nothing behind', () => {
  const { clock, deadlines } = watching();
  deadlines.set('other', 1);
  for (let i = 0; i < 10_000; i++) deadlines.set('k', 1_000_000 + i);
  let armed = 0;
  const at = clock.at.bind(clock);
  clock.at = (...args) => {
    armed++;
    return at(...args);
  };
  clock.advance(2_000_000);
  expect(armed).toBeLessThan(200);
});
