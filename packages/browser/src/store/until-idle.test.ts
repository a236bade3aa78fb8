import { expect, test } from 'vitest';
import { untilIdle } from './until-idle.js';

/** A transaction whose requests are answered by hand, in the order in which a browser would. */
function aTransaction({ gone = false } = {}) {
  const ours: IDBRequest[] = [];
  const fake = Object.assign(new EventTarget(), {
    error: null as Error | null,
    objectStore() {
      if (gone) throw new DOMException('It has ended.', 'InvalidStateError');
      const getKey = () => {
        const request = {} as IDBRequest;
        ours.push(request);
        return request;
      };
      return { getKey };
    },
  });
  return {
    transaction: fake as unknown as IDBTransaction,
    /** How often we have asked. */
    asked: () => ours.length,
    answerUs() {
      fake.dispatchEvent(new Event('success'));
      const request = ours.at(-1) as IDBRequest;
      request.onsuccess?.call(request, new Event('success'));
    },
    answerTheApp: (type: 'success' | 'error' = 'success') => fake.dispatchEvent(new Event(type)),
    abort(error: Error | null) {
      fake.error = error;
      fake.dispatchEvent(new Event('abort'));
    },
  };
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
const endless = () => new Promise<never>(() => {});

/** What it came to, or `undefined` while it is open. */
async function outcomeOf(result: Promise<unknown>): Promise<unknown> {
  const open = settled().then(() => undefined);
  return Promise.race([result.catch((error: { code?: string }) => error.code ?? error), open]);
}

test('a function whose first request comes after ours is not idle', async () => {
  const { transaction, answerUs, answerTheApp, asked } = aTransaction();
  const result = untilIdle(transaction, ['rows'], endless);
  answerUs();
  expect(await outcomeOf(result)).toBeUndefined();
  answerTheApp();
  answerUs();
  expect(await outcomeOf(result)).toBeUndefined();
  expect(asked()).toBe(3);
});

test('one that waits while none of its requests is answered is idle', async () => {
  const { transaction, answerUs, answerTheApp } = aTransaction();
  const result = untilIdle(transaction, ['rows'], endless);
  answerUs();
  answerTheApp('error');
  answerUs();
  answerUs();
  expect(await outcomeOf(result)).toBe('TRANSACTION_IDLE');
});

test('its result is given while a request of ours is answered: then the transaction is open', async () => {
  const { transaction, answerUs, asked } = aTransaction();
  const result = untilIdle(transaction, ['rows'], async () => 'done');
  expect(await outcomeOf(result)).toBeUndefined();
  answerUs();
  expect(await outcomeOf(result)).toBe('done');
  expect(asked()).toBe(1);
});

test('what it throws is what is told', async () => {
  const { transaction } = aTransaction();
  const own = new Error('of the app');
  expect(await outcomeOf(untilIdle(transaction, ['rows'], () => Promise.reject(own)))).toBe(own);
});

test('a transaction that is aborted under it is told at once, with its reason', async () => {
  const { transaction, abort } = aTransaction();
  const full = new Error('QuotaExceededError');
  const result = untilIdle(transaction, ['rows'], endless);
  abort(full);
  await expect(result).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED', cause: full });
});

test('so is one that it has aborted before we could ask', async () => {
  const { transaction, abort } = aTransaction({ gone: true });
  const result = untilIdle(transaction, ['rows'], endless);
  abort(null);
  expect(await outcomeOf(result)).toBe('TRANSACTION_ABORTED');
});
