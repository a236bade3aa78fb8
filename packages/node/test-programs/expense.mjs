// An expense that waits for an approval, hosted by src/cli/command.test.ts. Each try of its step leaves a line in the file
// which the input names, if it names one.

import { appendFileSync } from 'node:fs';
import { defineWorkflow, fromSteps, NonRetryableError } from '@holdfast/core';

/** @typedef {{ ledger?: string, unpaid?: boolean, stuck?: boolean }} Input */
const types = /** @type {{ input: Input, events: { type: 'APPROVE', by: string } }} */ ({});

export const expense = defineWorkflow({
  id: 'expense',
  version: 1,
  logic: fromSteps({ types }, async ({ input, step, waitForEvent, progress }) => {
    await step('ask', { retry: { attempts: 1, onExhausted: 'pause' } }, ({ attempt }) => {
      if (input.ledger) appendFileSync(input.ledger, `ask ${attempt}\n`);
      if (input.stuck) throw new Error('the mail server is down');
      if (input.unpaid) throw new NonRetryableError('no money left');
    });
    progress(1, 2);
    const { by } = await waitForEvent('approval', { type: 'APPROVE', timeout: '3d' });
    return { by };
  }),
});
