// Counts what this process syncs, through `fs.promises` or by descriptor: a promise of Holdfast is how often, not only how fast.

import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

let syncs = 0;

/**
 * From now on `syncCount` counts.
 * @param {string} folder where a file may be made
 */
export async function countSyncs(folder) {
  const file = await open(join(folder, '.prototype'), 'w');
  const prototype = Object.getPrototypeOf(file);
  await file.close();
  for (const method of ['sync', 'datasync']) counted(prototype, method);
  for (const method of ['fsync', 'fdatasync']) counted(fs, method);
  syncBuiltinESMExports();
}

/**
 * @param {Record<string, any>} of
 * @param {string} method
 */
function counted(of, method) {
  const real = of[method];
  of[method] = function (...args) {
    syncs++;
    return real.apply(this, args);
  };
}

export function syncCount() {
  return syncs;
}
