import { expect, test } from 'vitest';
import { keepsTransactions, OneByOne } from './one-by-one.js';

test('what is given begins in order, each when the one before has ended, and how that ended is its own', async () => {
  const seen: string[] = [];
  const ends: Record<string, () => void> = {};
  const turns = new OneByOne();
  const work = (name: string, fails = false) =>
    turns.add(() => {
      seen.push(name);
      return new Promise<string>((resolve, reject) => {
        ends[name] = () => (fails ? reject(new Error(name)) : resolve(name));
      });
    });
  const all = Promise.allSettled([work('a', true), work('b'), work('c')]);
  await Promise.resolve();
  expect(seen).toEqual(['a']);
  for (const name of ['a', 'b', 'c']) {
    await expect.poll(() => ends[name]).toBeDefined();
    expect(seen.at(-1)).toBe(name);
    ends[name]?.();
  }
  expect(await all).toMatchObject([
    { status: 'rejected', reason: new Error('a') },
    { status: 'fulfilled', value: 'b' },
    { status: 'fulfilled', value: 'c' },
  ]);
});

test.each([
  ['Safari', true, 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15'],
  [
    'WebKitGTK',
    true,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
  ],
  [
    'Chrome on iOS',
    true,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 Safari/604.1',
  ],
  [
    'Chrome',
    false,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  ],
  [
    'Chromium',
    false,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chromium/156.0 Safari/537.36',
  ],
  ['Firefox', false, 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0'],
])('%s is told by what it calls itself: WebKit is %s', (_, keeps, userAgent) => {
  expect(keepsTransactions({ userAgent })).toBe(keeps);
});
