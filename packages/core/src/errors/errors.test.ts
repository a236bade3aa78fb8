import { expect, test } from 'vitest';
import { ERROR_CODES, HoldfastError, isHoldfastError } from './index.js';

test('an error says what was wrong and what to do, and carries its code', () => {
  const cause = new Error('disk');
  const error = new HoldfastError('STORE_FULL', {
    message: 'No room.',
    remedy: 'Make some.',
    details: { free: 0 },
    cause,
  });
  expect(error).toMatchObject({
    name: 'HoldfastError',
    code: 'STORE_FULL',
    message: 'No room. Make some.',
    remedy: 'Make some.',
    details: { free: 0 },
    cause,
    retryable: false,
  });
  expect(String(error)).toBe('HoldfastError: No room. Make some.');
});

test('without remedy, details and cause', () => {
  const error = new HoldfastError('CLOSED', { message: 'Closed.' });
  expect(error).toMatchObject({ message: 'Closed.', remedy: undefined, details: {} });
  expect('cause' in error).toBe(false);
});

test('isHoldfastError compares data: after structuredClone, across realms, by code', () => {
  const error = new HoldfastError('CLOSED', { message: 'Closed.' });
  const plain = { name: error.name, code: error.code, message: error.message };
  const foreign = Object.assign(Object.create(null), plain);
  for (const like of [error, plain, foreign]) {
    expect([isHoldfastError(like), isHoldfastError(like, 'CLOSED'), isHoldfastError(like, 'STORE_FULL')]).toEqual([
      true,
      true,
      false,
    ]);
  }
});

test.each([undefined, null, 'HoldfastError', 5, {}, new Error('x'), { name: 'HoldfastError' }, { code: 'CLOSED' }])(
  'not one: %s',
  (thing) => {
    expect(isHoldfastError(thing)).toBe(false);
  },
);

test('codes are unique and in order, so that one that is missing is seen', () => {
  expect([...ERROR_CODES].sort()).toEqual([...new Set(ERROR_CODES)]);
  for (const code of ERROR_CODES) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$|^CLOSED$/);
});
