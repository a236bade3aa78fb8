// Ports of localhost.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** One that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Resolves when somebody listens on it.
 * @param {number} port
 * @param {number} [timeoutMs]
 */
export async function untilOpen(port, timeoutMs = 60_000) {
  for (const endsAt = Date.now() + timeoutMs; Date.now() < endsAt; ) {
    if (await opens(port)) return;
    await delay(50);
  }
  throw new Error(`nobody listened on port ${port} within ${timeoutMs / 1000} s`);
}

/** @param {number} port */
function opens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (/** @type {boolean} */ open) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', settle(true)).once('error', settle(false));
  });
}
