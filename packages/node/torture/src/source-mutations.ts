import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BREAKAGES, type Breakage } from './breakages.js';
import type { Extent, Outcome, TortureTest } from './report.js';
import { loadStore, storeFolder } from './stores.js';

const SEEDS = 3;

/** The built store, broken in one named way at a time: each must be noticed. */
export function sourceMutationTests({ short, seed = 1 }: Extent): TortureTest[] {
  if (short) return [{ name: 'places of what can be broken', seed, run: places }];
  return BREAKAGES.map((breakage) => ({ name: `broken: ${breakage.name}`, seed, run: () => tryOut(breakage, seed) }));
}

/**
 * Whether each still stands where it is to be broken, and is a program then: the store changes, and what changes it runs the
 * long form seldom.
 */
async function places(): Promise<Outcome> {
  const problems = BREAKAGES.flatMap((breakage) => {
    const problem = isThere(breakage) ? syntaxError(brokenText(breakage)) : noPlace(breakage);
    return problem === undefined ? [] : [`${breakage.name}: ${problem}`];
  });
  return { counts: { places: BREAKAGES.length }, problems };
}

function syntaxError(module: string): string | undefined {
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--check', '-'], { input: module });
  return status === 0 ? undefined : String(stderr);
}

function textOf({ file }: Breakage): string {
  const path = join(storeFolder(), file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

const brokenText = (breakage: Breakage) => textOf(breakage).replace(breakage.from, () => breakage.to);
const isThere = (breakage: Breakage) => textOf(breakage).split(breakage.from).length === 2;
const noPlace = ({ file }: Breakage) => `there is no such place in ${file}`;

async function tryOut(breakage: Breakage, seed: number): Promise<Outcome> {
  const { name, file, find } = breakage;
  if (!isThere(breakage)) return { counts: {}, problems: [noPlace(breakage)] };
  const sound = storeFolder();
  // Beside the sound one, so that it finds the libraries it imports.
  const copy = join(sound, '../node_modules/.cache/torture', name.replaceAll(/\W+/g, '-'));
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  cpSync(sound, copy, { recursive: true });
  writeFileSync(join(copy, file), brokenText(breakage));
  try {
    await loadStore(copy);
    for (let tried = seed; tried < seed + SEEDS; tried++) {
      const problem = await find(tried);
      if (problem) return { counts: { seeds: tried - seed + 1 }, problems: [], noticed: problem.slice(0, 200) };
    }
    return { counts: { seeds: SEEDS }, problems: ['nothing noticed it'] };
  } finally {
    await loadStore(sound);
    rmSync(copy, { recursive: true });
  }
}
