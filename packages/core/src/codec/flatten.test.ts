import { stringify, unflatten as unflattenByDevalue } from 'devalue';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HoldfastError } from '../errors/index.js';
import { anything } from './any-value.test-support.js';
import { flatten, Refusal } from './flatten.js';
import { unflatten } from './unflatten.js';

/** Of a list that is long, what is at a few positions. */
function sparse(length: number, ...positions: number[]): unknown[] {
  const list: unknown[] = [];
  for (const position of positions) list[position] = `at ${position}`;
  list.length = length;
  return list;
}

function bufferOfNode(text: string): unknown {
  const { Buffer } = globalThis as unknown as { Buffer: { from(text: string): Uint8Array } };
  return Buffer.from(text);
}

function ring(): unknown {
  const ring: Record<string, unknown> = { list: [] };
  ring.self = ring;
  (ring.list as unknown[]).push(ring, new Map([[ring, new Set([ring])]]));
  return ring;
}

const VALUES: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['zeros', [0, -0]],
  ['a zero with a sign alone', -0],
  ['what is no number, and without end', [Number.NaN, Infinity, -Infinity]],
  ['an infinity alone', -Infinity],
  ['numbers', [1, -1, 1.5, 1e21, 1e-7, Number.MAX_SAFE_INTEGER]],
  ['BigInts', [0n, 2n ** 70n, -1n, 2n ** 70n]],
  [
    'texts',
    ['', 'a', 'a', '"\\', '</script>', '\u2028\u2029', '\ud800', 'x\udc00', '\u{1f600}', '\n\t\b\f\r\u0001\u007f'],
  ],
  ['keys', { '': 1, '<': 2, 'a b': 3, '"': 4, '\u2028': 5, 7: 6, constructor: 7, hasOwnProperty: 8 }],
  ['fields that are nothing', { a: undefined, b: null }],
  ['no parts', [{}, [], new Map(), new Set(), Object.create(null)]],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1, '<b>': [2] })],
  ['what comes from another realm', Object.assign(Object.create(Object.create(null)), { a: 1 })],
  ['a frozen one', Object.freeze({ a: Object.freeze([1]) })],
  ['dates', [new Date(0), new Date(8.64e15), new Date(Number.NaN)]],
  ['expressions', [/a/, /<\/"/giu]],
  ['addresses', [new URL('https://example.org/<a>?b="c"'), new URLSearchParams('a=1&a=2&b=<')]],
  ['boxes', [Object(1), Object('a'), Object(true), Object(2n), Object(-0), Object(Number.NaN)]],
  [
    'a Map',
    new Map<unknown, unknown>([
      [{ a: 1 }, new Set([1])],
      ['k', -0],
      [Number.NaN, undefined],
    ]),
  ],
  ['a Set', new Set<unknown>([new Set([Number.NaN]), undefined, 'a', 'a'])],
  ['bytes', [new Uint8Array([1, 2, 255]).buffer, new ArrayBuffer(0), new Uint8Array(1000).fill(7).buffer]],
  ['views of all of a buffer', [new Uint8ClampedArray(3), new BigInt64Array([-1n]), new DataView(new ArrayBuffer(4))]],
  ['views of a part', [new Int16Array(new ArrayBuffer(10), 2, 3), new DataView(new ArrayBuffer(9), 1, 5)]],
  ['a Buffer of Node, and not what is around it', bufferOfNode('some text')],
  ['holes', [sparse(3, 0, 2), sparse(2), sparse(3, 1)]],
  ['a list of holes alone', sparse(3)],
  ['little in a long list', sparse(1_000_000, 999_999)],
  ['something in a long list', sparse(200, 0, 1, 5, 70)],
  ['a list with other fields', Object.assign(sparse(50, 3), { extra: 1, '4294967295': 2, '-1': 3 })],
  ['a ring', ring()],
  ['what is there twice', [...Array(2).fill({ a: 1 }), ...Array(2).fill('text'), ...Array(2).fill(5)]],
];

describe('the form is that of devalue', () => {
  test.each(VALUES)('%s', (_, value) => {
    for (const whole of [value, { deep: [value, value] }]) {
      const text = flatten(whole);
      expect(text).toBe(stringify(whole));
      expect(unflatten(JSON.parse(text))).toEqual(unflattenByDevalue(JSON.parse(text)));
      expect(flatten(unflatten(JSON.parse(text)))).toBe(text);
    }
  });

  test('of whatever', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const text = attempt(() => stringify(value));
        expect(attempt(() => flatten(value))).toBe(text);
        if (text === undefined) return;
        expect(unflatten(JSON.parse(text))).toEqual(unflattenByDevalue(JSON.parse(text)));
        expect(flatten(unflatten(JSON.parse(text)))).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  test('of kinds of one’s own, also where they lead back to themselves', () => {
    class Box {
      inner: unknown;
    }
    const box = new Box();
    box.inner = { box, other: 1 };
    const reducers = { Box: (thing: unknown) => thing instanceof Box && { inner: thing.inner } };
    const text = flatten([box, box], reducers);
    expect(text).toBe(stringify([box, box], reducers));
    const made = new Map<unknown, Box>();
    const revivers = {
      Box: (data: { inner: unknown }) => {
        const one = made.get(data) ?? new Box();
        made.set(data, one);
        return Object.assign(one, data);
      },
    };
    const [first, second] = unflatten(JSON.parse(text), revivers) as [Box, Box];
    expect(second).toBe(first);
    expect((first.inner as { box: Box }).box).toBe(first);
  });

  test.each([
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    ['an instance', new (class Odd {})()],
    ['a promise', Promise.resolve()],
    ['what can be awaited', Object.fromEntries([['then', () => {}]])],
    ['symbols as keys', { [Symbol('k')]: 1 }],
    ['a key that would be the prototype', JSON.parse('{"__proto__": 1}')],
    ['a WeakMap', new WeakMap()],
    ['shared memory', new SharedArrayBuffer(8)],
    ['a view of shared memory', new Uint8Array(new SharedArrayBuffer(8))],
    ['an instance of a class of Map', new (class Odd extends WeakSet {})()],
  ])('what it refuses: %s', (_, part) => {
    expect(attempt(() => stringify(part))).toBeUndefined();
    expect(() => flatten(part)).toThrow(Refusal);
  });

  test('symbols that are not enumerable are no keys', () => {
    const value = Object.defineProperty({ a: 1 }, Symbol('hidden'), { value: 1, enumerable: false });
    expect(flatten(value)).toBe(stringify(value));
  });
});

describe('what was not made by it', () => {
  test.each<[string, string]>([
    ['an index after the last', '[{"a":7}]'],
    ['an index that is none', '[{"a":"0"}]'],
    ['an index between two', '[[0.5]]'],
    ['an index below all', '[{"a":-8}]'],
    ['an unknown kind', '[["Function","return 1"]]'],
    ['the prototype as a key', '[{"__proto__":1},{"bad":-1}]'],
    ['the prototype as a key of one without', '[["null","__proto__",1],1]'],
    ['a view of no buffer', '[["Uint8Array",1],1000000000]'],
    ['no list', '-9'],
    ['an empty one', '[]'],
  ])('%s', (_, text) => {
    const read = () => unflatten(JSON.parse(text));
    expect(read).toThrow(HoldfastError);
    expect(read).toThrow(/makes no sense/);
  });
});

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
