import { expect, test } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyServices, StepContext } from '../define/steps-logic.js';
import { crashEverywhere } from '../testing/crash-everywhere.js';

/** A step body that leaves its begin and end in the ledger. */
const leaves =
  <T>(name: string, result: T) =>
  async ({ services, idempotencyKey }: StepContext<AnyServices>) => {
    await services.effect?.(name, idempotencyKey, 'begin');
    await Promise.resolve();
    await services.effect?.(name, idempotencyKey, 'end');
    return result;
  };

const prepare = fromSteps(async ({ input, step, sleep, uuid, now, random }) => {
  const made = { uuid: uuid(), random: random(), now: now() };
  const one = await step('one', leaves('one', 1));
  await sleep('nap', '1h');
  const many = await step.all([1, 2, 3], { name: 'many', key: (n) => n, concurrency: 2 }, (n, context) =>
    leaves(`many:${n}`, n * 10)(context),
  );
  let failures = 0;
  try {
    await step('broken', () => {
      throw Object.assign(new Error('always'), { code: 'E_ALWAYS' });
    });
  } catch (error) {
    failures = (error as { code: string }).code === 'E_ALWAYS' ? 1 : 100;
  }
  return {
    input,
    one,
    many,
    failures,
    steady: made.uuid.length === 36 && made.random < 1 && made.now > 0,
    again: now() >= made.now,
  };
});

const reminder = setup({}).createMachine({
  initial: 'ticking',
  context: { ticks: 0 },
  states: {
    ticking: {
      after: {
        1000: {
          target: 'ticking',
          reenter: true,
          guard: ({ context }) => context.ticks < 2,
          actions: assign({ ticks: ({ context }) => context.ticks + 1 }),
        },
        1500: 'over',
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.ticks,
});

const order = setup({
  actors: { prepare, reminder, quick: fromPromise(async ({ input }: { input: number }) => input * 2) },
}).createMachine({
  id: 'order',
  context: {} as Record<string, unknown>,
  initial: 'preparing',
  states: {
    preparing: {
      invoke: {
        src: 'prepare',
        input: { for: 'order' },
        onDone: { target: 'both', actions: assign({ prepared: ({ event }) => event.output }) },
      },
    },
    both: {
      type: 'parallel',
      onDone: 'approving',
      states: {
        left: {
          initial: 'reminding',
          states: {
            reminding: {
              invoke: {
                src: 'reminder',
                id: 'reminder',
                onDone: { target: 'done', actions: assign({ ticks: ({ event }) => event.output }) },
              },
            },
            done: { type: 'final' },
          },
        },
        right: {
          initial: 'doubling',
          states: {
            doubling: {
              invoke: {
                src: 'quick',
                input: 21,
                onDone: { target: 'done', actions: assign({ doubled: ({ event }) => event.output }) },
              },
            },
            done: { type: 'final' },
          },
        },
      },
    },
    approving: {
      on: {
        APPROVE: { target: 'shipped', actions: assign({ by: ({ event }) => (event as unknown as { by: string }).by }) },
      },
      after: { 86400000: 'refunded' },
    },
    shipped: { type: 'final' },
    refunded: { type: 'final' },
  },
  output: ({ context, self }) => ({ ...context, end: self.getSnapshot().value }),
});

const workflow = defineWorkflow({ id: 'order', version: 1, logic: order });

test('killed before and after every write and effect, once and twice, a run ends as if nothing had happened', async () => {
  const ledger: string[] = [];
  const effect = (name: string, key: string, phase: string) => void ledger.push(`${phase} ${name} ${key}`);
  const { moments, singles, pairs } = await crashEverywhere(workflow, {
    input: { n: 1 } as never,
    events: [{ send: { type: 'APPROVE', by: 'ann' }, when: (snapshot) => snapshot.matches('approving') }],
    world: () => ({ services: { effect } }),
    pairs: 100,
  });
  expect(moments.length).toBeGreaterThan(20);
  expect(singles).toBe(2 * moments.length);
  expect(pairs).toBeGreaterThanOrEqual(100);
  expect(ledger.length).toBeGreaterThan(singles);
});

test('steps one after the other beside a sleep are never taken for rest, however often the host dies', async () => {
  const beside = fromSteps(async ({ step, sleep }) => {
    const work = async () => {
      for (const name of ['a', 'b', 'c']) await step(name, () => name).catch(() => {});
    };
    await Promise.all([step('x', () => 1), sleep('nap', '1h'), work()]);
  });
  const { pairs } = await crashEverywhere(defineWorkflow({ id: 'beside', version: 1, logic: beside }), {
    pairs: 150,
  });
  expect(pairs).toBeGreaterThanOrEqual(150);
});
