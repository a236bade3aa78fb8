// Crashes the host of every workflow of the corpus at every store write and every effect, and compares. One line a
// workflow, and a sum. Needs the packages built.
//
//   node scripts/crash.mjs [--short] [--only NAME] [--replay '7-after'] [--pairs N|all] [--core FOLDER]
//                          [--generated N] [--seed S]   machines made by chance; the same for the same seed
//                          [--stop-at-first] [--first NAME]   ends with what differs; begins with those of that name

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { ROOT } from './process.mjs';
import { tallyLine } from './tally.mjs';

/** Pairs of crashes a workflow: enough to find what single ones don't, and to stay quick. */
const SHORT_PAIRS = 4;
const LONG_PAIRS = 330;
const GENERATED_PAIRS = 60;
/** Single crash points of a workflow with thousands of them. */
const SHORT_SINGLES = 3;
const LONG_SINGLES = 60;
/** And in short of a machine made by chance, which may have hundreds. */
const SHORT_CHANCE_SINGLES = 80;
/** Bodies in the corpus end by themselves or wait for time to pass. */
const PATIENCE_MS = 5;
const LANES = 16;
const SHORT_GENERATED = 6;
const LONG_GENERATED = 60;

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    first: { type: 'string' },
    replay: { type: 'string' },
    pairs: { type: 'string' },
    generated: { type: 'string' },
    seed: { type: 'string', default: '1' },
    core: { type: 'string', default: join(ROOT, 'packages/core/dist') },
    'stop-at-first': { type: 'boolean', default: false },
  },
});

/** @param {string} path */
const load = (path) => import(pathToFileURL(join(options.core, path)).href);
const { corpus, durableAlone } = await load('testing/corpus/corpus.test-support.js');
const { findDifferences } = await load('testing/crash-everywhere.js');
const { lead } = await load('testing/lead.js');
const { generated } = await load('testing/generated.test-support.js');

const sum = { moments: 0, singles: 0, pairs: 0, differences: 0, passed: 0, failed: 0, skipped: 0 };
const startedAt = Date.now();
for (const entry of inOrder()) {
  if (options.only !== undefined && !entry.name.includes(options.only)) continue;
  await crash(entry);
  if (options['stop-at-first'] && sum.failed > 0) break;
}
if (sum.passed + sum.failed + sum.skipped === 0) {
  console.error(`✗ No workflow of the corpus has "${options.only}" in its name.`);
  sum.failed++;
}
const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
const counts = `${sum.singles} single crash points, ${sum.pairs} pairs, ${sum.differences} differences (${seconds} s)`;
console.log(`Sum: ${sum.passed + sum.failed} workflows, ${sum.moments} moments, ${counts}`);
console.log(tallyLine(sum));
process.exit(sum.failed === 0 ? 0 : 1);

/** @param {import('../packages/core/dist/testing/corpus/entry.test-support.js').Entry & { chance?: boolean }} entry */
async function crash({ name, workflow, scenario, big, repeats, chance, crash: how }) {
  if (repeats) {
    console.log(`- ${name}: left out: what it does before its work is done happens again after a crash, by design`);
    sum.skipped++;
    return;
  }
  const { replay } = options;
  const pairs = pairsOf(big, chance);
  try {
    const asked = {
      ...scenario,
      ...how,
      singles: singlesOf(big, chance),
      pairs,
      concurrency: LANES,
      patienceMs: PATIENCE_MS,
    };
    const most = options['stop-at-first'] ? 1 : 20;
    const report = await quietly(() => findDifferences(workflow, replay ? { ...asked, replay } : asked, most));
    const { moments, singles, differences } = report;
    if (chance && differences.length > 0 && (await races(workflow, scenario))) {
      console.log(`- ${name}: left out: its actors race, and a crash may decide otherwise`);
      sum.skipped++;
      return;
    }
    sum.moments += moments.length;
    sum.singles += singles;
    sum.pairs += report.pairs;
    sum.differences += differences.length;
    const sound = differences.length === 0;
    sum[sound ? 'passed' : 'failed']++;
    const tried = `${moments.length} moments, ${singles} single crash points, ${report.pairs} pairs`;
    console.log(`${sound ? '✓' : '✗'} ${name}: ${tried}, ${differences.length} differences`);
    for (const { replay, where, what } of differences.slice(0, 3)) {
      console.log(
        `    it dies ${where}\n    ${what}\n    again: npm run crash -- --only '${name}' --replay '${replay}'`,
      );
    }
  } catch (error) {
    sum.failed++;
    console.log(`✗ ${name}: ${error instanceof Error ? error.stack : error}`);
  }
}

function* inOrder() {
  const isFirst = (/** @type {{ name: string }} */ { name }) =>
    options.first !== undefined && name.includes(options.first);
  const written = [...corpus, ...durableAlone];
  yield* written.filter(isFirst);
  yield* written.filter((entry) => !isFirst(entry));
  yield* made();
}

/** Machines made by chance, as one by one they are asked for. */
function* made() {
  const numRuns = Number(options.generated ?? (options.short ? SHORT_GENERATED : LONG_GENERATED));
  const seed = Number(options.seed);
  const machines = fc.sample(generated, { numRuns, seed });
  for (const [index, entry] of machines.entries())
    yield { ...entry, chance: true, name: `generated ${index} of seed ${seed}` };
}

/**
 * @param {boolean | undefined} big
 * @param {boolean | undefined} chance
 */
function singlesOf(big, chance) {
  if (big) return options.short ? SHORT_SINGLES : LONG_SINGLES;
  return options.short && chance ? SHORT_CHANCE_SINGLES : 'all';
}

/**
 * @param {boolean | undefined} big
 * @param {boolean | undefined} chance
 */
function pairsOf(big, chance) {
  if (options.pairs !== undefined) return options.pairs === 'all' ? 'all' : Number(options.pairs);
  if (big) return 0;
  if (options.short) return SHORT_PAIRS;
  return chance ? GENERATED_PAIRS : LONG_PAIRS;
}

/**
 * Whether the work of two actors was under way at a time: which ends first is not said.
 * @param {import('../packages/core/dist/index.js').AnyWorkflow} workflow
 * @param {import('../packages/core/dist/testing/index.js').Scenario} scenario
 */
async function races(workflow, scenario) {
  const { tables, address } = await quietly(() => lead(workflow, scenario, { patienceMs: PATIENCE_MS }));
  const busy = new Set();
  for (const { arrival, effects = [], status } of tables.history(address, { limit: Number.POSITIVE_INFINITY })) {
    if (arrival.kind === 'actor') busy.delete(arrival.name);
    for (const effect of effects) {
      const [, what = '', path] = /^(start|stop) (.*)$/.exec(effect) ?? [];
      if (what === 'start') busy.add(path);
      if (what === 'stop') busy.delete(path);
    }
    if (busy.size > 1) return true;
    if (status === 'waiting') busy.clear();
  }
  return false;
}

/**
 * What workflows log would hide the lines of the report.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function quietly(work) {
  const { log, warn } = console;
  console.log = console.warn = () => {};
  try {
    return await work();
  } finally {
    Object.assign(console, { log, warn });
  }
}
