// DBOS on a PostgreSQL of its own, over its Unix socket or localhost, with PostgreSQL's own settings.

import { DBOS } from '@dbos-inc/dbos-sdk';
import { numbers } from '../lib/yardstick.mjs';

const inARow = DBOS.registerWorkflow(
  async (steps) => {
    const startedAt = performance.now();
    for (let n = 0; n < steps; n++) await DBOS.runStep(async () => n, { name: `step ${n}` });
    return performance.now() - startedAt;
  },
  { name: 'function' },
);

export async function sequential({ url, steps, warmUp }) {
  await launch(url);
  await inARow(warmUp);
  const ms = await inARow(steps);
  await DBOS.shutdown();
  return { 'steps/s': (steps / ms) * 1000 };
}

export async function runs({ url, count, warmUp }) {
  await launch(url);
  await many(warmUp);
  const startedAt = performance.now();
  await many(count);
  const seconds = (performance.now() - startedAt) / 1000;
  await DBOS.shutdown();
  return { 'runs/s': count / seconds };
}

async function many(count) {
  await Promise.all(numbers(count).map(async () => (await DBOS.startWorkflow(inARow)(5)).getResult()));
}

async function launch(url) {
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, logLevel: 'error', runAdminServer: false });
  await DBOS.launch();
}
