import { parse, stringify } from 'devalue';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlain, unfoldPlain } from './plain.js';

const unfolded = (value: unknown) => {
  const flat = JSON.parse(stringify(value));
  return isPlain(flat) ? unfoldPlain(flat) : undefined;
};

test('what JSON has words for, and undefined, is what devalue makes of it', () => {
  // Without -0, for which JSON.stringify has no word.
  const json = fc.json().filter((text) => !text.includes('__proto__'));
  fc.assert(
    fc.property(json, (text) => {
      const value = JSON.parse(text, (_, part) => (part === 0 ? 0 : part));
      const whole = { value, none: undefined, list: [undefined, value] };
      expect(unfolded(whole)).toStrictEqual(parse(stringify(whole)));
    }),
  );
});

test('what is shared, and a cycle, stay what they are', () => {
  const shared = { a: 1 };
  const value: Record<string, unknown> = { one: shared, other: [shared] };
  value.itself = value;
  const back = unfolded(value) as { one: object; other: object[]; itself: object };
  expect(back.one).toEqual({ a: 1 });
  expect(back.other[0]).toBe(back.one);
  expect(back.itself).toBe(back);
});

describe('is left to devalue', () => {
  test.each<[string, unknown]>([
    ['a number that JSON has no word for', [-0]],
    ['a tagged thing', { at: new Date(0) }],
    ['a hole', Object.assign(new Array(3), [1], { 2: 1 })],
    ['a long array with few elements', Object.assign(new Array(1000), { 5: 1 })],
    ['undefined alone', undefined],
  ])('%s', (_, value) => {
    expect(isPlain(JSON.parse(stringify(value)))).toBe(false);
  });

  test.each(['[]', '5', '"a"', '{"a":1}', 'null', '[{"a":7}]', '[[-3]]', '[{"__proto__":1},5]'])(
    'what no encoding gives: %s',
    (text) => {
      expect(isPlain(JSON.parse(text))).toBe(false);
    },
  );
});
