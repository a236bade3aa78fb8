// The checks and test runners behind `npm run check` and `npm test`. Each answers with its tally and never rejects.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm, ROOT, run, tool } from './process.mjs';
import { tallyPlaywright, tallyVitest } from './tally.mjs';

/** @typedef {import('./tally.mjs').Tally} Tally */

/** What `tsc -b packages` does not compile. */
const PROJECTS = ['.', 'demo', 'demo/server', 'e2e'];

/**
 * Compiles the packages into their dist folders, their tests and type tests with them.
 * @returns {Promise<Tally>}
 */
export function build() {
  return check('build (tsc -b packages)', [...tool('typescript', 'tsc'), '-b', 'packages']);
}

/**
 * Everything that needs neither a browser nor a test runner.
 * @returns {Promise<Tally[]>}
 */
export async function staticChecks() {
  const tallies = [];
  for (const [name, command] of commands()) tallies.push(await check(name, command));
  return [...tallies, ...(await packageChecks())];
}

/** @returns {[name: string, command: string[]][]} */
function commands() {
  const types = (/** @type {string} */ folder) => [...tool('typescript', 'tsc'), '-p', folder, '--noEmit'];
  return [
    ...PROJECTS.map((folder) => named(`types (tsc -p ${folder})`, types(folder))),
    named('format and lint (biome)', [...tool('@biomejs/biome'), 'ci', '--error-on-warnings', '--colors=off', '.']),
    named('layering (dependency-cruiser)', cruise('.dependency-cruiser.cjs')),
    named('layering at run time (dependency-cruiser)', cruise('.dependency-cruiser.runtime.cjs')),
    named('unused (knip)', [...tool('knip'), '--no-progress']),
  ];
}

/** @param {string} config */
function cruise(config) {
  const sources = packages().map((folder) => `${folder}/src`);
  return [...tool('dependency-cruiser', 'depcruise'), '--config', config, ...sources];
}

/**
 * @param {string} name
 * @param {string[]} command
 * @returns {[string, string[]]}
 */
function named(name, command) {
  return [name, command];
}

/**
 * Looks at the packages as npm would publish them.
 * @returns {Promise<Tally[]>}
 */
async function packageChecks() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-packed-'));
  try {
    const packed = await check('pack', [
      ...npm(),
      'pack',
      '--workspaces=false',
      ...packages(),
      '--pack-destination',
      folder,
    ]);
    const tallies = [packed];
    for (const tarball of readdirSync(folder)) {
      const path = join(folder, tarball);
      tallies.push(await check(`publint ${tarball}`, [...tool('publint'), 'run', path, '--strict']));
      const attw = [
        ...tool('@arethetypeswrong/cli', 'attw'),
        path,
        '--profile',
        'esm-only',
        '--no-emoji',
        '--no-color',
      ];
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
  const startedAt = Date.now();
  const { code, output } = await run(command);
  const passed = code === 0;
  console.log(`${passed ? '✓' : '✗'} ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
  if (!passed) console.log(output.trimEnd());
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
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
 * The tests in a real browser.
 * @param {string} chromium path of it
 * @returns {Promise<Tally>}
 */
export async function browserTests(chromium) {
  return tallyPlaywright(
    await runner('browser tests (playwright)', (file) => ({
      command: [...tool('@playwright/test', 'playwright'), 'test', '--config', 'e2e/playwright.config.ts'],
      env: { HOLDFAST_CHROMIUM: chromium, PLAYWRIGHT_JSON_OUTPUT_FILE: file },
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
    const { code } = await run(command, { env, timeoutMs, live: true });
    return { code, report: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
