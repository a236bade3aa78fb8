// The checks and test runners behind `npm run check` and `npm test`. Each answers with its tally and never rejects.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { note } from './costs.mjs';
import { npm, ROOT, run, tool } from './process.mjs';
import { tallyPlaywright, tallyVitest } from './tally.mjs';

/** @typedef {import('./tally.mjs').Tally} Tally */

/** What `tsc -b packages` does not compile. */
const PROJECTS = ['.', 'demo', 'demo/server', 'e2e', 'bench'];

/**
 * Compiles the packages into their dist folders, their tests and type tests with them.
 * @returns {Promise<Tally>}
 */
export function build() {
  return check('build (tsc -b packages)', [...tool('typescript', 'tsc'), '-b', 'packages']);
}

/**
 * Everything that needs neither a browser nor a test runner, one after the other; what is quick comes first.
 * @returns {Promise<Tally[]>}
 */
export async function staticChecks() {
  return [...(await sourceChecks()), ...(await typeChecks()), ...(await packageChecks())];
}

async function typeChecks() {
  const tallies = [];
  for (const folder of PROJECTS) {
    tallies.push(await check(`types (tsc -p ${folder})`, [...tool('typescript', 'tsc'), '-p', folder, '--noEmit']));
  }
  return tallies;
}

async function sourceChecks() {
  const biome = [...tool('@biomejs/biome'), 'ci', '--error-on-warnings', '--colors=off', '.'];
  return [
    await check('format and lint (biome)', biome),
    await check('layering (dependency-cruiser)', cruise('.dependency-cruiser.cjs')),
    await check('layering at run time (dependency-cruiser)', cruise('.dependency-cruiser.runtime.cjs')),
    await check('unused (knip)', [...tool('knip'), '--no-progress']),
  ];
}

/** @param {string} config */
function cruise(config) {
  const sources = [...packages().map((folder) => `${folder}/src`), './packages/node/torture/src'];
  return [...tool('dependency-cruiser', 'depcruise'), '--config', config, ...sources];
}

/**
 * Looks at the packages as npm would publish them.
 * @returns {Promise<Tally[]>}
 */
async function packageChecks() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-packed-'));
  try {
    const pack = [...npm(), 'pack', '--workspaces=false', '--pack-destination', folder, ...packages()];
    const tallies = [await check('pack', pack)];
    for (const tarball of readdirSync(folder)) {
      const path = join(folder, tarball);
      const attw = [...tool('@arethetypeswrong/cli', 'attw'), path, '--profile=esm-only', '--no-emoji', '--no-color'];
      tallies.push(await check(`publint ${tarball}`, [...tool('publint'), 'run', path, '--strict']));
      tallies.push(await check(`attw ${tarball}`, attw));
    }
    return tallies;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function packages() {
  return readdirSync(join(ROOT, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `./packages/${entry.name}`);
}

/**
 * One command, counted as one; its output is shown when it fails.
 * @param {string} name
 * @param {readonly string[]} command
 * @returns {Promise<Tally>}
 */
async function check(name, command) {
  const { code, output } = await charged(name, command);
  const passed = code === 0;
  console.log(`${passed ? '✓' : '✗'} ${name}`);
  if (!passed) console.log(output.trimEnd());
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

/**
 * Crashes at every store write and effect of the corpus, with few pairs of them.
 * @returns {Promise<Tally>}
 */
export function crashes() {
  return script('crashes everywhere, in short', ['scripts/crash.mjs', '--short']);
}

/**
 * The built core, broken in one named way at a time: the suite has to notice each.
 * @returns {Promise<Tally>}
 */
export function mutations() {
  return script('mutations', ['scripts/mutations.mjs']);
}

/**
 * The built browser package, broken in ways that its unit tests have to notice.
 * @returns {Promise<Tally>}
 */
export function browserMutations() {
  return script('mutations of the browser package, in short', ['scripts/browser-mutations.mjs', '--short']);
}

/** The torture of the file store, as it is built. */
export const TORTURE = 'packages/node/torture/dist/main.js';

/**
 * The file store under power cuts, kills, takeovers, damage and full disks: less than a minute in all.
 * @returns {Promise<Tally>}
 */
export function torture() {
  return script('torture of the file store, in short', [TORTURE, '--short']);
}

/**
 * A script of ours that ends with its counts.
 * @param {string} name
 * @param {readonly string[]} args
 * @returns {Promise<Tally>}
 */
async function script(name, args) {
  const { code, output } = await charged(name, [process.execPath, ...args], { timeoutMs: 900_000 });
  console.log(`\n${name}\n${output.trimEnd()}`);
  const [, passed = 0, failed = 0, skipped = 0] =
    /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m.exec(output) ?? [];
  const tally = { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
  return code === 0 || tally.failed > 0 ? tally : { ...tally, failed: 1 };
}

/**
 * Unit tests, conformance suites and crash sweeps.
 * @returns {Promise<Tally>}
 */
export async function unitTests() {
  return tallyVitest(
    await runner('unit tests (vitest)', (file) => ({
      command: [...tool('vitest'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
      timeoutMs: 900_000,
    })),
  );
}

/**
 * The tests in real browsers. Chromium has to be there; what needs another one that is not is counted as skipped.
 * @param {string} chromium path of it
 * @returns {Promise<Tally>}
 */
export function browserTests(chromium) {
  return playwright('browser tests (playwright)', chromium);
}

/**
 * Interrupts runs some hundred times in each browser that is here, and measures takeovers, round after round.
 * @param {string} chromium path of it
 * @returns {Promise<Tally>}
 */
export function longRounds(chromium) {
  const which = ['tests/long', 'engines/survival', 'tests/power-cut'];
  return playwright('long rounds (playwright)', chromium, which, { HOLDFAST_E2E_LONG: '1' });
}

/**
 * @param {string} name
 * @param {string} chromium
 * @param {readonly string[]} [which] parts of the paths of the tests; default: all
 * @param {Record<string, string>} [env]
 * @returns {Promise<Tally>}
 */
async function playwright(name, chromium, which = [], env = {}) {
  return tallyPlaywright(
    await runner(name, (file) => ({
      command: [...tool('@playwright/test', 'playwright'), 'test', '--config', 'e2e/playwright.config.ts', ...which],
      env: { HOLDFAST_CHROMIUM: chromium, PLAYWRIGHT_JSON_OUTPUT_FILE: file, ...env },
      timeoutMs: 3_600_000,
    })),
  );
}

/**
 * Runs a test runner that writes a JSON report.
 * @template Report
 * @param {string} name
 * @param {(file: string) => { command: string[], env?: Record<string, string>, timeoutMs: number }} plan
 * @returns {Promise<import('./tally.mjs').RunnerEnd<Report>>}
 */
async function runner(name, plan) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-report-'));
  const file = join(folder, 'report.json');
  const { command, env = {}, timeoutMs } = plan(file);
  console.log(`\n${name}`);
  try {
    const { code } = await charged(name, command, { env, timeoutMs, live: true });
    return { code, report: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs a program whose cost is told at the end under that name.
 * @param {string} name
 * @param {readonly string[]} command
 * @param {import('./process.mjs').RunOptions} [options]
 */
async function charged(name, command, options) {
  const startedAt = Date.now();
  const ended = await run(command, options);
  note({ name, ms: Date.now() - startedAt, cpuMs: ended.cpuMs });
  return ended;
}
