// Where things are.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../scripts/process.mjs';

export { ROOT };
/** This package's folder. */
export const BENCH = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Whatever is measured is written here: on many systems the folder for temporary files is in memory. */
const WORK = join(BENCH, '.work');

/**
 * A new empty folder on the disk.
 * @param {string} name
 */
export function freshFolder(name) {
  mkdirSync(WORK, { recursive: true });
  return mkdtempSync(join(WORK, `${name}-`));
}

/** @param {string} folder */
export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
