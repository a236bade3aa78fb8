import { defineWorkflow, fromSteps } from '@holdfast/core';
import { assign, setup } from 'xstate';

/** Asks the ledger to execute a step; it writes down name and key, and answers when it is told to. */
async function execute(ledger: string, step: string, idempotencyKey: string): Promise<void> {
  const response = await fetch(`${ledger}/${step}`, { method: 'POST', headers: { 'Idempotency-Key': idempotencyKey } });
  if (!response.ok) throw new Error(`The ledger refused ${step}: ${response.status}`);
}

const compose = fromSteps({ types: {} as { input: { ledger: string } } }, async ({ input, step, progress }) => {
  const title = await step('gather', async ({ idempotencyKey }) => {
    await execute(input.ledger, 'gather', idempotencyKey);
    return 'a sentence that only the worker knows';
  });
  progress(1, 2);
  await step('write', ({ idempotencyKey }) => execute(input.ledger, 'write', idempotencyKey));
  progress(2, 2);
  return title.length;
});

const publish = fromSteps({ types: {} as { input: { ledger: string; by: string } } }, async ({ input, step }) => {
  await step('publish', ({ idempotencyKey }) => execute(input.ledger, 'publish', idempotencyKey));
  return `published by ${input.by}`;
});

const reportMachine = setup({
  types: {
    context: {} as { ledger: string; length: number; by: string; notice: string },
    events: {} as { type: 'APPROVE'; by: string },
    input: {} as { ledger: string },
    output: {} as { notice: string; length: number },
  },
  actors: { compose, publish },
}).createMachine({
  context: ({ input }) => ({ ledger: input.ledger, length: 0, by: '', notice: '' }),
  initial: 'composing',
  states: {
    composing: {
      invoke: {
        src: 'compose',
        input: ({ context }) => ({ ledger: context.ledger }),
        onDone: { target: 'reviewing', actions: assign({ length: ({ event }) => event.output }) },
      },
    },
    reviewing: { on: { APPROVE: { target: 'publishing', actions: assign({ by: ({ event }) => event.by }) } } },
    publishing: {
      invoke: {
        src: 'publish',
        input: ({ context }) => ({ ledger: context.ledger, by: context.by }),
        onDone: { target: 'published', actions: assign({ notice: ({ event }) => event.output }) },
      },
    },
    published: { type: 'final' },
  },
  output: ({ context }) => ({ notice: context.notice, length: context.length }),
});

export const report = defineWorkflow({ id: 'report', version: 1, logic: reportMachine });
