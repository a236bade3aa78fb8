import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyServices, StepContext } from '../define/steps-logic.js';
import { HoldfastError } from '../errors/index.js';
import { queuedRow, type RunRow } from '../records/records.js';
import { createMemoryStore } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { CrashWorld, type MortalHost } from '../testing/crash-world.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { isOver, runsWith, startOn, worker } from '../testing/loops.test-support.js';
import { ManualClock } from '../testing/manual-clock.js';
import { PROBATION_MS, Suspects } from './suspects.js';

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

test('progress is enough to let the next one in: the run need not end', async () => {
  const logic = fromSteps(async ({ input, step }) => {
    const work = (ms: number) => (context: StepContext<AnyServices>) => context.services.work?.(ms);
    await step('short', work(1000));
    await step('long', work((input as { ms: number }).ms));
  });
  const world = new CrashWorld([defineWorkflow({ id: 'two', version: 1, logic })]);
  const first = world.boot();
  for (const run of ['a', 'b']) await startOn(first, 'two', run, { ms: HOUR_MS });
  await world.settle();
  await first.kill();
  await (await bootAndSettle(world)).kill();
  await bootAndSettle(world);
  expect(world.head('two', 'b')?.suspicion).toEqual({ restores: 1, outlived: 0 });
  world.clock.advance(1000);
  await world.settle();
  expect(world.head('two', 'a')).not.toHaveProperty('suspicion');
  expect(world.head('two', 'b')?.suspicion).toEqual({ restores: 2, outlived: 0 });
});

/** Writes into the head of a run how often it was restored in vain. */
function suspect(world: CrashWorld, run: string, restores: number): void {
  const row = world.head('worker', run);
  if (!row) throw new Error(`There is no run ${run}.`);
  world.database.tables.apply(row, [{ op: 'run', row: { ...row, suspicion: { restores, outlived: 0 } } }]);
}

test('who has the least against it comes first', async () => {
  const world = await afterTwoCrashes(['a', 'b', 'c']);
  suspect(world, 'a', 2);
  const from = world.ledger.length;
  await bootAndSettle(world);
  const marks = () => ['a', 'b', 'c'].map((run) => world.head('worker', run)?.suspicion?.restores);
  expect(marks()).toEqual([2, 2, 1]);
  world.clock.advance(PROBATION_MS);
  await world.settle();
  expect(marks()).toEqual([2, 0, 2]);
  world.clock.advance(PROBATION_MS);
  await world.settle();
  expect(marks()).toEqual([3, 0, 0]);
  expect(begun(world, from)).toBe(3);
});

test('a run that is paused, or can not be brought back, keeps nobody waiting', async () => {
  const world = await afterTwoCrashes(['a', 'b', 'c']);
  suspect(world, 'a', 3);
  const stored = world.head('worker', 'b') as RunRow;
  world.database.tables.apply(stored, [{ op: 'run', row: { ...stored, version: 7 } }]);
  const from = world.ledger.length;
  await bootAndSettle(world);
  expect(world.head('worker', 'a')?.status).toBe('paused');
  expect(begun(world, from)).toBe(1);
  expect(world.errors).toMatchObject([{ code: 'CRASH_LOOP' }, { code: 'VERSION_UNFIT' }]);
});

test('a run that takes what came for it and rests again is no suspect any more', async () => {
  const logic = createMachine({ on: { PING: {} } });
  const world = new CrashWorld([defineWorkflow({ id: 'pings', version: 1, logic })]);
  const address = { workflow: 'pings', run: '1' };
  const first = world.boot();
  await startOn(first, 'pings', '1');
  await world.settle();
  await first.kill();
  const body = { text: encode({ type: 'PING' }, 'event').text };
  world.database.tables.enqueue({ ...address, n: ++world.database.lastN, lane: 'event', id: 'e', acceptedAt: 0, body });
  const second = await bootAndSettle(world);
  expect(second.writes).toBe(2);
  expect(world.head('pings', '1')).toMatchObject({ status: 'waiting', seq: 2 });
  expect(world.head('pings', '1')).not.toHaveProperty('suspicion');
});

test('a restore that ends late, when others are on trial, does not meddle with theirs', async () => {
  const clock = new ManualClock();
  const outlived: string[] = [];
  const restores = new Map<string, () => void>();
  const suspects = new Suspects({
    clock,
    restore: ({ run }) => new Promise((resolve) => restores.set(run, resolve)),
    outlived: ({ run }) => outlived.push(run),
  });
  const rowOf = (run: string) => queuedRow({ workflow: 'w', run, key: run, version: 1 }, clock.now());
  void suspects.begin([rowOf('old')]);
  suspects.clear();
  void suspects.begin([rowOf('new')]);
  restores.get('new')?.();
  await settled();
  restores.get('old')?.();
  await settled();
  suspects.settled(rowOf('new'));
  await settled();
  expect(clock.nextAt).toBeUndefined();
  expect(outlived).toEqual([]);
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
    third.host.control({ workflow: 'worker', run, callId, control: { control: 'delete' } });
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
