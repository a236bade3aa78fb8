import { expect, test } from 'vitest';
import { fromPromise, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import type { Connectivity } from './ports.js';

/** A step function that has ended: what it left under way must not go on behind it. */
test('the loser of a race is aborted when its function ends', async () => {
  let signal: AbortSignal | undefined;
  const logic = fromSteps(async ({ step, sleep }) => {
    const upload = step('upload', (context) => {
      signal = context.signal;
      return new Promise(() => {});
    });
    await Promise.race([upload, sleep('patience', '1m')]);
  });
  const { holdfast, clock } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })]);
  const run = await holdfast.start('w');
  await settled();
  clock.advance(60_000);
  await run.result();
  await settled();
  expect(signal?.aborted).toBe(true);
  await holdfast.close();
});

test('a step that waits for its next try is not tried any more when its function has ended', async () => {
  let tries = 0;
  const logic = fromSteps(async ({ step }) => {
    const flaky = step('flaky', { retry: { attempts: 5, delay: '1s' } }, () => {
      tries++;
      throw new Error('not now');
    });
    await Promise.race([flaky, step('quick', () => 1)]);
  });
  const { holdfast, clock } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })]);
  const run = await holdfast.start('w');
  await run.result();
  await settled();
  clock.advance(2000);
  await settled();
  expect(tries).toBe(1);
  await holdfast.close();
});

/** Liveness: a run that the network can move must not be put to rest until a deadline far away. */
test('a step that waits for the network beside a long sleep begins when the network is there', async () => {
  const listeners = new Set<() => void>();
  let online = false;
  const connectivity: Connectivity = {
    online: () => online,
    subscribe(change) {
      listeners.add(change);
      return () => listeners.delete(change);
    },
  };
  let sent = 0;
  const logic = fromSteps(async ({ step, sleep }) => {
    await Promise.all([sleep('long', '30d'), step('send', { requires: 'online' }, () => ++sent)]);
  });
  const database = createMemoryDatabase();
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic })];
  const first = aHoldfast(workflows, { database, connectivity });
  await first.holdfast.start('w', { id: '1' });
  await settled();
  await first.holdfast.close();
  const second = aHoldfast(workflows, { database, connectivity, clock: first.clock });
  await settled();
  online = true;
  for (const listener of [...listeners]) listener();
  await settled();
  expect(sent).toBe(1);
  await second.holdfast.close();
});

test('a sleeping run, and one that waits for its next try, leave the memory', async () => {
  const logic = fromSteps(async ({ sleep, step }) => {
    await sleep('nap', '30d');
    await step('flaky', { retry: { attempts: 2, delay: '30d', maxDelay: '30d' } }, ({ attempt }) => {
      if (attempt === 1) throw new Error('not now');
    });
  });
  const { holdfast, clock } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })]);
  const run = await holdfast.start('w', { id: '1' });
  const untilNext = () => (clock.nextAt ?? 0) - clock.now();
  await settled();
  expect(untilNext(), 'eviction of the sleeper').toBe(5000);
  clock.advance(untilNext());
  clock.advance(untilNext());
  await settled(20);
  expect(untilNext(), 'eviction of the one that waits').toBe(5000);
  clock.advance(untilNext());
  clock.advance(untilNext());
  await run.result();
  await holdfast.close();
});

test('one that was taken up by a timer, or whose parallel step has ended, leaves the memory too', async () => {
  const logic = setup({
    actors: {
      work: fromSteps(async ({ sleep, step }) => {
        await Promise.all([sleep('nap', '30d'), step('quick', () => 1)]);
      }),
    },
  }).createMachine({
    initial: 'on',
    states: {
      on: { invoke: { src: 'work', onDone: 'off' }, after: { 864000000: { actions: () => {} } } },
      off: { type: 'final' },
    },
  });
  const { holdfast, clock, database } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })]);
  await holdfast.start('w', { id: '1' });
  const status = () => database.tables.head({ workflow: 'w', run: '1' })?.status;
  const untilNext = () => (clock.nextAt ?? 0) - clock.now();
  await settled(20);
  expect([status(), untilNext()], 'beside the sleep').toEqual(['waiting', 5000]);
  clock.advance(5000);
  clock.advance(untilNext());
  await settled(20);
  expect([status(), untilNext()], 'after the timer').toEqual(['waiting', 5000]);
  clock.advance(5000);
  clock.advance(untilNext());
  await holdfast.run('w', '1').result();
  await holdfast.close();
});

test('a result that comes when its actor was left, in the same instant, makes no checkpoint', async () => {
  const logic = setup({ actors: { quick: fromPromise(async () => 1) } }).createMachine({
    initial: 'both',
    states: {
      both: { invoke: [{ src: 'quick', onDone: 'over' }, { src: 'quick' }] },
      over: { on: { END: 'end' } },
      end: { type: 'final' },
    },
  });
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })]);
  const run = await holdfast.start('w', { id: '1' });
  await settled();
  await run.send({ type: 'END' });
  await run.result();
  expect((await run.history()).map(({ arrival }) => arrival.kind)).toEqual(['start', 'actor', 'event']);
  await holdfast.close();
});
