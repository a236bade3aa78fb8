import { crossGiven } from '@holdfast/core/client';
import type { Host } from '@holdfast/core/host';
import { expect, test, vi } from 'vitest';
import { toPageCalls } from './crossings.js';

test('what a page could not store reaches no host: the call is refused, with the path', async () => {
  const host = { start: vi.fn(), send: vi.fn() };
  const calls = toPageCalls(host as unknown as Host);
  const refused = (path: string) => ({ code: 'VALUE_NOT_STORABLE', details: { path } });
  const input = structuredClone(crossGiven({ done: () => {} }, 'input'));
  const event = structuredClone(crossGiven({ type: 'GO', done: Symbol('no') }, 'event GO'));
  await expect(calls.start({ input } as never)).rejects.toMatchObject(refused('input.done'));
  await expect(calls.send({ event } as never)).rejects.toMatchObject(refused('event GO.done'));
  expect([host.start.mock.calls, host.send.mock.calls]).toEqual([[], []]);
});
