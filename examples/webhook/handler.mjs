// The process behind the webhook: it does not own the store, and does not mind whether its owner is there. It says 200 once
// the event is durable, and 503 where it can't be made so: then the provider delivers again, as all of them do. The id of the
// delivery is the id of the event: a run processes an id once (it remembers its last 1,000), so it makes no difference how
// often it is delivered, or which of the processes died in between. A real handler checks the provider's signature first.

import { createServer } from 'node:http';
import { isHoldfastError } from '@holdfast/core';
import { connectHoldfast } from '@holdfast/node';

const [, , directory = ''] = process.argv;
const holdfast = await connectHoldfast({ directory });

const server = createServer(async (request, response) => {
  const { delivery, order, amount } = JSON.parse(Buffer.concat(await request.toArray()).toString());
  try {
    await holdfast.run('order', order).send({ type: 'PAYMENT', amount }, { id: `payment/${delivery}` });
    response.writeHead(200).end();
  } catch (error) {
    response.writeHead(isHoldfastError(error, 'RUN_UNKNOWN') ? 404 : 503).end();
  }
});
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.log(`handler: listens at http://127.0.0.1:${port}`);
});
