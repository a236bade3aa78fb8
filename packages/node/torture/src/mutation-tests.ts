import { sweepFaults } from './faults.js';
import { Examiner } from './power-cut.js';
import type { Extent, Outcome, TortureTest } from './report.js';
import { blind, CUT_SPOILS, noTailCut } from './spoils.js';
import { distinct, record, type Spoil } from './sweep.js';
import { sweepTakeovers } from './takeover.js';

const SEEDS = 4;

/** Each mutation of the file system must be noticed by the sweep that is there to notice it. */
export function mutationTests({ seed: only }: Extent): TortureTest[] {
  const cuts = Object.entries(CUT_SPOILS).map(
    ([name, spoil]) => [name, (seed: number) => cutProblem(spoil, seed)] as const,
  );
  const all = [
    ...cuts,
    [
      'no fence',
      async (seed: number) => (await sweepTakeovers(seed, { stride: 1, spoil: blind, most: 1 })).problems[0],
    ],
    ['no tail cut', (seed: number) => tailProblem(seed)],
  ] as const;
  return [
    { name: 'no mutation', seed: only ?? 1, run: () => quiet(only) },
    ...all.map(([name, find]) => ({ name: `mutation: ${name}`, seed: only ?? 1, run: () => caught(find, only) })),
  ];
}

async function caught(find: (seed: number) => Promise<string | undefined>, only = 1): Promise<Outcome> {
  for (let seed = only; seed < only + SEEDS; seed++) {
    const problem = await find(seed);
    if (problem?.startsWith(NOT_HERE)) return { counts: {}, problems: [], skipped: problem };
    if (problem) return { counts: { seeds: seed - only + 1 }, problems: [], noticed: problem.slice(0, 200) };
  }
  return { counts: { seeds: SEEDS }, problems: ['nothing noticed it'] };
}

/** Without one nothing is noticed, or what follows proves nothing. */
async function quiet(only = 1): Promise<Outcome> {
  const problem = await cutProblem((disk) => disk, only);
  return { counts: { seeds: 1 }, problems: problem ? [problem] : [] };
}

/** How a mutation begins that this store has no use for. */
const NOT_HERE = 'this store';

/** The first thing that is wrong after a power cut; what goes wrong without one counts as well. */
async function cutProblem(spoil: Spoil, seed: number): Promise<string | undefined> {
  const problems: string[] = [];
  try {
    const recorded = await record({ seed: `mutation ${seed}`, spoil, runs: 3, steps: 10 });
    const examiner = new Examiner(problems);
    for (const moment of distinct(recorded.moments)) {
      await examiner.examine(moment, ['nothing', 'ordered', 'unordered'], `mutation ${seed}`);
      if (problems[0]) break;
    }
    return problems[0] ?? recorded.problems[0];
  } catch (error) {
    return `refused: ${error}`;
  }
}

async function tailProblem(seed: number): Promise<string | undefined> {
  const { problems, calls } = await sweepFaults(seed, { stride: 1, codes: ['EIO'], spoil: noTailCut, most: 1 });
  if (!calls.has('truncate')) return `${NOT_HERE} cuts no file`;
  return problems[0];
}
