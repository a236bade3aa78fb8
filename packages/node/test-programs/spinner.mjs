// Runs isolated workflows over the directory given, in threads that are this file again, and tells as JSON what came of
// them. Ends by itself. Started by src/step-worker.test.ts.

import { isMainThread, Worker } from 'node:worker_threads';
import { defineWorkflow, fromSteps } from '@holdfast/core';
import { openHoldfast, serveSteps } from '@holdfast/node';

function spin() {
  for (;;);
}

/**
 * @param {string} id
 * @param {(context: import('@holdfast/core').StepsContext<undefined>) => Promise<unknown>} body
 */
const isolated = (id, body) => defineWorkflow({ id, version: 1, logic: fromSteps(body), isolate: true });

const spinning = isolated('spinning', async ({ step }) => {
  await step('before', () => {});
  // A thread takes its time to begin on a busy machine, and may need more than the second try.
  const retry = { attempts: 100, delay: 0 };
  return step('spin', { timeout: '200ms', retry }, ({ attempt }) => (attempt === 1 ? spin() : `try ${attempt}`));
});
const endless = isolated('endless', ({ step }) =>
  step('spin', async ({ services }) => {
    await services.spins?.();
    spin();
  }),
);
const dying = isolated('dying', async ({ step }) => {
  const retry = { attempts: 2, delay: 0 };
  return step('die', { retry }, ({ attempt }) => (attempt === 1 ? process.exit(3) : `try ${attempt}`));
});
const lending = isolated('lending', ({ step }) =>
  step('ask', async ({ services }) => [await services.double?.(21), new Map([['blob', await new Blob(['x']).text()]])]),
);
const steady = defineWorkflow({
  id: 'steady',
  version: 1,
  logic: fromSteps(async ({ step }) => {
    for (let n = 0; n < 20; n++) await step(`tick ${n}`, () => new Promise((resolve) => setTimeout(resolve, 10)));
  }),
});
const workflows = [spinning, endless, dying, lending, steady];

/** @param {string} directory */
async function main(directory) {
  /** @type {(value?: unknown) => void} */
  let spins = () => {};
  const underWay = new Promise((resolve) => {
    spins = resolve;
  });
  const holdfast = await openHoldfast({
    directory,
    workflows,
    services: { double: (/** @type {number} */ n) => 2 * n, spins: () => spins() },
    stepWorker: () => new Worker(new URL(import.meta.url)),
  });
  /** @param {string} id */
  const result = async (id) => /** @type {any} */ ((await holdfast.start(id, { id: 'one' })).result());
  // From here on, what it held up would never come.
  await holdfast.start('endless', { id: 'one' });
  await underWay;
  const [spun, died, lent] = await Promise.all([
    result('spinning'),
    result('dying'),
    result('lending'),
    result('steady'),
  ]);
  const failures = await holdfast.run('spinning', 'one').history();
  await holdfast.close();
  console.log(JSON.stringify({ spun, died, lent: [lent[0], ...lent[1]], failures }));
}

if (isMainThread) await main(process.argv[2] ?? '');
else serveSteps({ workflows });
