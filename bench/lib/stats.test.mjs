import { expect, test } from 'vitest';
import { quantile, seriesOf } from './stats.mjs';
import { showBench } from './table.mjs';

test('a series tells its median, and its spread as half the distance of the quartiles', () => {
  expect(seriesOf([5, 1, 3, 2, 4])).toEqual({ median: 3, min: 1, max: 5, spread: 1 / 3, samples: [5, 1, 3, 2, 4] });
  expect(seriesOf([7])).toMatchObject({ median: 7, spread: 0 });
  expect(quantile([0, 10], 0.25)).toBe(2.5);
});

test('a table has a line for each who took part, and says who is absent, and why', () => {
  const entrants = [
    { name: 'one', metrics: { 'steps/s': seriesOf([1000, 1500, 2000]) } },
    { name: 'two', metrics: {}, absent: 'no server\nat all' },
  ];
  expect(showBench({ name: 'b', title: 'a bench', params: { steps: 3 }, entrants }).split('\n')).toEqual([
    'b: a bench (steps 3)',
    '        steps/s',
    'one  1,500 ±17%',
    'two  absent: no server',
  ]);
});
