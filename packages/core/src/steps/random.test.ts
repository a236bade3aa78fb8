import { expect, test } from 'vitest';
import { seededRandom, uuidFrom } from './random.js';

const take = (seed: string, n: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: n }, random);
};

test('the same seed gives the same numbers, another one others', () => {
  expect(take('run/steps#1', 50)).toEqual(take('run/steps#1', 50));
  const firsts = ['', 'a', 'b', 'run/steps#1', 'run/steps#2', 'run/steps#11', 'ä', '😀'].map(
    (seed) => take(seed, 1)[0],
  );
  expect(new Set(firsts).size).toBe(firsts.length);
});

test('they lie in [0, 1), and spread', () => {
  const numbers = take('seed', 20_000);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  const tenths = new Array(10).fill(0);
  for (const number of numbers) tenths[Math.floor(number * 10)]++;
  expect(Math.min(...tenths)).toBeGreaterThan(1800);
  expect(Math.max(...tenths)).toBeLessThan(2200);
});

test('uuids are of version 4, all different, the same again', () => {
  const random = seededRandom('run');
  const uuids = Array.from({ length: 2000 }, () => uuidFrom(random));
  for (const uuid of uuids)
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(uuids).size).toBe(2000);
  expect(uuidFrom(seededRandom('run'))).toBe(uuids[0]);
});

test('a uuid of the smallest and the largest numbers', () => {
  expect(uuidFrom(() => 0)).toBe('00000000-0000-4000-8000-000000000000');
  expect(uuidFrom(() => 1 - 2 ** -32)).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
});
