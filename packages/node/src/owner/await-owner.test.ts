import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { OwnerLink } from '../link/owner-link.js';
import { OwnerWait } from './await-owner.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An owner that answers pings as long as `answers` says so. */
function anOwner(epoch = 7) {
  const gone = new AbortController();
  const owner = {
    epoch,
    heard: 0,
    answers: true,
    gone: gone.signal,
    end: () => gone.abort(),
    ask: async () => {
      if (owner.answers) owner.heard++;
    },
  };
  return owner;
}

type Owner = ReturnType<typeof anOwner>;

function waitFor(reach: () => Owner | undefined, ownerTimeoutMs = 1000) {
  const link = { reach: async () => reach() } as unknown as OwnerLink;
  return new OwnerWait({ link, signal: new AbortController().signal, ownerTimeoutMs });
}

/** Looks until so much time has passed; gives the epoch that is to be taken for dead. */
async function passes(ms: number, wait: OwnerWait): Promise<number | undefined> {
  const until = Date.now() + ms;
  while (Date.now() < until) {
    const next = wait.next();
    await vi.advanceTimersToNextTimerAsync();
    const over = await next;
    if (over !== undefined) return over;
  }
  return undefined;
}

test('an owner that answers is waited for, for ever', async () => {
  const owner = anOwner();
  expect(
    await passes(
      60_000,
      waitFor(() => owner),
    ),
  ).toBeUndefined();
});

test('an owner that is silent for as long as it may be is taken for dead, and no sooner', async () => {
  const owner = anOwner();
  const wait = waitFor(() => owner);
  expect(await passes(5000, wait)).toBeUndefined();
  owner.answers = false;
  expect(await passes(700, wait)).toBeUndefined();
  expect(await passes(300, wait)).toBe(7);
});

test('silence is counted anew where it was broken, and for another owner', async () => {
  let owner = anOwner();
  const wait = waitFor(() => owner);
  owner.answers = false;
  expect(await passes(700, wait)).toBeUndefined();
  owner.heard++;
  expect(await passes(750, wait)).toBeUndefined();
  owner = anOwner(8);
  owner.answers = false;
  expect(await passes(700, wait)).toBeUndefined();
});

test('time in which this process stood still is not silence', async () => {
  const owner = anOwner();
  const wait = waitFor(() => owner);
  const next = wait.next();
  owner.answers = false;
  vi.setSystemTime(Date.now() + 3_600_000);
  await vi.advanceTimersToNextTimerAsync();
  expect(await next).toBeUndefined();
});

test('an owner that can not be reached is not taken for dead', async () => {
  expect(
    await passes(
      60_000,
      waitFor(() => undefined),
    ),
  ).toBeUndefined();
});

test('without a timeout a silent owner is waited for', async () => {
  const owner = anOwner();
  owner.answers = false;
  expect(
    await passes(
      60_000,
      waitFor(() => owner, Number.POSITIVE_INFINITY),
    ),
  ).toBeUndefined();
});

test('the end of an owner is looked at again soon: the system may still show its process', async () => {
  const owner = anOwner();
  let reached: Owner | undefined = owner;
  const wait = waitFor(() => reached);
  const next = wait.next();
  await vi.advanceTimersByTimeAsync(0);
  owner.end();
  await next;
  reached = undefined;
  const before = Date.now();
  await passes(1, wait);
  expect(Date.now() - before).toBeLessThan(10);
});
