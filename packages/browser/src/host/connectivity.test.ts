import { ManualClock } from '@holdfast/core/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { HostConnectivity } from './connectivity.js';
import { toProbe } from './reachability.js';

afterEach(() => vi.unstubAllGlobals());

/** A worker whose `navigator.onLine` is set by hand, and a probe that is answered by hand. */
function aWorker({ probed = false, chance = 0.5 } = {}) {
  const navigator = { onLine: true };
  const scope = Object.assign(new EventTarget(), { navigator });
  const set = (onLine: boolean) => {
    navigator.onLine = onLine;
    scope.dispatchEvent(new Event(onLine ? 'online' : 'offline'));
  };
  const clock = new ManualClock();
  const asked: { signal: AbortSignal; answer(there: boolean): Promise<void> }[] = [];
  const probe = (signal: AbortSignal) =>
    new Promise<boolean>((resolve) => {
      const answer = (there: boolean) => {
        resolve(there);
        return settled();
      };
      asked.push({ signal, answer });
    });
  const random = () => chance;
  const connectivity = new HostConnectivity({
    ...{ scope, clock, random, resumeWithinMs: 1000 },
    probe: probed ? probe : undefined,
  });
  return { set, clock, asked, connectivity };
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

test('is offline while the worker or the page says so', () => {
  const { connectivity, set } = aWorker();
  const seen: boolean[] = [connectivity.online()];
  for (const say of [
    () => set(false),
    () => connectivity.tell(false),
    () => set(true),
    () => connectivity.tell(true),
  ]) {
    say();
    seen.push(connectivity.online());
  }
  expect(seen).toEqual([true, false, false, false, true]);
});

test('tells who watches of changes only, at once, until it is told to stop', () => {
  const { connectivity, set } = aWorker();
  const told: boolean[] = [];
  const stop = connectivity.watch(() => told.push(connectivity.online()));
  set(false);
  connectivity.tell(false);
  connectivity.tell(true);
  set(true);
  stop();
  set(false);
  expect(told).toEqual([false, true]);
});

test('who waits goes on at a moment of its own within the time for that', () => {
  const { connectivity, set, clock } = aWorker({ chance: 0.25 });
  set(false);
  let told = 0;
  const stop = connectivity.subscribe(() => told++);
  set(true);
  clock.advance(249);
  expect(told).toBe(0);
  clock.advance(1);
  expect(told).toBe(1);
  stop();
  expect(clock.nextAt).toBeUndefined();
});

test('a network that is lost again is told at once, and its return no more', () => {
  const { connectivity, set, clock } = aWorker();
  set(false);
  const told: boolean[] = [];
  connectivity.subscribe(() => told.push(connectivity.online()));
  set(true);
  set(false);
  expect(told).toEqual([false]);
  clock.advance(10_000);
  expect(told).toEqual([false]);
});

test('who stops to wait before its moment is told nothing', () => {
  const { connectivity, set, clock } = aWorker();
  set(false);
  let told = 0;
  const stop = connectivity.subscribe(() => told++);
  set(true);
  stop();
  clock.advance(10_000);
  expect([told, clock.nextAt]).toEqual([0, undefined]);
});

test('with a probe it is online once that says so, and is shown as offline only when it said no', async () => {
  const { connectivity, asked, clock } = aWorker({ probed: true });
  expect([connectivity.online(), connectivity.seemsOnline]).toEqual([false, true]);
  connectivity.subscribe(() => {});
  await asked[0]?.answer(false);
  expect([connectivity.online(), connectivity.seemsOnline]).toEqual([false, false]);
  clock.advance(1000);
  await asked[1]?.answer(true);
  expect([connectivity.online(), connectivity.seemsOnline, asked.length]).toEqual([true, true, 2]);
});

test('no probe is asked while nobody waits', async () => {
  const { connectivity, asked, clock, set } = aWorker({ probed: true });
  connectivity.watch(() => {});
  set(false);
  set(true);
  clock.advance(600_000);
  expect(asked.length).toBe(0);
  const stop = connectivity.subscribe(() => {});
  await asked[0]?.answer(false);
  const stopToo = connectivity.subscribe(() => {});
  stop();
  expect(clock.nextAt).toBeDefined();
  stopToo();
  expect(clock.nextAt).toBeUndefined();
  clock.advance(600_000);
  expect([asked.length, clock.nextAt]).toEqual([1, undefined]);
});

test('no probe is asked while the browser says that it is offline', async () => {
  const { connectivity, asked, set } = aWorker({ probed: true });
  set(false);
  connectivity.subscribe(() => {});
  expect(await connectivity.check()).toBe(false);
  expect(asked.length).toBe(0);
  set(true);
  expect(asked.length).toBe(1);
});

test('many who wait are one probe', () => {
  const { connectivity, asked } = aWorker({ probed: true });
  for (let n = 0; n < 3; n++) connectivity.subscribe(() => {});
  void connectivity.check();
  expect(asked.length).toBe(1);
});

test('a probe that fails is asked again, ever later, up to a minute; up to half of each wait is left out', async () => {
  const { connectivity, asked, clock } = aWorker({ probed: true, chance: 0.5 });
  connectivity.subscribe(() => {});
  const waits: number[] = [];
  for (let n = 0; n < 8; n++) {
    await asked.at(-1)?.answer(false);
    const { nextAt = 0 } = clock;
    waits.push(nextAt - clock.now());
    clock.advance(nextAt - clock.now());
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000].map((ms) => ms * 0.75));
});

