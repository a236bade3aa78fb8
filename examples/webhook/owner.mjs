// The process that owns the store, and runs orders. Other processes of this machine can send to its runs over a local
// socket (a file with the rights of the folder, not a port): a request is answered when the event is durable.

import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { defineWorkflow, fromSteps, isHoldfastError } from '@holdfast/core';
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

const [, , directory = '', socket = ''] = process.argv;
const holdfast = await openHoldfast({
  directory,
  workflows: [defineWorkflow({ id: 'order', version: 1, logic: order })],
});
const run = await holdfast.start('order', { id: 'order-17', input: { price: 60 } });

const server = createServer(async (request, response) => {
  const { run, event, id } = JSON.parse(Buffer.concat(await request.toArray()).toString());
  try {
    await holdfast.run('order', run).send(event, { id });
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(isHoldfastError(error, 'RUN_UNKNOWN') ? 404 : 503).end();
  }
});
// What an owner that was killed has left. That there is no other one now is known: the store was opened.
if (process.platform !== 'win32') rmSync(socket, { force: true });
server.listen(socket, () => console.log('owner: listens'));

console.log(`owner: order-17 is paid: ${await run.result()}`);
