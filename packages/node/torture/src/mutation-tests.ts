import { cutProblem, takeoverProblem } from './first-problem.js';
import type { Extent, Outcome, TortureTest } from './report.js';
import { blind, CUT_SPOILS } from './spoils.js';

const SEEDS = 4;

/** Each mutation of the file system must be noticed by the sweep that is there to notice it. */
export function mutationTests({ seed: only, short }: Extent): TortureTest[] {
  const cuts = Object.entries(CUT_SPOILS).map(
    ([name, spoil]) => [name, (seed: number) => cutProblem(seed, spoil)] as const,
  );
  const all = [...cuts, ['no fence', (seed: number) => takeoverProblem(seed, blind)]] as const;
  return [
    ...(short ? [] : [{ name: 'no mutation', seed: only ?? 1, run: () => quiet(only) }]),
    ...all.map(([name, find]) => ({ name: `mutation: ${name}`, seed: only ?? 1, run: () => caught(find, only) })),
  ];
}

async function caught(find: (seed: number) => Promise<string | undefined>, only = 1): Promise<Outcome> {
  for (let seed = only; seed < only + SEEDS; seed++) {
    const problem = await find(seed);
    if (problem) return { counts: { seeds: seed - only + 1 }, problems: [], noticed: problem.slice(0, 200) };
  }
  return { counts: { seeds: SEEDS }, problems: ['nothing noticed it'] };
}

/** Without one nothing is noticed, or what follows proves nothing. */
async function quiet(only = 1): Promise<Outcome> {
  const problem = await cutProblem(only);
  return { counts: { seeds: 1 }, problems: problem ? [problem] : [] };
}
