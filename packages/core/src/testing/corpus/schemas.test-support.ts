import { assign, setup } from 'xstate';
import { z } from 'zod';
import { fromSteps } from '../../define/from-steps.js';
import { type Entry, entry } from './entry.test-support.js';
import { mark, note } from './marks.test-support.js';

/** Parsed twice, it would come out otherwise. */
const input = z
  .object({ sku: z.string().trim(), amount: z.coerce.number().default(2) })
  .transform(({ sku, amount }) => ({ sku, amount: amount + 1, lines: new Map([[sku, amount + 1]]) }));

const pack = fromSteps({ schemas: { input } }, async ({ input, step, sleep }) => {
  const packed: unknown[] = [];
  for (const [sku, amount] of input.lines) {
    packed.push(
      await step(`pack ${sku}`, () => {
        note('pack', amount);
        return `${amount} ${sku}`;
      }),
    );
    await sleep(`after ${sku}`, '1m');
  }
  return packed;
});

const machine = setup({
  types: {} as {
    input: { orders: { sku: string; amount?: unknown }[] };
    context: { orders: { sku: string; amount?: unknown }[]; got: unknown[] };
    events: { type: 'NEXT' } | { type: 'NOTE'; text: string };
  },
  actors: { pack },
}).createMachine({
  context: ({ input }) => ({ orders: input.orders, got: [] }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        NEXT: 'packing',
        NOTE: { actions: [assign({ got: ({ context, event }) => [...context.got, event.text] }), mark('noted')] },
      },
    },
    packing: {
      invoke: {
        src: 'pack',
        input: ({ context }) => context.orders[context.got.length - 1] as never,
        onDone: { target: 'idle', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) },
        onError: {
          target: 'over',
          actions: assign({ got: ({ context, event }) => [...context.got, (event.error as { code: string }).code] }),
        },
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.got,
});

export const schemas: readonly Entry[] = [
  entry('schemas: a step function', pack, { input: { sku: ' a ', amount: '3' } }),
  entry(
    'schemas: a machine, and the step functions that it invokes',
    machine,
    {
      input: { orders: [{ sku: 'a' }, { sku: 5 as never }] },
      events: [{ type: 'NOTE', text: 'one' }, { type: 'NEXT' }, { type: 'NEXT' }],
    },
    {
      schemas: {
        input: z.object({ orders: z.array(z.looseObject({})) }),
        events: { NEXT: z.object({}), NOTE: z.object({ text: z.string() }) },
      },
    },
  ),
];
