import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BREAKAGES, type Breakage } from './breakages.js';
import type { Extent, Outcome, TortureTest } from './report.js';
import { loadStore, storeFolder } from './stores.js';

const SEEDS = 3;

/** The built store, broken in one named way at a time: each must be noticed. */
export function sourceMutationTests({ seed = 1 }: Extent): TortureTest[] {
  return BREAKAGES.map((breakage) => ({ name: `broken: ${breakage.name}`, seed, run: () => tryOut(breakage, seed) }));
}

async function tryOut({ name, file, from, to, find }: Breakage, seed: number): Promise<Outcome> {
  const sound = storeFolder();
  const path = join(sound, file);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (text.split(from).length !== 2) return { counts: {}, problems: [`there is no such place in ${file}`] };
  // Beside the sound one, so that it finds the libraries it imports.
  const copy = join(sound, '../node_modules/.cache/torture', name.replaceAll(/\W+/g, '-'));
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  cpSync(sound, copy, { recursive: true });
  writeFileSync(
    join(copy, file),
    text.replace(from, () => to),
  );
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
