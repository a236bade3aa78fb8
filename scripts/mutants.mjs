// Copies of a built package, each broken in one named way.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './process.mjs';

/** Within the repository, so that the mutants find the libraries they import. */
const MUTANTS = join(ROOT, 'node_modules/.cache/holdfast-mutants');

/**
 * @typedef {object} Mutation
 * @property {string} name
 * @property {string} file
 * @property {string} from stands in the file once
 * @property {string} to
 */

/** @typedef {{ caught: boolean, what: string }} Verdict */

/**
 * Calls `look` with the folder of a broken copy of `dist`, which is gone afterwards.
 * @param {string} dist
 * @param {Mutation} mutation one whose text is not in the code is told as not caught
 * @param {(folder: string) => Promise<Verdict>} look
 * @returns {Promise<Verdict>}
 */
export async function withMutant(dist, { name, file, from, to }, look) {
  const text = readFileSync(join(dist, file), 'utf8');
  if (text.split(from).length !== 2) return { caught: false, what: `"${from}" does not stand once in ${file}` };
  const folder = join(MUTANTS, name.replaceAll(/\W+/g, '-'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(MUTANTS, { recursive: true });
  cpSync(dist, folder, { recursive: true });
  // A function, as `$` means something in a replacement text.
  writeFileSync(
    join(folder, file),
    text.replace(from, () => to),
  );
  try {
    return await look(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Tries mutations out, some at a time, and tells of each.
 * @template {{ readonly name: string }} M
 * @param {readonly M[]} mutations
 * @param {number} lanes how many at a time
 * @param {(mutation: M) => Promise<Verdict>} tryOut
 * @returns {Promise<import('./tally.mjs').Tally>} one that was not caught has failed; so has trying none
 */
export async function tryAll(mutations, lanes, tryOut) {
  const tally = { passed: 0, failed: mutations.length === 0 ? 1 : 0, skipped: 0 };
  const left = [...mutations];
  const lane = async () => {
    for (let mutation = left.shift(); mutation; mutation = left.shift()) {
      const began = Date.now();
      const { caught, what } = await tryOut(mutation);
      tally[caught ? 'passed' : 'failed']++;
      console.log(`${caught ? '✓' : '✗'} ${mutation.name} (${((Date.now() - began) / 1000).toFixed(1)} s): ${what}`);
    }
  };
  const startedAt = Date.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  console.log(`${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  return tally;
}
