import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import { gate } from '../testing/gated-store.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

interface Context {
  items: string[];
}

let seen: Context | undefined;
const list = defineWorkflow({
  id: 'list',
  version: 1,
  logic: setup({ types: { context: {} as Context, events: {} as { type: 'ADD'; item: string } } }).createMachine({
    context: () => ({ items: [] }),
    on: {
      ADD: {
        actions: [
          assign(({ context, event }) => {
            context.items.push(event.item);
            seen = context;
            return { items: context.items };
          }),
        ],
      },
    },
  }),
});

/** What a host that opens the database anew makes of the run. */
async function reopened(database: ReturnType<typeof createMemoryDatabase>): Promise<Context | undefined> {
  const { holdfast } = aHoldfast([list], { database });
  const run = holdfast.run('list', '1');
  run.subscribe(() => {});
  await settled();
  const { context } = run.getSnapshot();
  await holdfast.close();
  return context as Context | undefined;
}

test('a context that is changed in place, and stays the same object, is stored all the same', async () => {
  const database = createMemoryDatabase();
  const { holdfast } = aHoldfast([list], { database });
  const run = await holdfast.start('list', { id: '1' });
  for (const item of ['a', 'b', 'c']) await run.send({ type: 'ADD', item }, { until: 'processed' });
  await holdfast.close();
  expect(await reopened(database)).toEqual({ items: ['a', 'b', 'c'] });
});

test('what is changed while a commit is under way is not in it', async () => {
  const database = createMemoryDatabase();
  const gated = gate(createMemoryStore({ database }));
  const { holdfast } = aHoldfast([list], { database, store: gated.store });
  const run = await holdfast.start('list', { id: '1' });
  await gated.pass();
  await run.send({ type: 'ADD', item: 'a' });
  await settled();
  expect(gated.waiting.length).toBe(1);
  seen?.items.push('of nobody');
  await gated.pass();
  await settled();
  gated.open();
  await holdfast.close();
  expect(await reopened(database)).toEqual({ items: ['a'] });
});

test('values of ten megabytes go in, through a step, and out, where the limits allow it', async () => {
  const large = 'x'.repeat(10_000_000);
  const database = createMemoryDatabase();
  const logic = fromSteps({ types: {} as { input: string } }, ({ input, step }) => step('turn', () => `${input}y`));
  const limits = { valueLength: Infinity };
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'large', version: 1, logic, limits })], { database });
  const run = await holdfast.start('large', { id: '1', input: large });
  expect(await run.result()).toBe(`${large}y`);
  await holdfast.close();
});
