import { defineWorkflow, fromSteps } from '@holdfast/core';

/** So many notes a run takes before it ends. */
export const NOTES = 10;

export interface NotedInput {
  readonly id: string;
  /** URL of the step ledger. */
  readonly ledger: string;
}

/** Takes notes in the order in which they were accepted, and asks the ledger about each, which is told the epoch too. */
export const noted = defineWorkflow({
  id: 'noted',
  version: 1,
  logic: fromSteps(
    { types: {} as { input: NotedInput; events: { type: 'NOTE'; n: number }; output: readonly number[] } },
    async ({ input, step, waitForEvent }) => {
      const notes: number[] = [];
      for (let turn = 1; turn <= NOTES; turn++) {
        const { n } = await waitForEvent(`note-${turn}`, { type: 'NOTE' });
        notes.push(n);
        await step(`log-${turn}`, async ({ idempotencyKey, epoch, signal }) => {
          const headers = { 'Idempotency-Key': idempotencyKey };
          await fetch(`${input.ledger}/ask/${input.id}/${turn}/${epoch}`, { method: 'POST', headers, signal });
        });
      }
      return notes;
    },
  ),
});
