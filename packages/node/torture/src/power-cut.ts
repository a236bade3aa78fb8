import { createHash } from 'node:crypto';
import type { Disk } from './disk.js';
import type { Survival } from './disk-image.js';
import { type Extent, type Outcome, seeded, type TortureTest } from './report.js';
import { diskAfter, distinct, type Moment, record, recordRecovery, recover } from './sweep.js';

const MOST_PROBLEMS = 5;

/** What of a disk is looked at, at each moment. */
const SHORT: readonly Survival[] = ['nothing', 'ordered', 'unordered'];
const LONG: readonly Survival[] = [
  'nothing',
  'everything',
  ...Array<Survival>(5).fill('ordered'),
  ...Array<Survival>(4).fill('unordered'),
];
/** In the short form one of so many moments; the long one takes all. */
const SHORT_STRIDE = 9;
const NESTED_STRIDE = { short: 240, long: 23 };

export function powerCuts(extent: Extent): TortureTest[] {
  return [
    ...seeded(extent, { short: 1, long: 30 }, (seed) => ({ name: 'power cut', seed, run: () => sweep(seed, extent) })),
    ...seeded(extent, { short: 1, long: 6 }, (seed) => ({
      name: 'power cut during recovery',
      seed,
      run: () => nested(seed, extent),
    })),
  ];
}

async function sweep(seed: number, { short }: Extent): Promise<Outcome> {
  const recorded = await record({ seed: String(seed) });
  const problems = [...recorded.problems];
  const examiner = new Examiner(problems);
  const all = distinct(recorded.moments);
  for (const moment of all) {
    if (short && moment.at % SHORT_STRIDE > 0) continue;
    await examiner.examine(moment, short ? SHORT : LONG, String(seed));
    if (problems.length >= MOST_PROBLEMS) break;
  }
  const cuts = short ? Math.floor(recorded.moments.length / SHORT_STRIDE) : recorded.moments.length;
  return { counts: { cuts, acks: recorded.ledger.acks, ...examiner.counts }, problems };
}

async function nested(seed: number, { short }: Extent): Promise<Outcome> {
  const recorded = await record({ seed: `nested ${seed}`, runs: 3, steps: 8 });
  const problems: string[] = [];
  const examiner = new Examiner(problems);
  const stride = short ? NESTED_STRIDE.short : NESTED_STRIDE.long;
  let [cuts, crashes] = [0, 0];
  for (const moment of recorded.moments.filter(({ at }) => at % stride === 0)) {
    crashes++;
    const how = moment.at % 2 ? 'ordered' : 'unordered';
    const recovery = await recordRecovery(moment, how, `${seed} ${moment.at}`);
    cuts += recovery.length;
    for (const again of distinct(recovery)) {
      await examiner.examine(again, ['nothing', 'ordered', 'unordered'], `${seed} ${moment.at}`);
      if (problems.length >= MOST_PROBLEMS) return { counts: { crashes, cuts, ...examiner.counts }, problems };
    }
    const deepest = recovery[recovery.length >> 1];
    for (const third of deepest ? distinct(await recordRecovery(deepest, 'ordered', `${seed} third`)) : []) {
      cuts++;
      await examiner.examine(third, ['ordered'], `${seed} third ${moment.at}`);
    }
  }
  return { counts: { crashes, cuts, ...examiner.counts }, problems };
}

/** Looks at the disks of moments, at each different one once. */
export class Examiner {
  /** Disks that were chosen, and how many of them were different. */
  readonly counts = { states: 0, distinct: 0 };
  readonly #problems: string[];
  readonly #known = new Set<string>();

  constructor(problems: string[]) {
    this.#problems = problems;
  }

  async examine(moment: Moment, survivals: readonly Survival[], seed: string): Promise<void> {
    for (const [index, how] of survivals.entries()) {
      const chosen = `${seed} ${moment.at} ${how} ${index}`;
      const disk = diskAfter(moment, how, chosen);
      this.counts.states++;
      const key = `${fingerprint(disk)} ${moment.ledger.acks}`;
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      this.counts.distinct++;
      const { problems } = await recover(disk, moment.ledger, chosen);
      const where = `cut at operation ${moment.at} (${moment.what}), ${how} ${index} survived`;
      for (const problem of problems.slice(0, 2)) this.#problems.push(`${where}: ${problem}`);
    }
  }
}

function fingerprint(disk: Disk): string {
  const hash = createHash('sha1');
  for (const [path, bytes] of [...disk.files()].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${path}\0`).update(bytes);
  return hash.digest('base64');
}
