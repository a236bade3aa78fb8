import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createActor, createMachine, matchesState, type StateValue } from 'xstate';
import { viewOf } from '../engine/index.js';
import { type RunSnapshotData, reuse, toSnapshot, UNKNOWN } from './snapshot.js';

const snapshotOf = (data: Partial<RunSnapshotData>) => toSnapshot({ ...UNKNOWN, ...data });

describe('matches', () => {
  const value = { disk: { playing: { song: 'a' } }, volume: 'normal' };

  test.each<[unknown, boolean]>([
    ['disk', true],
    ['disk.playing', true],
    ['disk.playing.song', true],
    ['disk.playing.song.a', true],
    ['disk.playing.song.b', false],
    ['playing', false],
    ['', false],
    [{ disk: 'playing' }, true],
    [{ disk: 'playing.song' }, true],
    [{ disk: { playing: { song: 'a' } } }, true],
    [{ disk: 'stopped' }, false],
    [{ volume: 'normal' }, true],
    [{ volume: 'normal', disk: 'playing' }, true],
    [{ volume: 'muted', disk: 'playing' }, false],
    [{ volume: { normal: 'x' } }, false],
    ['constructor', false],
    ['disk.toString', false],
    [undefined, false],
    [null, false],
  ])('%j: %s', (part, expected) => {
    expect(snapshotOf({ value }).matches(part)).toBe(expected);
  });

  test('a run without a state matches nothing', () => {
    expect(snapshotOf({}).matches('a')).toBe(false);
    expect(snapshotOf({}).matches({})).toBe(false);
  });

  test("as XState's matchesState does", () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const { value } = fc.letrec<{ value: StateValue }>((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, key, fc.dictionary(key, tie('value'), { minKeys: 1, maxKeys: 2 })),
    }));
    const dotted = fc.array(key, { minLength: 1, maxLength: 3 }).map((keys) => keys.join('.'));
    fc.assert(
      fc.property(value, fc.oneof(value, dotted), (whole, part) => {
        expect(snapshotOf({ value: whole }).matches(part)).toBe(matchesState(part, whole));
      }),
      { numRuns: 500 },
    );
  });
});

describe('can', () => {
  const machine = createMachine({
    initial: 'a',
    on: { 'root.*': {} },
    states: {
      a: { on: { GO: 'b', 'some.deep.*': {}, NEVER: { guard: () => true, actions: () => {} } } },
      b: { on: { '*': {} } },
    },
  });
  const actor = createActor(machine).start();

  test.each(['GO', 'root.x', 'root', 'root.x.y', 'rooted', 'some.deep', 'some.deep.er', 'some', 'NEVER', 'OTHER'])(
    'as XState says of %s',
    (type) => {
      const { accepts } = viewOf(actor);
      expect(snapshotOf({ accepts }).can({ type })).toBe(actor.getSnapshot().can({ type } as never));
    },
  );

  test('a wildcard takes everything', () => {
    const accepts = viewOf(createActor(createMachine({ on: { '*': { actions: () => {} } } })).start()).accepts;
    expect(snapshotOf({ accepts }).can({ type: 'ANYTHING' })).toBe(true);
  });
});

describe('what did not change keeps its identity', () => {
  const copy = <T>(value: T): T => structuredClone(value);

  test('all of it, parts of it, none of it', () => {
    const before = { a: { list: [{ n: 1 }, { n: 2 }] }, b: { deep: 'x' } };
    expect(reuse(before, copy(before))).toBe(before);
    const after = copy(before);
    after.a.list[1] = { n: 3 };
    const reused = reuse(before, after);
    expect(reused).toEqual(after);
    expect([reused === before, reused.b === before.b, reused.a.list[0] === before.a.list[0]]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test.each<[string, unknown, unknown]>([
    ['a key in the place of another', { a: 1 }, { b: undefined }],
    ['a key less', { a: 1, b: undefined }, { a: 1 }],
    ['a list that became longer', [1], [1, undefined]],
    ['a list that became an object', [], {}],
    ['-0', { a: 0 }, { a: -0 }],
    ['a Map', { a: new Map([[1, 1]]) }, { a: new Map([[1, 2]]) }],
    ['a Date', new Date(1), new Date(2)],
    ['nothing before', undefined, { a: 1 }],
    ['nothing now', { a: 1 }, undefined],
  ])('never at the cost of content: %s', (_, before, after) => {
    const reused = reuse(before, after);
    expect(reused).toEqual(after);
    expect(Object.keys(Object(reused))).toEqual(Object.keys(Object(after)));
  });

  test('NaN is itself, and a ring ends', () => {
    const before = { n: Number.NaN };
    expect(reuse(before, copy(before))).toBe(before);
    const ring: Record<string, unknown> = { a: 1 };
    ring.ring = ring;
    expect((reuse(copy(ring), ring) as { ring: { a: number } }).ring.a).toBe(1);
  });

  test('whatever it is, it stays equal', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, value, (before, after) => {
        expect(reuse(before, copy(after))).toEqual(after);
      }),
      { numRuns: 200 },
    );
  });
});

test('hasTag', () => {
  const snapshot = snapshotOf({ tags: ['busy', 'red'] });
  expect([snapshot.hasTag('busy'), snapshot.hasTag('bus')]).toEqual([true, false]);
});

test('a snapshot cannot be changed, and its methods are not among its data', () => {
  const snapshot = snapshotOf({ value: 'a' });
  expect(Object.isFrozen(snapshot)).toBe(true);
  expect(Object.keys(snapshot)).toEqual(Object.keys(UNKNOWN));
  expect(structuredClone({ ...snapshot })).toEqual({ ...UNKNOWN, value: 'a' });
});
