import { expect, test } from 'vitest';
import { failureOf } from './failure.js';

const CODES = {
  QuotaExceededError: { code: 'STORE_FULL', retryable: true },
  VersionError: { code: 'STORE_FORMAT', retryable: false },
  DataCloneError: { code: 'VALUE_NOT_STORABLE', retryable: false },
  SecurityError: { code: 'STORE_UNWRITABLE', retryable: false },
  AbortError: { code: 'STORE_FAILED', retryable: true },
  // Whether the last commit of a lost connection happened is not known.
  InvalidStateError: { code: 'STORE_FAILED', retryable: false },
};

for (const [name, expected] of Object.entries(CODES)) {
  test(`${name} of IndexedDB is ${expected.code}`, () => {
    const cause = new DOMException('said the browser', name);
    expect(failureOf(cause, 'store')).toMatchObject({ ...expected, cause, details: { database: 'store' } });
  });
}

test("WebKit's lost connection is not taken for a failure that changed nothing", () => {
  const cause = new DOMException('Connection to Indexed Database server lost.', 'UnknownError');
  expect(failureOf(cause, 'store')).toMatchObject({ code: 'STORE_FAILED', retryable: false });
});

test('a HoldfastError stays as it is', () => {
  const full = failureOf(new DOMException('', 'QuotaExceededError'), 'store');
  expect(failureOf(full, 'other')).toBe(full);
});
