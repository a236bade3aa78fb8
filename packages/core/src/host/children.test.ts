import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const HOUR = 3_600_000;
const types = {} as { input: { ms: number } };
const child = defineWorkflow({
  id: 'child',
  version: 1,
  concurrency: { limit: 1 },
  logic: fromSteps({ types }, async ({ input, sleep, step }) => {
    await sleep('nap', input.ms);
    if (input.ms === 13) throw new Error('unlucky');
    return step('end', () => `slept ${input.ms}`);
  }),
});

const calls = (options: object, more: object = {}) =>
  defineWorkflow({
    id: 'parent',
    version: 1,
    logic: fromSteps(async ({ child: start }) => start('nap', child, options as never)),
    ...more,
  });

async function started(parent: AnyWorkflow, world?: ReturnType<typeof aHoldfast>) {
  const { database, clock } = world ?? {};
  const next = aHoldfast([parent, child], { ...(database && clock ? { database, clock } : {}), evictAfterMs: 10 });
  const run = world
    ? next.holdfast.run('parent', 'p')
    : await next.holdfast.start('parent', { id: 'p', input: undefined } as never);
  await settled();
  const rows = () => next.database.tables.list({ workflow: 'child' }).rows;
  const head = () => next.database.tables.head({ workflow: 'parent', run: 'p' });
  return { ...next, run, rows, head };
}

test('the output of a child is what its parent gets; its parent waits, and is not in memory', async () => {
  const { run, rows, head, clock, holdfast } = await started(calls({ input: { ms: HOUR }, labels: { kind: 'nap' } }));
  expect(head()).toMatchObject({ status: 'waiting', children: 1 });
  expect(rows()).toMatchObject([{ parent: { workflow: 'parent', run: 'p' }, labels: { kind: 'nap' } }]);
  clock.advance(1000);
  await settled();
  clock.advance(HOUR);
  expect(await run.result()).toBe(`slept ${HOUR}`);
  expect(head()).not.toHaveProperty('children');
  await holdfast.close();
});

test('one that ended while nobody told its parent is found when the next host opens', async () => {
  const first = await started(calls({ input: { ms: HOUR } }));
  await first.holdfast.close();
  const [row] = first.rows();
  // As if its host had died between the last checkpoint of the child and its word to the parent.
  const alone = aHoldfast([child], { database: first.database, clock: first.clock });
  first.clock.advance(HOUR);
  await alone.holdfast.run('child', row?.run as string).result();
  await alone.holdfast.close();
  const second = await started(calls({ input: { ms: HOUR } }), first as never);
  expect(await second.run.result()).toBe(`slept ${HOUR}`);
  await second.holdfast.close();
});

test.each([
  ['fails', { ms: 13 }, 'RUN_FAILED'],
  ['is terminated', { ms: HOUR }, 'RUN_CANCELLED'],
])('a child that %s', async (how, input, code) => {
  const { run, rows, clock, holdfast } = await started(calls({ input }));
  if (how === 'is terminated') await holdfast.run('child', rows()[0]?.run as never).terminate();
  else clock.advance(13);
  const error = await run.result().catch(({ cause }) => cause);
  expect(error).toMatchObject({ code });
  await holdfast.close();
});

test('a deleted child', async () => {
  const { run, rows, holdfast } = await started(calls({ input: { ms: HOUR } }));
  await holdfast.run('child', rows()[0]?.run as never).delete();
  await expect(run.result()).rejects.toMatchObject({ cause: { code: 'RUN_DELETED' } });
  await holdfast.close();
});

test.each(['cancel', 'terminate'] as const)('%s: its children are cancelled with it', async (how) => {
  const { run, rows, head, holdfast } = await started(calls({ input: { ms: HOUR } }));
  await run[how]();
  await settled();
  expect([head()?.status, rows()[0]?.status]).toEqual(['cancelled', 'cancelled']);
  await holdfast.close();
});

test('a parent that is terminated while it is paused takes its children along', async () => {
  const { run, rows, head, holdfast } = await started(calls({ input: { ms: HOUR } }));
  await run.pause();
  await settled();
  await run.terminate();
  await settled();
  expect([head()?.status, rows()[0]?.status]).toEqual(['cancelled', 'cancelled']);
  await holdfast.close();
});

