import { describe, expect, test } from 'vitest';
import { createMachine, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import type { Connectivity } from './ports.js';

const DAY = 86_400_000;

/** P5: timers keep their deadline. */
describe('timers', () => {
  const yearly = defineWorkflow({
    id: 'yearly',
    version: 1,
    logic: createMachine({ initial: 'on', states: { on: { after: { [365 * DAY]: 'off' } }, off: { type: 'final' } } }),
  });

  test('over 24.8 days hold through eviction and restarts, and fire once', async () => {
    const database = createMemoryDatabase();
    const first = aHoldfast([yearly], { database });
    await first.holdfast.start('yearly', { id: '1' });
    await settled();
    for (let day = 0; day < 364; day += 14) {
      first.clock.advance(14 * DAY - 1000);
      await settled(2);
      expect(database.tables.head({ workflow: 'yearly', run: '1' })?.status).toBe('waiting');
      first.clock.advance(1000);
    }
    await first.holdfast.close();
    first.clock.advance(DAY);
    const second = aHoldfast([yearly], { database, clock: first.clock });
    await second.holdfast.run('yearly', '1').result();
    expect((await second.holdfast.run('yearly', '1').history()).map(({ arrival }) => arrival.kind)).toEqual([
      'start',
      'timer',
    ]);
    await second.holdfast.close();
  });

  test('a clock set back makes them later, one set forward fires them', async () => {
    const { holdfast, clock, database } = aHoldfast([yearly]);
    const run = await holdfast.start('yearly', { id: '1' });
    await settled();
    clock.set(clock.now() - 30 * DAY);
    clock.advance(365 * DAY);
    await settled();
    expect(database.tables.head({ workflow: 'yearly', run: '1' })?.status).toBe('waiting');
    clock.set(clock.now() + 31 * DAY);
    await run.result();
    await holdfast.close();
  });

  test('a thousand due at once all fire, once each', async () => {
    const { holdfast, clock, database } = aHoldfast([yearly]);
    for (let i = 0; i < 1000; i++) await holdfast.start('yearly', { id: String(i) });
    await settled();
    clock.advance(366 * DAY);
    while (database.tables.list({ status: 'done' }).rows.length < 1000) await settled(1);
    for (const { run, seq } of database.tables.list().rows) expect([run, seq]).toEqual([run, 2]);
    await holdfast.close();
  });
});

/** DESIGN section 3: an entry action, then five days without an event: never performed twice. */
test('an entry action is not performed again by eviction or restart', async () => {
  const done: string[] = [];
  const logic = setup({ actions: { mail: () => done.push('mail') } }).createMachine({
    initial: 'on',
    states: { on: { entry: 'mail', on: { END: 'off' } }, off: { type: 'final' } },
  });
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic })];
  const database = createMemoryDatabase();
  const first = aHoldfast(workflows, { database });
  const run = await first.holdfast.start('w', { id: '1' });
  await settled();
  first.clock.advance(5 * DAY);
  await settled();
  await run.send({ type: 'WHAT' } as never, { until: 'processed' });
  await first.holdfast.close();
  const second = aHoldfast(workflows, { database, clock: first.clock });
  await second.holdfast.run('w', '1').send({ type: 'END' } as never);
  await second.holdfast.run('w', '1').result();
  expect(done).toEqual(['mail']);
  await second.holdfast.close();
});

describe('steps that wait', () => {
  test('a backoff survives a crash, and the restore uses up no attempt', async () => {
    const attempts: number[] = [];
    const logic = fromSteps(async ({ step }) =>
      step('flaky', { retry: { attempts: 3, delay: '1h', factor: 2, maxDelay: '1d' } }, ({ attempt }) => {
        attempts.push(attempt);
        if (attempts.length < 3) throw new Error('not yet');
        return attempt;
      }),
    );
    const workflows = [defineWorkflow({ id: 'w', version: 1, logic })] as const;
    const database = createMemoryDatabase();
    const first = aHoldfast(workflows, { database });
    await first.holdfast.start('w', { id: '1' });
    await settled();
    first.clock.advance(1_800_000);
    await first.holdfast.close();
    const second = aHoldfast(workflows, { database, clock: first.clock });
    await settled();
    expect(attempts).toEqual([1]);
    second.clock.advance(1_800_000);
    await settled();
    expect(attempts).toEqual([1, 2]);
    second.clock.advance(2 * 3_600_000 - 1);
    await settled();
    expect(attempts).toEqual([1, 2]);
    second.clock.advance(1);
    expect(await second.holdfast.run('w', '1').result()).toBe(3);
    await second.holdfast.close();
  });

  test('a sleeping run is evicted, and its completed steps are not performed again', async () => {
    const performed: string[] = [];
    const logic = fromSteps(async ({ step, sleep }) => {
      const one = await step('one', () => performed.push('one'));
      await sleep('a week', '7d');
      return one + (await step('two', () => performed.push('two')));
    });
    const { holdfast, clock } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { evictAfterMs: 10 });
    const run = await holdfast.start('w', { id: '1' });
    await settled();
    clock.advance(3 * DAY);
    await settled();
    expect(performed).toEqual(['one']);
    clock.advance(4 * DAY);
    expect(await run.result()).toBe(3);
    expect(performed).toEqual(['one', 'two']);
    await holdfast.close();
  });

  test('a step that requires the network waits for it, and uses up no attempt while it is gone', async () => {
    const changes = new Set<() => void>();
    let online = false;
    const connectivity: Connectivity = {
      online: () => online,
      subscribe: (change) => {
        changes.add(change);
        return () => changes.delete(change);
      },
    };
    const go = (to: boolean) => {
      online = to;
      for (const change of [...changes]) change();
    };
    const attempts: number[] = [];
    let fail = () => {};
    const logic = fromSteps(async ({ step }) =>
      step('upload', { requires: 'online' }, ({ attempt }) => {
        attempts.push(attempt);
        if (attempts.length > 1) return 'uploaded';
        return new Promise<string>((_, reject) => {
          fail = () => reject(new Error('network error'));
        });
      }),
    );
    const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { connectivity });
    const run = await holdfast.start('w', { id: '1' });
    await settled();
    expect(attempts).toEqual([]);
    go(true);
    await settled();
    expect(attempts).toEqual([1]);
    go(false);
    fail();
    await settled();
    expect(attempts).toEqual([1]);
    go(true);
    expect(await run.result()).toBe('uploaded');
    expect(attempts).toEqual([1, 1]);
    expect((await run.history()).filter(({ arrival }) => arrival.kind === 'step')).toHaveLength(1);
    await holdfast.close();
  });
});
