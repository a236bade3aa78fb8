// The program that crashes: a job of twenty steps. In the middle of steps 7, 13 and 18 it kills its own process, each
// time once. Started, and started again, by run.mjs.

import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow, fromSteps } from '@holdfast/core';
import { openHoldfast } from '@holdfast/node';
import { drawProgress } from './display.mjs';
import { openLedger, readLedger } from './ledger.mjs';

const STEPS = 20;
const CRASHES = new Set([7, 13, 18]);
const STEP_MS = 120;

const [, , folder = ''] = process.argv;
const begunBefore = new Set(readLedger(folder).map(({ step }) => step));
const ledger = openLedger(folder);

/** @param {number} step @param {string} key */
async function work(step, key) {
  ledger.write({ step, key, phase: 'begin' });
  await pause(STEP_MS / 2);
  // A real crash: nothing is closed, nothing is told, no handler runs.
  if (CRASHES.has(step) && !begunBefore.has(step)) process.kill(process.pid, 'SIGKILL');
  await pause(STEP_MS / 2);
  ledger.write({ step, key, phase: 'end' });
}

const job = defineWorkflow({
  id: 'twenty-steps',
  version: 1,
  logic: fromSteps(async ({ step, progress }) => {
    progress(0, STEPS);
    for (let number = 1; number <= STEPS; number++) {
      await step(`step-${number}`, ({ idempotencyKey }) => work(number, idempotencyKey));
      progress(number, STEPS);
    }
  }),
});

const holdfast = await openHoldfast({ directory: `${folder}/store`, workflows: [job] });
const run = await holdfast.start('twenty-steps', { id: 'the-job' });
run.subscribe((snapshot) => drawProgress(snapshot.progress));
await run.result();
await holdfast.close();
