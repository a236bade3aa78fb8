import { cut, flip, harmAll } from './damage.js';
import { Examiner } from './power-cut.js';
import { distinct, type Plan, record, type Spoil } from './sweep.js';
import { sweepTakeovers } from './takeover.js';

/** The first thing that is wrong after a power cut; what goes wrong without one counts as well. */
export function cutProblem(seed: number, spoil: Spoil = (disk) => disk): Promise<string | undefined> {
  return problemOf({ seed: `mutation ${seed}`, spoil, runs: 3, steps: 10 });
}

/** The same where hardly anything is synced at once. */
export function relaxedProblem(seed: number): Promise<string | undefined> {
  return problemOf({ seed: `relaxed ${seed}`, runs: 1, steps: 40, relaxed: 0.9 });
}

/** The first thing that a reader was shown and should not have been. */
export async function readerProblem(seed: number): Promise<string | undefined> {
  return (await record({ seed: `reader ${seed}`, steps: 20, relaxed: 0.9, looks: 150 })).problems[0];
}

async function problemOf(plan: Plan): Promise<string | undefined> {
  const problems: string[] = [];
  try {
    const recorded = await record(plan);
    if (recorded.problems[0]) return recorded.problems[0];
    const examiner = new Examiner(problems);
    for (const moment of distinct(recorded.moments)) {
      await examiner.examine(moment, ['nothing', 'ordered', 'unordered'], plan.seed);
      if (problems[0]) break;
    }
    return problems[0];
  } catch (error) {
    return `refused: ${error}`;
  }
}

/** The first thing that is wrong after a takeover. */
export async function takeoverProblem(seed: number, spoil: Spoil = (disk) => disk): Promise<string | undefined> {
  return (await sweepTakeovers(seed, { stride: 1, spoil, most: 1 })).problems[0];
}

/** The first byte at which a file can be cut unseen, of some of them. */
export async function tailProblem(seed: number): Promise<string | undefined> {
  return (await harmAll(seed, cut, { places: 1, stride: 13, most: 1 })).problems[0];
}

/** The first bit that can be flipped unseen, of some of them. */
export async function bitProblem(seed: number): Promise<string | undefined> {
  return (await harmAll(seed, flip, { places: 8, stride: 61, most: 1 })).problems[0];
}
