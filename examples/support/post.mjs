import { NonRetryableError } from '@holdfast/core';

/**
 * A POST that a step makes: under its idempotency key, until its signal is aborted.
 * @param {string} url
 * @param {unknown} body
 * @param {{ idempotencyKey: string, signal: AbortSignal }} context the step's
 * @returns {Promise<any>} the answer. Rejects with a NonRetryableError when the server says that it will never do it (422).
 */
export async function post(url, body, { idempotencyKey, signal }) {
  const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal });
  const answer = await response.json();
  if (response.status === 422) throw new NonRetryableError(answer.reason);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return answer;
}
