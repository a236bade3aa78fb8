import { expect, test } from 'vitest';
import { checkedLines, encodeJson } from './line.js';

/** Some lines, one after the other, and where each is. */
function some(count: number, text: string) {
  const lines = Array.from({ length: count }, (_, n) => encodeJson({ n, text: `${text}${n}` }));
  let start = 0;
  const places = lines.map(({ length }) => {
    const place = { start, length: length - 1 };
    start += length;
    return place;
  });
  return { bytes: Buffer.concat(lines), places };
}

const MANY = 40;

test.each([
  ['a few', 3, 'a'],
  ['many', MANY, 'a'],
  ['many, of which a letter takes more than a byte', MANY, 'é😀'],
])('%s lines are each as they were written, wherever the bytes stand', (_, count, text) => {
  const { bytes, places } = some(count, text);
  const within = Buffer.concat([Buffer.from('before'), bytes]).subarray('before'.length);
  const jsonAt = checkedLines(within, count);
  const read = places.map(({ start, length }) => JSON.parse(jsonAt(start, length) ?? 'null'));
  expect(read).toEqual(places.map((_, n) => ({ n, text: `${text}${n}` })));
});

test.each([3, MANY])('of %i lines one with another bit, or cut short, is none; the others are', (count) => {
  const { bytes, places } = some(count, 'a');
  const { start, length } = places[1] as (typeof places)[0];
  for (let bit = start * 8; bit < (start + length) * 8; bit++) {
    const harmed = Buffer.from(bytes);
    harmed[bit >> 3] = (harmed[bit >> 3] as number) ^ (1 << (bit & 7));
    const jsonAt = checkedLines(harmed, count);
    expect(jsonAt(start, length), `bit ${bit}`).toBeUndefined();
    expect(jsonAt(0, places[0]?.length ?? 0)).toBe('{"n":0,"text":"a0"}');
  }
  const last = places.at(-1) as (typeof places)[0];
  for (let missing = 1; missing <= last.length; missing++) {
    const jsonAt = checkedLines(bytes.subarray(0, -1 - missing), count);
    expect(jsonAt(last.start, last.length)).toBeUndefined();
  }
  const jsonAt = checkedLines(bytes, count);
  for (const short of [0, 8, 9]) expect(jsonAt(start, short)).toBeUndefined();
});
