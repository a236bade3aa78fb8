// What a result is worth nothing without: where it was measured, and of which versions.

import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { run } from '../../scripts/process.mjs';
import { BENCH, ROOT } from './places.mjs';

/**
 * @typedef {object} Machine
 * @property {string} system
 * @property {string} cpu
 * @property {number} cpus
 * @property {number} memoryGiB
 * @property {string} disk file system and device of the folder that is written to
 * @property {readonly number[]} load averages when it began: others at work here make numbers smaller, and ratios rougher
 */

/** @returns {Promise<Machine>} */
export async function describeMachine() {
  const processors = cpus();
  return {
    system: `${type()} ${release()}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cpus: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    disk: await diskOf(BENCH),
    load: loadavg().map((load) => Math.round(load * 10) / 10),
  };
}

/** @param {string} folder */
async function diskOf(folder) {
  const { code, output } = await run(['df', '--output=fstype,source', folder], { timeoutMs: 10_000 });
  return code === 0 ? (output.trim().split('\n').at(-1) ?? '').replace(/\s+/g, ' ') : 'unknown';
}

/** @returns {Promise<Record<string, string>>} by name; the commit with `-dirty` where files are changed */
export async function describeVersions() {
  const { output } = await run(['git', 'describe', '--always', '--dirty', '--abbrev=10'], { timeoutMs: 10_000 });
  const { dependencies } = JSON.parse(readFileSync(join(BENCH, 'package.json'), 'utf8'));
  return {
    holdfast: output.trim(),
    node: process.version,
    xstate: versionIn(join(ROOT, 'node_modules', 'xstate')),
    ...Object.fromEntries(
      Object.keys(dependencies).map((name) => [nameOf(name), versionIn(join(BENCH, 'node_modules', name))]),
    ),
  };
}

/** @param {string} dependency */
function nameOf(dependency) {
  return dependency === 'node' ? 'node of peers' : dependency;
}

/** @param {string} folder */
function versionIn(folder) {
  const file = join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : 'absent';
}
