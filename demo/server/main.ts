import { fileURLToPath } from 'node:url';
import { openDemoServer } from './demo-server.js';

/**
 * Starts the demo's server. Environment: `PORT` (4173; 0 takes a free one), `DEMO_DATA` (its directory),
 * `DEMO_LATENCY_MS` (400: wait in the middle of every upload, long enough to do harm), `DEMO_TEST_HOOKS=1`.
 */
const { PORT = '4173', DEMO_DATA, DEMO_LATENCY_MS = '400', DEMO_TEST_HOOKS } = process.env;

try {
  const server = await openDemoServer({
    directory: DEMO_DATA ?? fileURLToPath(new URL('../../.holdfast', import.meta.url)),
    page: fileURLToPath(new URL('../page', import.meta.url)),
    port: Number(PORT),
    latencyMs: Number(DEMO_LATENCY_MS),
    testHooks: DEMO_TEST_HOOKS === '1',
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
  console.log(`The photo import is at ${server.url}`);
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
  console.error(`Port ${PORT} is taken. Set PORT to another one, or to 0 for any that is free.`);
  process.exitCode = 1;
}
