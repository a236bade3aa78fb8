// Brings node_modules in line with package-lock.json, so that each command works as the first one typed.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm, ROOT, run } from './process.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages keyed by folder
 */

/**
 * Installs when node_modules is missing or is not what the lock file says.
 * @param {string} [folder] of the lock file; default: the repository
 * @returns {Promise<void>} rejects when npm fails
 */
export async function ensureDependencies(folder = ROOT) {
  const difference = firstDifference(folder);
  if (difference === undefined) return;
  console.log(`npm ci (${difference})`);
  const options = { cwd: folder, live: true, timeoutMs: 900_000 };
  const { code } = await run([...npm(), 'ci', '--no-audit', '--no-fund'], options);
  if (code !== 0) throw new Error('npm ci failed: its output above says why.');
}

/** @param {string} folder */
function firstDifference(folder) {
  const installedFile = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'nothing is installed yet';
  return compareLocks(packagesOf(join(folder, 'package-lock.json')), packagesOf(installedFile));
}

/**
 * @param {string} file
 * @returns {LockedPackages}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/**
 * Says where what is installed differs from what is locked, or undefined. Optional packages may be absent: they are
 * for other systems.
 * @param {LockedPackages} locked
 * @param {LockedPackages} installed
 * @returns {string | undefined}
 */
export function compareLocks(locked, installed) {
  for (const [folder, entry] of Object.entries(locked)) {
    if (!folder.includes('node_modules/')) continue;
    const present = installed[folder];
    if (present === undefined) {
      if (!entry.optional) return `${folder} is missing`;
    } else if (present.version !== entry.version || present.integrity !== entry.integrity) {
      return `${folder} is another version`;
    }
  }
  const extra = Object.keys(installed).find((folder) => !(folder in locked));
  return extra === undefined ? undefined : `${extra} is not in the lock file`;
}
