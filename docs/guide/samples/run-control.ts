import { defineWorkflow, fromSteps } from '@holdfast/core';
import { createTestHoldfast } from '@holdfast/core/testing';
import { assign, setup } from 'xstate';

declare const bank: { charge(amount: number, key: string): Promise<string> };

export const order = fromSteps({ types: {} as { input: { amount: number } } }, async ({ input, step }) => {
  // Sample: exhausted
  const receipt = await step(
    'charge',
    { retry: { attempts: 5, delay: '2s', onExhausted: 'pause' } },
    ({ idempotencyKey }) => bank.charge(input.amount, idempotencyKey),
  );
  // End
  return receipt;
});

// Sample: cancel
const upload = setup({
  types: { events: {} as { type: 'holdfast.cancel'; by: number } | { type: 'CLOSED' } },
}).createMachine({
  context: { cancelled: false },
  initial: 'sending',
  on: { 'holdfast.cancel': { target: '.closing', actions: assign({ cancelled: true }) } },
  states: {
    sending: {},
    closing: { on: { CLOSED: 'over' } },
    over: { type: 'final' },
  },
});
// End

export async function control() {
  const workflows = [
    defineWorkflow({ id: 'order', version: 1, logic: order }),
    defineWorkflow({ id: 'upload', version: 1, logic: upload }),
  ] as const;
  const holdfast = createTestHoldfast({ workflows });
  // Sample: control
  const run = await holdfast.start('order', { id: 'order-17', input: { amount: 5 } });
  await run.pause(); // what is under way ends, nothing new begins
  await run.resume();
  await run.cancel({ timeout: '10s' }); // a machine that knows `holdfast.cancel` has so long to end by itself
  await run.terminate(); // at once
  // End
}
