import { serveHoldfast } from '@holdfast/browser/worker';
import { defineWorkflow, fromSteps } from '@holdfast/core';

/** Address of the step ledger, once a run has told it. */
let ledger = '';

/** One step, asked of the ledger; gives the number of the try that went well. */
const upload = defineWorkflow({
  id: 'upload',
  version: 1,
  logic: fromSteps({ types: {} as { input: { ledger: string } } }, ({ input, step }) => {
    ledger = input.ledger;
    return step('upload', { requires: 'online' }, async ({ idempotencyKey, attempt, signal }) => {
      const headers = { 'Idempotency-Key': idempotencyKey };
      await fetch(`${ledger}/upload`, { method: 'POST', headers, signal });
      return attempt;
    });
  }),
});

export const host = serveHoldfast({
  workflows: [upload],
  reachable: async (signal) => (await fetch(`${ledger}/probe`, { signal })).ok,
  resumeWithin: '100ms',
});
export type App = typeof host;
