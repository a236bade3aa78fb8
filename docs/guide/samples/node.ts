import { createServer } from 'node:http';
import { defineWorkflow, fromSteps, isHoldfastError } from '@holdfast/core';
import { connectHoldfast, openHoldfast } from '@holdfast/node';

type Payment = { type: 'PAYMENT'; amount: number };

const pay = fromSteps(
  { types: {} as { input: { price: number }; events: Payment } },
  async ({ input, waitForEvent }) => {
    let paid = 0;
    for (let n = 1; paid < input.price; n++) paid += (await waitForEvent(`payment ${n}`, { type: 'PAYMENT' })).amount;
    return paid;
  },
);
const order = defineWorkflow({ id: 'order', version: 1, logic: pay });

export async function host() {
  // Sample: open
  const holdfast = await openHoldfast({ directory: '.holdfast', workflows: [order] });
  const run = await holdfast.start('order', { id: 'order-17', input: { price: 60 } });
  console.log(await run.result());
  await holdfast.close();
  // End
}

export async function webhook() {
  // Sample: webhook
  const holdfast = await connectHoldfast({ directory: '.holdfast', workflows: [order] });

  createServer(async (request, response) => {
    const { delivery, id, amount } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    try {
      await holdfast.run('order', id).send({ type: 'PAYMENT', amount }, { id: `payment/${delivery}` });
      response.writeHead(200).end(); // It is durable: the provider may forget it.
    } catch (error) {
      response.writeHead(isHoldfastError(error, 'RUN_UNKNOWN') ? 404 : 503).end(); // It delivers again.
    }
  }).listen(8080);
  // End
}

export async function standby() {
  // Sample: standby
  const holdfast = await openHoldfast({
    directory: '.holdfast',
    workflows: [order],
    whenOwned: 'standby',
    ownerTimeout: '10s',
  });
  holdfast.host.subscribe((status) => console.log(status)); // 'standby', then 'owner'
  // End
  return holdfast;
}
