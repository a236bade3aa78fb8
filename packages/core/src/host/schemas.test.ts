import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const input = z.object({ sku: z.string(), amount: z.coerce.number().default(1) });
const events = { ADD: z.object({ n: z.coerce.number().min(1) }), END: z.object({}) };

const machine = setup({
  types: {} as {
    input: z.output<typeof input>;
    context: { sku: string; got: number[] };
    events: { type: 'ADD'; n: number } | { type: 'END' };
  },
}).createMachine({
  context: ({ input }) => ({ sku: input.sku, got: [input.amount] }),
  initial: 'on',
  states: {
    on: {
      on: { ADD: { actions: assign({ got: ({ context, event }) => [...context.got, event.n] }) }, END: 'off' },
    },
    off: { type: 'final' },
  },
  output: ({ context }) => context,
});
const order = defineWorkflow({ id: 'order', version: 1, logic: machine, schemas: { input, events } });
const ship = defineWorkflow({
  id: 'ship',
  version: 1,
  logic: fromSteps({ schemas: { input, events } }, async ({ input, step }) => step('pack', () => input)),
});

test('what does not fit is refused before anything is stored, in any tab', async () => {
  const database = createMemoryDatabase();
  const owner = aHoldfast([order, ship], { database });
  const other = aHoldfast([order, ship], { database, clock: owner.clock });
  const run = await owner.holdfast.start('order', { id: '1', input: { sku: 'a' } });
  await settled();
  for (const { holdfast } of [owner, other]) {
    for (const id of ['order', 'ship'] as const) {
      const refused = holdfast.start(id, { id: 'x', input: { sku: 5 } as never });
      const issues = [{ path: ['sku'], message: expect.any(String) }];
      await expect(refused).rejects.toMatchObject({ code: 'INPUT_INVALID', details: { issues } });
    }
    const sent = holdfast.run('order', '1');
    await expect(sent.send({ type: 'ADD', n: 0 })).rejects.toMatchObject({
      code: 'EVENT_INVALID',
      details: { issues: [{ path: ['n'] }], type: 'ADD' },
    });
    await expect(sent.send({ type: 'WHAT' } as never)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
  }
  expect(database.tables.list().rows.map(({ run }) => run)).toEqual(['1']);
  expect(database.tables.inbox()).toEqual([]);
  expect(await run.history()).toHaveLength(1);
  await other.holdfast.close();
  await owner.holdfast.close();
});

test('what was sent is stored as it was, and parsed once, when it is taken', async () => {
  let parsed = 0;
  const counted = input.transform((value) => {
    parsed++;
    return value;
  });
  const database = createMemoryDatabase();
  const logic = fromSteps({ schemas: { input: counted } }, async ({ input, step, sleep }) => {
    await sleep('a minute', '1m');
    return step('echo', () => input);
  });
  const workflows = [order, defineWorkflow({ id: 'echo', version: 1, logic })] as const;
  const first = aHoldfast(workflows, { database });
  const run = await first.holdfast.start('order', { id: '1', input: { sku: 'a', amount: '2' } as never });
  expect(await first.holdfast.start('order', { id: '1', input: { sku: 'a', amount: '2' } as never })).toBe(run);
  const stored = database.tables.load({ workflow: 'order', run: '1' })?.values.get('input')?.text;
  expect(stored).toContain('"2"');
  await run.send({ type: 'ADD', n: '3' } as never);
  await run.send({ type: 'END' });
  expect(await run.result()).toEqual({ sku: 'a', got: [2, 3] });

  await first.holdfast.start('echo', { id: '1', input: { sku: 'a' } });
  await settled();
  const before = parsed;
  await first.holdfast.close();
  const second = aHoldfast(workflows, { database, clock: first.clock });
  await settled();
  first.clock.advance(60_000);
  expect(await second.holdfast.run('echo', '1').result()).toEqual({ sku: 'a', amount: 1 });
  // Once by `start`, which throws it away, and once when it was taken.
  expect([before, parsed]).toEqual([2, 2]);
  await second.holdfast.close();
});

test('a step function that a machine invokes parses its input, or fails the actor', async () => {
  const work = fromSteps({ schemas: { input } }, async ({ input, step }) => step('pack', () => input.amount));
  const logic = setup({ actors: { work } }).createMachine({
    types: {} as { input: { sku: never } },
    context: ({ input }) => ({ input, got: undefined as unknown }),
    initial: 'working',
    states: {
      working: {
        invoke: {
          src: 'work',
          input: ({ context }) => context.input,
          onDone: { target: 'over', actions: assign({ got: ({ event }) => event.output }) },
          onError: { target: 'over', actions: assign({ got: ({ event }) => (event.error as { code: string }).code }) },
        },
      },
      over: { type: 'final' },
    },
    output: ({ context }) => context.got,
  });
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })]);
  const outputOf = async (sku: unknown) =>
    (await holdfast.start('w', { input: { sku } as never })).result() as Promise<unknown>;
  expect(await outputOf('a')).toBe(1);
  expect(await outputOf(5)).toBe('INPUT_INVALID');
  await holdfast.close();
});

test('of versions side by side, one has to take the event', async () => {
  const renamed = { ADD: z.object({ count: z.number() }), END: z.object({}) };
  const logic = setup({ types: {} as { events: { type: 'ADD'; count: number } | { type: 'END' } } }).createMachine({
    on: { ADD: {} },
  });
  const next = defineWorkflow({ id: 'order', version: 2, logic, schemas: { events: renamed } });
  const { holdfast, database } = aHoldfast([order, next]);
  const run = await holdfast.start('order', { id: '2', input: {} as never });
  await settled();
  expect(database.tables.head({ workflow: 'order', run: '2' })?.version).toBe(2);
  await run.send({ type: 'ADD', count: 1 }, { until: 'processed' });
  await expect(run.send({ type: 'ADD' } as never)).rejects.toMatchObject({
    details: { issues: [{ path: ['count'] }] },
  });
  // The version before would take it; the run is not of that.
  await run.send({ type: 'ADD', n: 1 }, { until: 'processed' });
  expect((await run.history()).map(({ arrival: { outcome } }) => outcome)).toEqual([undefined, undefined, 'refused']);
  expect(await run.deadLetters()).toMatchObject([{ event: { type: 'ADD', n: 1 }, issues: [{ path: ['count'] }] }]);
  await holdfast.close();
});
