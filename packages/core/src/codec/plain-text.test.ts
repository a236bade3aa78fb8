import { stringify } from 'devalue';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode } from './codec.js';
import { plainText } from './plain-text.js';

const primitive = fc.oneof(
  ...[fc.integer(), fc.double(), fc.boolean(), fc.constantFrom(null, undefined, 0, -0, 1)],
  ...[fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('', '<', '"', '\\', '\u2028', '\ud800', 'é')],
);
const key = fc.oneof(fc.constantFrom('kind', 'output', 'a', 'b', 'c'), fc.string());

test('is the text that devalue makes, or none', () => {
  fc.assert(
    fc.property(fc.dictionary(key, primitive, { noNullPrototype: true }), (record) => {
      if (Object.hasOwn(record, '__proto__')) return;
      const text = stringify(record);
      expect([text, undefined]).toContain(plainText(record, {}));
      expect(encode(record, 'it').text).toBe(text);
    }),
    { numRuns: 1000 },
  );
});

test.each<[string, Record<string, unknown>]>([
  [
    'an entry of a journal',
    { kind: 'step', status: 'completed', attempts: 1, startedAt: 5, endedAt: 5, order: 3, output: 1 },
  ],
  ['one without a result', { kind: 'step', output: undefined }],
  ['equal parts', { a: 'x', b: 'x', c: true, d: true, e: null, f: null }],
  ['nothing', {}],
])('is made of %s', (_, record) => {
  expect(plainText(record, {})).toBe(stringify(record));
});

test.each<[string, unknown]>([
  [
    'an instance of a class',
    new (class Point {
      x = 1;
    })(),
  ],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
  ['an array', [1]],
  ['a primitive', 1],
  ['an object in an object', { a: {} }],
  ['a function', { a: () => 1 }],
  ['a BigInt', { a: 1n }],
  ['a number that JSON has no word for', { a: Number.NaN }],
  ['a zero below zero', { a: 0, b: -0 }],
  ['a symbol as key', { [Symbol('a')]: 1 }],
  ['a key of its own kind', JSON.parse('{"__proto__":1}')],
  ['many parts', Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, n]))],
])('is not made of %s', (_, value) => {
  expect(plainText(value, {})).toBeUndefined();
});

test('is not made of what a reducer takes', () => {
  const reducers = { Marked: (thing: unknown) => (thing as { mark?: boolean }).mark && 1 };
  expect(plainText({ mark: true }, reducers)).toBeUndefined();
  expect(encode({ mark: true }, 'it', reducers).text).toBe(stringify({ mark: true }, reducers));
});
