// An approval with a deadline, and a reminder before it. Both are instants, so they hold while no process is there; a run
// that waits is not in memory. Decisions come in over the process's IPC channel here; it would be a route of your server.

import { defineWorkflow, fromSteps, isHoldfastError } from '@holdfast/core';
import { openHoldfast } from '@holdfast/node';
import { post } from '../support/post.mjs';

/** @import { Duration } from '@holdfast/core' */
/** @typedef {{ type: 'APPROVE' | 'REJECT', by: string }} Decision */
/** @typedef {{ mail: string, expense: string, remindAfter: Duration, deadline: Duration }} ApprovalInput */

const types = /** @type {{ input: ApprovalInput, events: Decision }} */ ({});

const approval = fromSteps({ types }, async ({ input, step, sleep, waitForEvent }) => {
  const { mail, expense, remindAfter, deadline } = input;
  await step('ask', { retry: {} }, (context) => post(`${mail}/ask`, { expense }, context));
  try {
    const decision = waitForEvent('decision', { type: ['APPROVE', 'REJECT'], timeout: deadline });
    const reminder = sleep('before the reminder', remindAfter);
    const decided = await Promise.race([decision.then(() => true), reminder.then(() => false)]);
    if (!decided) await step('remind', { retry: {} }, (context) => post(`${mail}/remind`, { expense }, context));
    const { type, by } = await decision;
    return `${type === 'APPROVE' ? 'approved' : 'rejected'} by ${by}`;
  } catch (error) {
    if (!isHoldfastError(error, 'EVENT_TIMEOUT')) throw error;
    return 'timed out: nobody decided';
  }
});

const [, , directory = '', mail = ''] = process.argv;
const workflows = [defineWorkflow({ id: 'approval', version: 1, logic: approval })];
const holdfast = await openHoldfast({ directory, workflows });
process.on('message', (/** @type {{ expense: string, decision: Decision }} */ { expense, decision }) =>
  holdfast.run('approval', expense).send(decision),
);

/** @param {string} expense @param {Duration} remindAfter @param {Duration} deadline */
async function decide(expense, remindAfter, deadline) {
  const run = await holdfast.start('approval', { id: expense, input: { mail, expense, remindAfter, deadline } });
  const waiting = run.subscribe((snapshot) => {
    if (!snapshot.can({ type: 'APPROVE' })) return;
    waiting.unsubscribe();
    console.log(`${expense} waits for a decision`);
  });
  console.log(`${expense} is ${await run.result()}`);
}

await Promise.all([decide('taxi', '1s', '3d'), decide('dinner', '1s', '10s')]);
process.disconnect?.();
await holdfast.close();
