// openworkflow on SQLite (`node:sqlite`), client and worker in one process. What polls is favoured: the clock stops when
// the last step of the last run is stored, not when somebody sees the result.

import { join } from 'node:path';
import { OpenWorkflow } from 'openworkflow';
import { BackendSqlite } from 'openworkflow/sqlite';
import { numbers } from '../lib/yardstick.mjs';

export async function sequential({ folder, steps, warmUp }) {
  const { play, end } = await begin(folder);
  await play(1, warmUp);
  const seconds = await play(1, steps);
  await end();
  return { 'steps/s': steps / seconds };
}

export async function runs({ folder, count, warmUp }) {
  const { play, end } = await begin(folder);
  if (warmUp > 0) await play(warmUp, 5);
  const seconds = await play(count, 5);
  await end();
  return { 'runs/s': count / seconds };
}

async function begin(folder) {
  const backend = BackendSqlite.connect(join(folder, 'openworkflow.db'));
  const workflows = new OpenWorkflow({ backend });
  const times = { first: Number.POSITIVE_INFINITY, last: 0, left: 0, over: () => {} };
  const workflow = workflows.defineWorkflow({ name: 'function' }, async ({ input, step }) => {
    times.first = Math.min(times.first, performance.now());
    for (let n = 0; n < input.steps; n++) await step.run({ name: `step ${n}` }, () => n);
    times.last = performance.now();
    times.left--;
    if (times.left === 0) times.over();
    return input.steps;
  });
  const worker = workflows.newWorker({ concurrency: 50 });
  await worker.start();
  return {
    /** Seconds from the first start, or of one run from its first step. */
    async play(count, steps) {
      const over = new Promise((resolve) => Object.assign(times, { left: count, first: Infinity, over: resolve }));
      const startedAt = performance.now();
      await Promise.all(numbers(count).map(() => workflow.run({ steps })));
      await over;
      return (times.last - (count === 1 ? times.first : startedAt)) / 1000;
    },
    async end() {
      await worker.stop();
      await backend.stop();
    },
  };
}
