// `npm run demo:node`: runs job.mjs, and starts it again each time it has been killed. At the end it counts what
// really happened in the ledger, and ends with exit code 0 only when that is what Holdfast promises.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { say } from './display.mjs';
import { count, readLedger } from './ledger.mjs';

const JOB = fileURLToPath(new URL('job.mjs', import.meta.url));
const STEPS = 20;
const CRASHES = 3;

/** Runs the job until it ends or is killed. @param {string} folder */
async function runJob(folder) {
  const job = spawn(process.execPath, [JOB, folder], { stdio: 'inherit' });
  const [code, signal] = await once(job, 'close');
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`The job failed with exit code ${code ?? signal}.`);
  return signal === 'SIGKILL' ? 'killed' : 'done';
}

/** @param {string} folder */
async function runThroughCrashes(folder) {
  say('A job of 20 steps. Its process is killed in the middle of steps 7, 13 and 18.');
  let crashes = 0;
  while ((await runJob(folder)) === 'killed') {
    crashes++;
    say(`  killed (SIGKILL) in the middle of step ${readLedger(folder).at(-1)?.step}; started again`);
    if (crashes > CRASHES) throw new Error('The job was killed more often than it kills itself.');
  }
  return crashes;
}

const folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-'));
try {
  const crashes = await runThroughCrashes(folder);
  const { steps, completedOnce, rerunInFlight, wrong } = count(readLedger(folder));
  say(
    `${steps} steps, ${completedOnce} completed once, ${crashes} crashes survived, ${rerunInFlight} re-run in flight`,
  );
  const kept = steps === STEPS && completedOnce === STEPS && crashes === CRASHES && wrong.length === 0;
  process.exitCode = kept ? 0 : 1;
} finally {
  await rm(folder, { recursive: true });
}
