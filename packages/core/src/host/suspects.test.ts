import { expect, test } from 'vitest';
import { encode } from '../codec/index.js';
import { HoldfastError } from '../errors/index.js';
import { createMemoryStore } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { CrashWorld, type MortalHost } from '../testing/crash-world.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { isOver, runsWith, startOn, worker } from '../testing/loops.test-support.js';
import { PROBATION_MS } from './suspects.js';

const HOUR_MS = 3_600_000;

/** A world in which `runs` were restored together after a crash, and the host has died once more. */
async function afterTwoCrashes(runs: readonly string[]): Promise<CrashWorld> {
  const world = new CrashWorld([worker]);
  const first = world.boot();
  for (const run of runs) await startOn(first, 'worker', run, { ms: HOUR_MS });
  await world.settle();
  await first.kill();
  const second = world.boot();
  await world.settle();
  await second.kill();
  return world;
}

/** How many steps have begun since `from`. */
const begun = (world: CrashWorld, from: number) =>
  world.ledger.slice(from).filter(({ phase }) => phase === 'begin').length;

async function bootAndSettle(world: CrashWorld): Promise<MortalHost> {
  const mortal = world.boot();
  await world.settle();
  return mortal;
}

test('after a first crash all runs come back at once', async () => {
  const world = new CrashWorld([worker]);
  const first = world.boot();
  for (const run of ['a', 'b', 'c']) await startOn(first, 'worker', run, { ms: HOUR_MS });
  await world.settle();
  await first.kill();
  const from = world.ledger.length;
  await bootAndSettle(world);
  expect(begun(world, from)).toBe(3);
});

test('suspects come back one by one: the next when the one before has outlived its probation', async () => {
  const world = await afterTwoCrashes(['a', 'b', 'c']);
  const from = world.ledger.length;
  await bootAndSettle(world);
  for (let alive = 1; alive <= 3; alive++) {
    expect(begun(world, from)).toBe(alive);
    world.clock.advance(PROBATION_MS - 1);
    await world.settle();
    expect(begun(world, from)).toBe(alive);
    world.clock.advance(1);
    await world.settle();
  }
});

test('a suspect that gets further at once keeps nobody waiting', async () => {
  const world = new CrashWorld([worker]);
  const first = world.boot();
  for (const run of ['a', 'b', 'c']) await startOn(first, 'worker', run, { ms: 1000 });
  await world.settle();
  await first.kill();
  const second = world.boot();
  await world.settle();
  await second.kill();
  const third = world.boot();
  const start = world.clock.now();
  await world.pass(() => isOver(world));
  expect(world.clock.now() - start).toBe(3000);
  expect(third.dead).toBe(false);
});

test('new runs, and events of other runs, do not wait for suspects', async () => {
  const world = await afterTwoCrashes(['a', 'b']);
  const third = await bootAndSettle(world);
  await startOn(third, 'worker', 'new', { ms: 0 });
  await world.settle();
  expect(runsWith(world, 'done')).toEqual(['new']);
});

test('an event for a suspect that waits does not bring it in early, and is not lost', async () => {
  const world = await afterTwoCrashes(['a', 'b']);
  const from = world.ledger.length;
  const third = await bootAndSettle(world);
  const address = { workflow: 'worker', run: 'b' };
  await third.host.send({ ...address, id: 'e', event: encode({ type: 'HELLO' }, 'event'), until: 'accepted' });
  await world.settle();
  expect(begun(world, from)).toBe(1);
  expect(world.database.tables.inbox(address)).toHaveLength(1);
  world.clock.advance(PROBATION_MS);
  await world.settle();
  expect(begun(world, from)).toBe(2);
  expect(world.database.tables.inbox(address)).toEqual([]);
  expect(world.database.tables.history(address).at(-1)?.arrival).toMatchObject({ kind: 'event', name: 'HELLO' });
});

test('a suspect that waits can be deleted, and started anew', async () => {
  const world = await afterTwoCrashes(['a', 'b', 'c']);
  const from = world.ledger.length;
  const third = await bootAndSettle(world);
  const control = (run: string, callId: string) =>
    third.host.control({ workflow: 'worker', run, callId, control: 'delete' });
  await control('b', '1');
  expect(world.head('worker', 'b')).toBeUndefined();
  await third.host.start({
    ...{ workflow: 'worker', run: 'c', callId: 'again', ifExists: 'restart' },
    input: encode({ ms: 0 }, 'input'),
  });
  await world.settle();
  expect(runsWith(world, 'done')).toEqual(['c']);
  expect(begun(world, from)).toBe(2);
});

test('an owner that is fenced, or closed, in the middle of trials brings nobody back any more', async () => {
  const world = await afterTwoCrashes(['a', 'b', 'c']);
  const from = world.ledger.length;
  const third = await bootAndSettle(world);
  await third.host.close();
  world.clock.advance(HOUR_MS);
  await world.settle();
  expect(begun(world, from)).toBe(1);
});

test('calls that come before it is known who is a suspect bring nobody in early', async () => {
  const world = await afterTwoCrashes(['a', 'b']);
  const from = world.ledger.length;
  const third = world.boot();
  for (const run of ['a', 'b']) {
    void third.host.send({
      workflow: 'worker',
      run,
      id: 'e',
      event: encode({ type: 'E' }, 'event'),
      until: 'accepted',
    });
  }
  await third.host.owned;
  for (const run of ['a', 'b']) {
    void third.host.send({
      workflow: 'worker',
      run,
      id: 'f',
      event: encode({ type: 'E' }, 'event'),
      until: 'accepted',
    });
  }
  await world.settle();
  expect(begun(world, from)).toBe(1);
});

test('where the store refuses a mark, nothing of the run is done before it takes it', async () => {
  const world = await afterTwoCrashes(['a']);
  const inner = createMemoryStore({ database: world.database });
  let refusals = 3;
  const commit: Store['commit'] = async (checkpoint) => {
    if (refusals-- > 0) throw new HoldfastError('STORE_FULL', { message: 'No room.', retryable: true });
    return inner.commit(checkpoint);
  };
  let begun = 0;
  const services = { effect: () => void begun++, work: () => new Promise(() => {}) };
  const { clock, errors } = aHoldfast([worker], { store: { ...inner, commit }, services, clock: world.clock });
  for (let tries = 0; tries < 3; tries++) {
    await settled();
    expect(begun).toBe(0);
    clock.advance(30_000);
  }
  await settled();
  expect(begun).toBe(1);
  expect(errors).toHaveLength(3);
  expect(world.head('worker', 'a')?.suspicion).toEqual({ restores: 2, outlived: 0 });
});
