import { createServer } from 'node:http';

/**
 * What came in.
 * @typedef {object} Asked
 * @property {string} path
 * @property {string} key the `idempotency-key` header, or ''
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {Buffer} body
 */

/** @typedef {{ status?: number, json?: unknown }} Answer status 200 where none is given */

/**
 * A server on a free port of this machine: the world outside. Who asked may be killed before the answer: then nobody
 * hears it.
 * @param {(asked: Asked) => Answer | Promise<Answer>} answer
 */
export async function serve(answer) {
  const server = createServer(async (request, response) => {
    const { url: path = '', headers } = request;
    const key = String(headers['idempotency-key'] ?? '');
    try {
      const body = Buffer.concat(await request.toArray());
      const { status = 200, json = {} } = await answer({ path, key, headers, body });
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    } catch (error) {
      // Half a request is all that comes of somebody who is killed while asking.
      if (!request.complete) return;
      console.error('✗', error);
      response.writeHead(422).end(JSON.stringify({ reason: String(error) }));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
