// Tortures the file store: one line of JSON a test, and a sum. Needs the packages built.
//
//   npm run torture -- [--short] [--only NAME] [--seed N] [--node FOLDER]
//
// `--only` takes tests whose name holds NAME; `--node` tortures another built package (its dist folder).

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { damageTests } from './damage.js';
import { faultTests } from './faults.js';
import { mailTests } from './mail.js';
import { mailCuts } from './mail-cuts.js';
import { mutationTests } from './mutation-tests.js';
import { placeTests } from './places.js';
import { powerCuts } from './power-cut.js';
import { processTests } from './processes.js';
import type { Outcome, TortureTest } from './report.js';
import { sourceMutationTests } from './source-mutations.js';
import { loadStore } from './stores.js';
import { takeoverTests } from './takeover.js';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string' },
    node: { type: 'string', default: join(here, '../../dist') },
  },
});
if (options.seed !== undefined && !/^\d+$/.test(options.seed)) throw new TypeError('--seed is a whole number.');

/** What nobody waited for. */
const unhandled: string[] = [];
process.on('unhandledRejection', (reason) => void unhandled.push(`unhandled rejection: ${String(reason)}`));

await loadStore(options.node);
const extent = { short: options.short, seed: options.seed === undefined ? undefined : Number(options.seed) };
const tests = [
  ...powerCuts(extent),
  ...mutationTests(extent),
  ...sourceMutationTests(extent),
  ...damageTests(extent),
  ...faultTests(extent),
  ...takeoverTests(extent),
  ...processTests(extent),
  ...placeTests(extent),
  ...mailCuts(extent),
  ...mailTests(extent),
].filter(({ name }) => options.only === undefined || name.includes(options.only));

const sum = { passed: 0, failed: tests.length === 0 ? 1 : 0, skipped: 0 };
if (tests.length === 0) console.error(`✗ No test has "${options.only}" in its name.`);
for (const test of tests) sum[await carryOut(test)]++;
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed === 0 ? 0 : 1);

async function carryOut(test: TortureTest): Promise<keyof typeof sum> {
  const { name, seed } = test;
  const startedAt = Date.now();
  const { counts, problems, noticed, skipped } = await outcomeOf(test);
  const result = problems.length > 0 ? 'failed' : skipped === undefined ? 'passed' : 'skipped';
  const ms = Date.now() - startedAt;
  console.log(JSON.stringify({ name, seed, result, ms, counts, noticed, skipped }));
  for (const problem of problems) console.log(`  ✗ ${problem}`);
  if (result === 'failed') console.log(`  again: npm run torture -- --only '${name}' --seed ${seed}`);
  return result;
}

async function outcomeOf(test: TortureTest): Promise<Outcome> {
  unhandled.length = 0;
  try {
    const outcome = await test.run();
    return { ...outcome, problems: [...outcome.problems, ...unhandled] };
  } catch (error) {
    return { counts: {}, problems: [error instanceof Error ? String(error.stack) : String(error)] };
  }
}
