import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bitProblem, cutProblem, tailProblem, takeoverProblem } from './first-problem.js';
import type { Extent, Outcome, TortureTest } from './report.js';
import { loadStore, storeFolder } from './stores.js';

/** A way in which the built store could be broken. */
interface SourceMutation {
  readonly name: string;
  /** In the folder of the built package. */
  readonly file: string;
  /** Stands in it once. */
  readonly from: string;
  readonly to: string;
  /** Finds what is wrong with it. */
  readonly find: (seed: number) => Promise<string | undefined>;
}

const MUTATIONS: readonly SourceMutation[] = [
  {
    name: 'no fence check before the acknowledgement',
    file: 'log/log-writer.js',
    from: 'await file.datasync();\n            await this.#options.assertNewest();',
    to: 'await file.datasync();',
    find: takeoverProblem,
  },
  {
    name: 'acknowledged while the sync is under way',
    file: 'log/log-writer.js',
    from: 'await file.datasync();',
    to: 'void file.datasync();',
    find: cutProblem,
  },
  {
    name: 'what was not synced is said to be',
    file: 'log/log-writer.js',
    from: 'if (durable)\n            this.#synced = batch;',
    to: 'this.#synced = batch;',
    find: cutProblem,
  },
  {
    name: 'a new segment is built upon the remains of one',
    file: 'log/write-segment.js',
    from: 'await fileSystem.remove(path);',
    to: '',
    find: cutProblem,
  },
  {
    name: 'attachments of a later owner are removed',
    file: 'attachment-files.js',
    from: ' && Number.parseInt(file, 10) <= this.#epoch',
    to: '',
    find: takeoverProblem,
  },
  {
    name: 'places in the inbox begin anew with a new segment',
    file: 'log/state.js',
    from: 'state.#lastN = entry.lastN;',
    to: 'state.#lastN = 0;',
    find: cutProblem,
  },
  {
    name: 'readers are shown what is not synced',
    file: 'file-store.js',
    from: 'syncedOnly = true',
    to: 'syncedOnly = false',
    find: cutProblem,
  },
  {
    name: 'lines are not checked',
    file: 'log/line.js',
    from: "if (checksum(json) !== bytes.toString('latin1', 0, CRC_DIGITS))",
    to: 'if (false)',
    find: bitProblem,
  },
  {
    name: 'attachments are not checked',
    file: 'attachment-files.js',
    from: ' || checksum(bytes) !== ref.crc',
    to: '',
    find: bitProblem,
  },
  {
    name: 'a cut end is not reported',
    file: 'log/owned-log.js',
    from: "onReport({ code: 'TAIL_CUT', file: found.file, offset: found.tornAt });",
    to: ';',
    find: tailProblem,
  },
];

const SEEDS = 3;

/** The built store, broken in one named way at a time: each must be noticed. */
export function sourceMutationTests({ seed = 1 }: Extent): TortureTest[] {
  return MUTATIONS.map((mutation) => ({ name: `broken: ${mutation.name}`, seed, run: () => tryOut(mutation, seed) }));
}

async function tryOut({ name, file, from, to, find }: SourceMutation, seed: number): Promise<Outcome> {
  const sound = storeFolder();
  const path = join(sound, file);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (text.split(from).length !== 2)
    return { counts: {}, problems: [], skipped: `this store has no such place in ${file}` };
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
