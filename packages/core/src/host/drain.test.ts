import { describe, expect, test } from 'vitest';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { queuedRow } from '../records/records.js';
import { schedule } from '../schedules/schedule.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { ManualClock } from '../testing/manual-clock.js';
import { drained } from './drain.js';

const waits = defineWorkflow({
  id: 'waits',
  version: 1,
  logic: fromSteps({ types: {} as { events: { type: 'GO' } } }, async ({ waitForEvent }) => {
    await waitForEvent('go', { type: 'GO', timeout: '3h' });
  }),
});

/** Performs a step that ends when it is told to. */
function work() {
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const logic = fromSteps({ types: {} }, async ({ step }) => step('work', () => finished));
  return { workflow: defineWorkflow({ id: 'work', version: 1, logic }), finish: () => finish() };
}

/** Whether it has drained by now, and what it says. */
async function stateOf(drain: Promise<unknown>): Promise<unknown> {
  await settled();
  return Promise.race([drain, Promise.resolve('at work')]);
}

/** A world whose hosts come and go. */
function aWorld() {
  const [database, clock] = [createMemoryDatabase(), new ManualClock()];
  const open = <const T extends readonly AnyWorkflow[]>(workflows: T, options = {}) =>
    aHoldfast(workflows, { database, clock, ...options });
  return { clock, open };
}