test.each<[string, () => unknown]>([
  [
    'what throws',
    () => {
      throw new Error('unlucky');
    },
  ],
  ['what can not be stored', () => () => {}],
])('a machine that fails by %s takes the children of its step functions along', async (_, make) => {
  const waits = fromSteps(async ({ child: start }) => start('nap', child, { input: { ms: HOUR } }));
  const logic = setup({ actors: { waits } }).createMachine({
    context: {} as { made?: unknown },
    invoke: { src: 'waits', id: 'waits' },
    on: { FAIL: { actions: assign({ made: make }) } },
  });
  const { run, rows, head, holdfast } = await started(defineWorkflow({ id: 'parent', version: 1, logic }));
  await run.send({ type: 'FAIL' } as never, { until: 'processed' });
  await settled();
  expect([head()?.status, rows()[0]?.status]).toEqual(['failed', 'cancelled']);
  await holdfast.close();
});

test('one that is not waited for is cancelled when its parent ends', async () => {
  const parent = defineWorkflow({
    id: 'parent',
    version: 1,
    logic: fromSteps(async ({ child: start, step }) => {
      void start('nap', child, { input: { ms: HOUR } });
      await step('a', () => 1);
      return 'done';
    }),
  });
  const { run, rows, holdfast } = await started(parent);
  expect(await run.result()).toBe('done');
  expect(rows()[0]?.status).toBe('cancelled');
  await holdfast.close();
});

test('a detached one goes its own way', async () => {
  const { run, rows, clock, holdfast } = await started(calls({ input: { ms: HOUR }, detached: true, id: 'own' }));
  expect(await run.result()).toEqual({ workflow: 'child', run: 'own' });
  clock.advance(HOUR);
  await settled();
  expect(rows()[0]?.status).toBe('done');
  await holdfast.close();
});

test('what refuses its start is what it comes to', async () => {
  const world = aHoldfast([calls({ input: { ms: 1 }, id: 'taken' }), child]);
  await world.holdfast.start('child', { id: 'taken', input: { ms: 5 } });
  const second = await world.holdfast.start('parent', { id: 'p', input: undefined } as never);
  await expect(second.result()).rejects.toMatchObject({ cause: { code: 'RUN_EXISTS' } });
  await world.holdfast.close();
  const alone = aHoldfast([calls({ input: { ms: 1 } })]);
  const third = await alone.holdfast.start('parent', { id: 'p', input: undefined } as never);
  await expect(third.result()).rejects.toMatchObject({ cause: { code: 'WORKFLOW_UNKNOWN' } });
  await alone.holdfast.close();
});

test('a parent that waits for its child has no slot that the child might need', async () => {
  const logic = fromSteps({ types: {} as { input: number } }, async ({ input, child: start }): Promise<number> => {
    if (input === 0) return 0;
    return 1 + (await start('next', { id: 'nested', logic: nested.logic } as never, { input: input - 1 } as never));
  });
  const nested: AnyWorkflow = defineWorkflow({ id: 'nested', version: 1, logic, concurrency: { limit: 1 } });
  const { holdfast } = aHoldfast([nested]);
  const run = await holdfast.start('nested', { id: '1', input: 4 } as never);
  expect(await run.result()).toBe(4);
  await holdfast.close();
});

test.each<[string, object, string]>([
  ['an option that there is not', { input: { ms: 1 }, retry: {} }, 'OPTION_INVALID'],
  ['an id that is none', { input: { ms: 1 }, id: '' }, 'STEP_MISUSED'],
  ['an id with half a character', { input: { ms: 1 }, id: '\ud800' }, 'STEP_MISUSED'],
  ['labels that are none', { input: { ms: 1 }, labels: { kind: 1 } }, 'OPTION_INVALID'],
  ['an input that can not be stored', { input: { ms: 1, done: () => {} } }, 'VALUE_NOT_STORABLE'],
])('%s is refused', async (_, options, code) => {
  const { run, holdfast, rows } = await started(calls(options));
  await expect(run.result()).rejects.toMatchObject({ cause: { code } });
  expect(rows()).toEqual([]);
  await holdfast.close();
});
