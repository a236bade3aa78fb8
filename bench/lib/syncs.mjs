// Counts what this process syncs through `fs.promises`: a promise of Holdfast is how often, not only how fast.

import { open } from 'node:fs/promises';
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
  for (const method of ['sync', 'datasync']) {
    const real = prototype[method];
    prototype[method] = function counted() {
      syncs++;
      return real.call(this);
    };
  }
}

export function syncCount() {
  return syncs;
}