describe('a host drains', () => {
  test('at once where there is nothing', async () => {
    expect(await aHoldfast([waits]).host.drain()).toEqual({});
  });

  test('when the step under way has ended and its run is closed', async () => {
    const { workflow, finish } = work();
    const { holdfast, host } = aHoldfast([workflow]);
    await holdfast.start('work');
    const drain = host.drain();
    expect(await stateOf(drain)).toBe('at work');
    finish();
    expect(await drain).toEqual({});
  });

  test('and tells the earliest of the deadlines ahead', async () => {
    const { holdfast, host, clock } = aHoldfast([waits]);
    const now = clock.now();
    await holdfast.start('waits', { id: 'now' });
    await holdfast.start('waits', { id: 'later', startAt: now + 5000 });
    expect(await host.drain()).toEqual({ nextDeadlineAt: now + 5000 });
  });

  test('not before what was sent is processed', async () => {
    const { clock, open } = aWorld();
    const first = open([waits]);
    const run = await first.holdfast.start('waits', { id: '1' });
    await first.host.drain();
    const standby = open([waits]);
    await first.host.close();
    await run.send({ type: 'GO' }).catch(() => {});
    await standby.holdfast.run('waits', '1').send({ type: 'GO' });
    expect(await standby.host.drain()).toEqual({});
    expect(clock.nextAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(clock.now());
  });

  test('not before an overdue deadline is attended to', async () => {
    const { clock, open } = aWorld();
    const first = open([waits]);
    await first.holdfast.start('waits', { id: '1' });
    await first.host.drain();
    await first.host.close();
    clock.advance(4 * 3_600_000);
    const second = open([waits]);
    expect(await second.host.drain()).toEqual({});
    await expect(second.holdfast.run('waits', '1').result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
  });

  test('with paused runs as they are', async () => {
    const { holdfast, host } = aHoldfast([waits]);
    const run = await holdfast.start('waits', { id: '1' });
    await run.pause();
    await run.send({ type: 'GO' });
    expect(await host.drain()).toEqual({});
    await run.resume();
    await host.drain();
    expect((await run.history()).at(-1)?.status).toBe('done');
  });

  test('not before a control is carried out, on a run that has ended too', async () => {
    const nobody = { keeps: () => false, isBehind: async () => false };
    const ports = { now: 0, schedules: nobody, isParked: () => false, isInLine: () => true };
    const store = createMemoryStore({ database: createMemoryDatabase() });
    const row = queuedRow({ workflow: 'waits', run: '1', key: 'k', version: 1 }, 0);
    await store.accept({ kind: 'start', row: { ...row, status: 'done', closedAt: 0 }, input: { text: '-1' } });
    expect(await drained({ ...ports, store })).toEqual({});
    const body = { text: '"delete"' };
    await store.accept({
      kind: 'inbox',
      row: { workflow: 'waits', run: '1', lane: 'control', id: 'c', acceptedAt: 0, body },
    });
    expect(await drained({ ...ports, store })).toBeUndefined();
  });

  test('with runs that its code can not take up', async () => {
    const { open } = aWorld();
    const first = open([waits]);
    await first.holdfast.start('waits', { id: '1' });
    await first.host.drain();
    await first.host.close();
    const { workflow } = work();
    const second = open([workflow]);
    expect(await second.host.drain()).toEqual({});
    expect(second.errors).toMatchObject([{ code: 'WORKFLOW_UNKNOWN' }]);
  });

  test('not before a parent was told what its child came to', async () => {
    const { workflow, finish } = work();
    const parent = defineWorkflow({
      id: 'parent',
      version: 1,
      logic: fromSteps({ types: {} }, async ({ child, step }) => {
        await child('work', workflow);
        await step('after', () => {});
      }),
    });
    const { holdfast, host } = aHoldfast([parent, workflow]);
    const run = await holdfast.start('parent', { id: '1' });
    await settled();
    const drain = host.drain();
    finish();
    await drain;
    expect((await run.history()).at(-1)?.status).toBe('done');
  });

  test('and tells the next occurrence of its schedules, not of those which it does not keep', async () => {
    const { clock, open } = aWorld();
    const { workflow, finish } = work();
    finish();
    const at = (hour: number) =>
      schedule(workflow, { id: `at ${hour}`, cron: `0 ${hour} * * *`, timeZone: 'UTC', input: undefined });
    const first = open([workflow], { schedules: [at(1), at(2)] });
    const midnight = clock.now();
    expect(await first.host.drain()).toEqual({ nextDeadlineAt: midnight + 3_600_000 });
    await first.host.close();
    const second = open([workflow], { schedules: [at(2)] });
    expect(await second.host.drain()).toEqual({ nextDeadlineAt: midnight + 2 * 3_600_000 });
  });

  test('never, once it is closed', async () => {
    const { workflow } = work();
    const { holdfast, host } = aHoldfast([workflow]);
    await holdfast.start('work');
    const drain = host.drain();
    await host.close();
    await expect(drain).rejects.toMatchObject({ code: 'CLOSED' });
  });

  describe('by what is stored', () => {
    const row = {
      ...queuedRow({ workflow: 'w', run: '1', key: 'k', version: 1 }, 0),
      status: 'waiting',
      seq: 1,
    } as const;
    const mail = (lane: 'event' | 'control') => {
      const body = { text: '1' };
      return { kind: 'inbox', row: { workflow: 'w', run: '1', lane, id: lane, acceptedAt: 0, body } } as const;
    };
    const nobody = { keeps: () => false, isBehind: async () => false };
    const calm = { now: 0, schedules: nobody, isParked: () => false, isInLine: () => true };

    async function waitingRun(lane?: 'event' | 'control') {
      const store = createMemoryStore();
      await store.accept({ kind: 'start', row, input: { text: '-1' } });
      if (lane) await store.accept(mail(lane));
      return store;
    }

    test('a run that only waits is no work', async () => {
      expect(await drained({ ...calm, store: await waitingRun() })).toEqual({});
    });

    test('one that was sent something is, but not where it is parked', async () => {
      expect(await drained({ ...calm, store: await waitingRun('event') })).toBeUndefined();
      for (const lane of ['event', 'control'] as const) {
        expect(await drained({ ...calm, store: await waitingRun(lane), isParked: () => true })).toEqual({});
      }
    });

    test('one that is to be brought in line with this code is', async () => {
      expect(await drained({ ...calm, store: await waitingRun(), isInLine: () => false })).toBeUndefined();
    });

    test('a schedule that is behind is', async () => {
      const schedules = { keeps: () => true, isBehind: async () => true };
      expect(await drained({ ...calm, store: createMemoryStore(), schedules })).toBeUndefined();
    });
  });
});
