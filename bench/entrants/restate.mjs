// Restate: its server as a process of its own, the handler here, calls over HTTP as an app makes them.

import { createServer } from 'node:http2';
import { createEndpointHandler, service } from '@restatedev/restate-sdk';
import { connect } from '@restatedev/restate-sdk-clients';
import { numbers } from '../lib/yardstick.mjs';

const inARow = service({
  name: 'function',
  handlers: {
    play: async (ctx, steps) => {
      const startedAt = performance.now();
      for (let n = 0; n < steps; n++) await ctx.run(`step ${n}`, async () => n);
      return performance.now() - startedAt;
    },
  },
});

export async function sequential({ admin, ingress, steps, warmUp }) {
  const { play, end } = await begin(admin, ingress);
  await play(warmUp);
  const ms = await play(steps);
  end();
  return { 'steps/s': (steps / ms) * 1000 };
}

export async function runs({ admin, ingress, count, warmUp }) {
  const { play, end } = await begin(admin, ingress);
  await Promise.all(numbers(warmUp).map(() => play(5)));
  const startedAt = performance.now();
  await Promise.all(numbers(count).map(() => play(5)));
  const seconds = (performance.now() - startedAt) / 1000;
  end();
  return { 'runs/s': count / seconds };
}

/** Serves the handler, and tells the server where. */
async function begin(admin, ingress) {
  const server = createServer(createEndpointHandler({ services: [inARow], logger: () => {} }));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const uri = `http://127.0.0.1:${port}`;
  const answer = await fetch(`${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri, force: true }),
  });
  if (!answer.ok) throw new Error(`Restate refuses the handler: ${await answer.text()}`);
  /** @type {any} A service whose type nobody has told. */
  const client = connect({ url: ingress }).serviceClient({ name: 'function' });
  return { play: (steps) => client.play(steps), end: () => server.close() };
}
