// The process that owns the store, and runs orders. It knows nothing of webhooks: what other processes send to its runs
// reaches it by the store.

import { defineWorkflow, fromSteps } from '@holdfast/core';
import { openHoldfast } from '@holdfast/node';

/** @typedef {{ type: 'PAYMENT', amount: number }} Payment */

const types = /** @type {{ input: { price: number }, events: Payment }} */ ({});
const order = fromSteps({ types }, async ({ input, waitForEvent, progress }) => {
  let paid = 0;
  for (let payment = 1; paid < input.price; payment++) {
    const { amount } = await waitForEvent(`payment ${payment}`, { type: 'PAYMENT' });
    paid += amount;
    progress(paid, input.price);
  }
  return paid;
});

const [, , directory = ''] = process.argv;
const holdfast = await openHoldfast({
  directory,
  workflows: [defineWorkflow({ id: 'order', version: 1, logic: order })],
});
const run = await holdfast.start('order', { id: 'order-17', input: { price: 60 } });
run.subscribe(({ progress }) => progress && console.log(`owner: ${progress.done} of ${progress.total} are paid`));
// A host with nothing to do is not kept alive by Holdfast: a server is by what it listens to.
setInterval(() => {}, 60_000);

console.log(`owner: order-17 is paid: ${await run.result()}`);
