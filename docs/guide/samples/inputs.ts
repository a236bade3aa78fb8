import { defineWorkflow, fromSteps, type Holdfast, isHoldfastError, type WorkflowMap } from '@holdfast/core';
import { setup } from 'xstate';
import { z } from 'zod';

declare function pack(sku: string, amount: number): Promise<string>;
declare function review(event: unknown, why: string): void;

// Sample: schemas of a step function
const Order = z.object({ sku: z.string(), amount: z.number().int().min(1).default(1) });

export const ship = fromSteps(
  { schemas: { input: Order, events: { RECALL: z.object({ reason: z.string() }) } } },
  async ({ input, step }) => step('pack', () => pack(input.sku, input.amount)),
);
// End

// Sample: schemas of a machine
const order = setup({
  types: {} as Record<'input' | 'context', z.output<typeof Order>> & { events: { type: 'PAID'; by: string } },
  actors: { ship },
}).createMachine({
  context: ({ input }) => input,
  initial: 'open',
  states: { open: { on: { PAID: 'paid' } }, paid: { invoke: { src: 'ship', input: ({ context }) => context } } },
});

const workflow = defineWorkflow({
  id: 'order',
  version: 1,
  logic: order,
  schemas: { input: Order, events: { PAID: z.object({ by: z.string() }) } },
  limits: { valueLength: 100_000 },
});
// End

export async function use(holdfast: Holdfast<WorkflowMap<[typeof workflow]>>) {
  // Sample: a refusal
  try {
    await holdfast.start('order', { id: 'o-17', input: { sku: 'tea', amount: 0 } });
  } catch (error) {
    if (!isHoldfastError(error, 'INPUT_INVALID')) throw error;
    console.log(error.details.issues); // [{ path: ['amount'], message: 'Too small: expected number to be >=1' }]
  }
  // End

  // Sample: dead letters
  for (const { event, message } of await holdfast.run('order', 'o-17').deadLetters()) review(event, message);
  // End

  // Sample: labels
  await holdfast.start('order', { id: 'o-18', input: { sku: 'tea' }, labels: { customer: '42', region: 'eu' } });
  const theirs = holdfast.runs({ workflow: 'order', labels: { customer: '42' } });
  // End
  return theirs;
}
