// The repo's commands: `node scripts/run.mjs <task>`, called by the scripts of package.json. Needs Node and npm only;
// whatever else a task needs, it fetches first.

import { join } from 'node:path';
import {
  browserMutations,
  browserTests,
  build,
  crashes,
  longRounds,
  mutations,
  staticChecks,
  TORTURE,
  torture,
  unitTests,
} from './checks.mjs';
import { ensureChromium } from './chromium.mjs';
import { costTable } from './costs.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { npm, ROOT, run } from './process.mjs';
import { sum, tallyLine } from './tally.mjs';

/** @typedef {import('./tally.mjs').Tally} Tally */

/** @type {Record<string, (args: readonly string[]) => Promise<number>>} each answers with its exit code */
const TASKS = {
  build: async () => conclude([await build()]),
  check: async () => conclude([await build(), await unitTests(), ...(await checked())]),
  crash: async (args) => afterBuild([process.execPath, 'scripts/crash.mjs', ...args]),
  mutations: async (args) => afterBuild([process.execPath, 'scripts/mutations.mjs', ...args]),
  'mutations:browser': async (args) => afterBuild([process.execPath, 'scripts/browser-mutations.mjs', ...args]),
  torture: async (args) => afterBuild([process.execPath, TORTURE, ...args]),
  e2e: async () => conclude([await build(), await inBrowser()]),
  'e2e:long': async () => conclude([await build(), await inBrowser(longRounds)]),
  test: async () => conclude([await build(), await unitTests(), ...(await checkedInBrowser())]),
  demo: async () => afterBuild([...npm(), 'start', '-w', 'demo']),
  'demo:node': async (args) => afterBuild([process.execPath, 'demo/node/run.mjs', ...args]),
  bench: async (args) => {
    const folder = join(ROOT, 'bench');
    await ensureDependencies(folder);
    return afterBuild([process.execPath, join(folder, 'run.mjs'), ...args]);
  },
  example: async (args) => afterBuild([process.execPath, 'examples/run.mjs', ...args]),
};

// Unit tests use all cores, and have real processes among them: nothing beside them. A browser's tests mostly wait: all
// else goes beside them, in two lanes, so that what waits for a page is not kept from the cores.

async function checked() {
  const lanes = [
    async () => [await crashes(), await torture()],
    async () => [...(await staticChecks()), await mutations(), await browserMutations()],
  ];
  return (await Promise.all(lanes.map((lane) => lane()))).flat();
}

async function checkedInBrowser() {
  const [checks, tests] = await Promise.all([checked(), inBrowser()]);
  return [...checks, tests];
}

async function inBrowser(tests = browserTests) {
  try {
    return await tests(await ensureChromium());
  } catch (error) {
    console.error(`✗ ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** @param {readonly Tally[]} tallies */
function conclude(tallies) {
  const total = sum(tallies);
  console.log(`\n${costTable()}\n\n${tallyLine(total)}`);
  return total.failed === 0 ? 0 : 1;
}

/** @param {readonly string[]} command */
async function afterBuild(command) {
  const { failed } = await build();
  if (failed > 0) return 1;
  const { code } = await run(command, { live: true, timeoutMs: Number.POSITIVE_INFINITY });
  return code ?? 1;
}

/** @param {readonly string[]} argv */
async function main([name = '', ...args]) {
  const task = TASKS[name];
  if (task === undefined) throw new Error(`Unknown task "${name}": one of ${Object.keys(TASKS).join(', ')}.`);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) throw new Error(`Needs Node 20.19 or newer, not ${process.version}.`);
  await ensureDependencies();
  return task(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