test('who comes to wait after a probe has failed does not have it asked sooner', async () => {
  const { connectivity, asked, clock } = aWorker({ probed: true });
  const checked = connectivity.check();
  await asked[0]?.answer(false);
  expect(await checked).toBe(false);
  connectivity.subscribe(() => {});
  expect(await connectivity.check()).toBe(false);
  clock.advance(749);
  expect(asked.length).toBe(1);
  clock.advance(1);
  expect(asked.length).toBe(2);
});

test('what the browser says anew is probed at once', async () => {
  const { connectivity, asked, set } = aWorker({ probed: true });
  connectivity.subscribe(() => {});
  await asked[0]?.answer(false);
  set(false);
  set(true);
  expect(asked.length).toBe(2);
});

test('a probe that takes too long is ended, and counts as failed', async () => {
  const { connectivity, asked, clock } = aWorker({ probed: true });
  connectivity.subscribe(() => {});
  clock.advance(5000);
  await settled();
  expect([asked[0]?.signal.aborted, connectivity.seemsOnline]).toEqual([true, false]);
});

test('the answer of a probe for the network before counts for nothing', async () => {
  const { connectivity, asked, set } = aWorker({ probed: true });
  connectivity.subscribe(() => {});
  set(false);
  expect(asked[0]?.signal.aborted).toBe(true);
  set(true);
  await asked[0]?.answer(true);
  expect([connectivity.online(), connectivity.seemsOnline, asked.length]).toEqual([false, true, 2]);
});

test('what was probed is believed until the browser has said something new, and no longer', async () => {
  const { connectivity, asked, set } = aWorker({ probed: true });
  connectivity.subscribe(() => {});
  await asked[0]?.answer(true);
  set(true);
  connectivity.tell(true);
  expect([connectivity.online(), asked.length]).toEqual([true, 1]);
  set(false);
  set(true);
  expect([connectivity.online(), asked.length]).toEqual([false, 2]);
});

test('after a yes, and on a new network, a probe that fails is asked again as soon as at first', async () => {
  const { connectivity, asked, clock, set } = aWorker({ probed: true, chance: 0 });
  connectivity.subscribe(() => {});
  const untilNext = () => (clock.nextAt ?? 0) - clock.now();
  await asked[0]?.answer(false);
  clock.advance(1000);
  await asked[1]?.answer(false);
  expect(untilNext()).toBe(2000);
  set(false);
  set(true);
  await asked[2]?.answer(false);
  expect(untilNext()).toBe(1000);
  clock.advance(1000);
  await asked[3]?.answer(true);
  void connectivity.check();
  await asked[4]?.answer(false);
  expect(untilNext()).toBe(1000);
});

test('who watches is told when the first probe says no, and when a later one says yes', async () => {
  const { connectivity, asked, clock } = aWorker({ probed: true });
  const told: boolean[] = [];
  connectivity.watch(() => told.push(connectivity.seemsOnline));
  connectivity.subscribe(() => {});
  await asked[0]?.answer(false);
  clock.advance(1000);
  await asked[1]?.answer(true);
  expect(told).toEqual([false, true]);
});

test('a step that failed has the network probed, though it was there', async () => {
  const { connectivity, asked } = aWorker({ probed: true });
  connectivity.subscribe(() => {});
  await asked[0]?.answer(true);
  const there = connectivity.check();
  await asked[1]?.answer(true);
  expect(await there).toBe(true);
  const gone = connectivity.check();
  await asked[2]?.answer(false);
  expect([await gone, connectivity.online()]).toEqual([false, false]);
});

test('without a probe a check is what the browser says', async () => {
  const { connectivity, set } = aWorker();
  expect(await connectivity.check()).toBe(true);
  set(false);
  expect(await connectivity.check()).toBe(false);
});

test('a probe that throws, or gives anything but true, says no', async () => {
  const { signal } = new AbortController();
  const said = [
    () => true,
    () => false,
    () => 1 as never,
    () => {
      throw new Error('x');
    },
    () => Promise.reject(new Error('x')),
  ];
  expect(await Promise.all(said.map((reachable) => toProbe(reachable)(signal)))).toEqual([
    ...[true, false, false, false, false],
  ]);
});

test('an address is there while it answers with a 2xx, and is asked for no body, cache or redirect', async () => {
  const fetched = vi.fn(async (url: URL, _: RequestInit) => new Response(null, { status: url.search ? 503 : 204 }));
  vi.stubGlobal('fetch', fetched);
  const { signal } = new AbortController();
  expect(await toProbe('https://app.test/up')(signal)).toBe(true);
  expect(await toProbe(new URL('https://app.test/up?down'))(signal)).toBe(false);
  expect(fetched.mock.calls[0]?.[1]).toEqual({
    ...{ method: 'HEAD', cache: 'no-store', credentials: 'omit', redirect: 'error', signal },
  });
});

test.each([
  ['no address', 'http://:'],
  ['another protocol', 'mailto:ann@app.test'],
  ['a number', 7 as never],
])('%s is refused', (_, reachable) => {
  vi.stubGlobal('location', new URL('https://app.test/worker.js'));
  expect(() => toProbe(reachable)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});
