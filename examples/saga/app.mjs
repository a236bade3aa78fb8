// A saga: book, charge, ship. A step that did something outside says how it is taken back. When shipping fails for good,
// the undos are performed in reverse, and a crash in the middle of them neither forgets one nor does one twice.

/** @import { UndoContext } from '@holdfast/core' */
import { defineWorkflow, fromSteps, isHoldfastError } from '@holdfast/core';
import { openHoldfast } from '@holdfast/node';
import { post } from '../support/post.mjs';

/** @typedef {{ shop: string, order: string, item: string, amount: number }} OrderInput */
/** @typedef {{ id: string }} Booking */
/** @typedef {{ receipt: string }} Charge */

const order = fromSteps({ types: /** @type {{ input: OrderInput }} */ ({}) }, async ({ input, step }) => {
  const { shop, order, item, amount } = input;

  // Where a step was cut off, its undo gets no result: nobody knows whether the shop did it. It finds it by the order.
  /** @param {UndoContext<Booking>} context */
  const cancel = ({ result, ...context }) => post(`${shop}/cancel`, { order, booking: result?.id }, context);
  /** @param {UndoContext<Charge>} context */
  const refund = ({ result, ...context }) => post(`${shop}/refund`, { order, receipt: result?.receipt }, context);

  const booking = await step('book', { undo: cancel }, (context) => post(`${shop}/book`, { order, item }, context));
  await step('charge', { undo: refund }, (context) => post(`${shop}/charge`, { order, amount }, context));
  const retry = { attempts: 3, delay: 50 };
  return step('ship', { retry }, (context) => post(`${shop}/ship`, { order, booking: booking.id }, context));
});

const [, , directory = '', shop = ''] = process.argv;
const holdfast = await openHoldfast({
  directory,
  workflows: [defineWorkflow({ id: 'order', version: 1, logic: order })],
});
const input = { shop, order: 'order-17', item: 'a tall lamp', amount: 120 };
const run = await holdfast.start('order', { id: input.order, input });
try {
  await run.result();
} catch (error) {
  if (!isHoldfastError(error, 'RUN_FAILED')) throw error;
  console.log(`${run.id} failed, and what it had done is taken back. ${error.message}`);
}
await holdfast.close();
