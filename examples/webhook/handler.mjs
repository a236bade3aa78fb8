// The process behind the webhook: it does NOT own the store, and could not open it (STORE_OWNED: a directory has one
// process). @holdfast/node has no way of its own for a second process yet to send to a run. So this one hands each delivery
// to the owner over the owner's local socket, and says 200 only once the owner has said that the event is durable.
// Otherwise it says 503, and the provider delivers again, as all of them do. The id of the delivery is the id of the event:
// a run processes an id once (it remembers its last 1,000), so it makes no difference how often it is delivered, or which of
// the processes died in between. A real handler checks the provider's signature first.

import { createServer, request } from 'node:http';

const [, , socket = ''] = process.argv;

/**
 * @param {{ run: string, event: object, id: string }} message
 * @returns {Promise<number>} what the owner answered; 503 where there is none
 */
function sendToOwner(message) {
  return new Promise((resolve) => {
    const toOwner = request({ socketPath: socket, method: 'POST' }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 503);
    });
    toOwner.on('error', () => resolve(503));
    toOwner.end(JSON.stringify(message));
  });
}

const server = createServer(async (request, response) => {
  const { delivery, order, amount } = JSON.parse(Buffer.concat(await request.toArray()).toString());
  const status = await sendToOwner({ run: order, event: { type: 'PAYMENT', amount }, id: `payment/${delivery}` });
  response.writeHead(status === 204 ? 200 : status).end();
});
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.log(`handler: listens at http://127.0.0.1:${port}`);
});
