import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { inspectRun } from './inspect-run.js';

const address = { workflow: 'w', run: '1' };
const aWorkflow = (logic: AnyWorkflow['logic']) => defineWorkflow({ id: 'w', version: 1, logic });

/** A run as it is stored, once all that needs no time has happened. */
async function inspected(workflow: AnyWorkflow, { input, send = [] }: { input?: unknown; send?: object[] } = {}) {
  const { holdfast, store, clock } = aHoldfast([workflow]);
  const run = await holdfast.start('w', { id: '1', input });
  for (const event of send) await run.send(event as { type: string });
  await settled();
  const stored = await store.load(address);
  if (!stored) throw new Error('it is not stored');
  return { ...inspectRun(stored), now: clock.now() };
}

test('steps of a step function, in the order in which they began', async () => {
  const logic = fromSteps({ types: {} as { events: { type: 'GO' } } }, async ({ step, waitForEvent }) => {
    await step('a/b #1', () => ({ at: new Date(7) }));
    await step('fails', () => Promise.reject(new Error('no'))).catch(() => {});
    await waitForEvent('go', { type: 'GO', timeout: '1h' });
  });
  const { steps, row, now } = await inspected(aWorkflow(logic));
  expect(row.status).toBe('waiting');
  expect(steps).toEqual([
    { ...aStep('a/b #1', now), status: 'completed', attempts: 1, output: { at: new Date(7) } },
    { ...aStep('fails', now), status: 'failed', attempts: 1, error: new Error('no') },
    { ...aStep('go', now), kind: 'event', status: 'waiting', attempts: 0, types: ['GO'], until: now + 3_600_000 },
  ]);
});

const aStep = (name: string, now: number) => ({ name, actor: '', kind: 'step', startedAt: now, endedAt: now });

test('the state, the timers and the steps of a machine', async () => {
  const asks = fromSteps({ types: {} }, async ({ sleep }) => sleep('long', '1d'));
  const machine = setup({ actors: { asks } }).createMachine({
    initial: 'asking',
    states: { asking: { invoke: { src: 'asks', id: 'the/asker' }, after: { 5000: 'late', 1000: 'late' } }, late: {} },
  });
  const { value, timers, steps, now } = await inspected(aWorkflow(machine));
  expect(value).toBe('asking');
  expect(timers.map(({ at, actor }) => [at - now, actor])).toEqual([
    [1000, ''],
    [5000, ''],
  ]);
  expect(steps).toMatchObject([{ name: 'long', actor: 'the%2Fasker', kind: 'sleep', status: 'sleeping' }]);
});

test('output and input of a run that is done, the error of one that failed', async () => {
  const logic = fromSteps({ types: {} as { input: { n: number } } }, async ({ input }) => {
    if (input.n > 1) throw new Error(`${input.n} is too much`);
    return input.n;
  });
  const done = await inspected(aWorkflow(logic), { input: { n: 1 } });
  expect([done.row.status, done.input, done.output]).toEqual(['done', { n: 1 }, 1]);
  const failed = await inspected(aWorkflow(logic), { input: { n: 2 } });
  expect([failed.row.status, failed.error]).toEqual(['failed', new Error('2 is too much')]);
  const machine = setup({
    guards: {
      broken: () => {
        throw new Error('a bad guard');
      },
    },
  }).createMachine({ on: { GO: { guard: 'broken', actions: () => {} } } });
  const broken = await inspected(aWorkflow(machine), { send: [{ type: 'GO' }] });
  expect([broken.row.status, String(broken.error)]).toEqual(['failed', expect.stringContaining('a bad guard')]);
});

test('what is accepted and not processed', async () => {
  const logic = fromSteps({ types: {} as { events: { type: 'GO'; n: bigint } } }, async ({ waitForEvent }) => {
    await waitForEvent('go', { type: 'GO' });
  });
  const { holdfast, store } = aHoldfast([aWorkflow(logic)]);
  const run = await holdfast.start('w', { id: '1' });
  await run.pause();
  await run.send({ type: 'GO', n: 3n } as never, { id: 'first' });
  const stored = await store.load(address);
  expect(stored && inspectRun(stored).inbox).toMatchObject([
    { lane: 'event', id: 'first', body: { type: 'GO', n: 3n } },
  ]);
});
