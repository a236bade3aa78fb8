import { Chance } from './chance.js';
import { Client } from './client.js';
import { Disk } from './disk.js';
import type { Survival } from './disk-image.js';
import { Ledger } from './ledger.js';
import { Examiner } from './power-cut.js';
import { type Extent, type Outcome, seeded, skipped, type TortureTest } from './report.js';
import { openOn } from './stores.js';
import { distinct, type Moment, recording } from './sweep.js';
import { work } from './workload.js';

const MOST_PROBLEMS = 5;
const SHORT_STRIDE = 29;
const SENT_RUNS = 5;
const SURVIVALS: readonly Survival[] = ['nothing', 'everything', 'ordered', 'ordered', 'unordered'];

/** The power is cut at every operation of an owner and of one who sends to it, before it is there and beside it. */
export function mailCuts(extent: Extent): TortureTest[] {
  return seeded(extent, { short: 1, long: 4 }, (seed) => ({
    name: 'power cut with mail',
    seed,
    run: () => sweep(seed, extent.short),
  }));
}

async function sweep(seed: number, short: boolean): Promise<Outcome> {
  const moments = await record(`mail ${seed}`);
  if (!moments) return skipped('this store accepts nothing from processes that do not own it');
  const problems: string[] = [];
  const examiner = new Examiner(problems);
  for (const moment of distinct(moments)) {
    if (short && moment.at % SHORT_STRIDE > 0) continue;
    await examiner.examine(moment, SURVIVALS, `mail ${seed}`);
    if (problems.length >= MOST_PROBLEMS) break;
  }
  return {
    counts: { cuts: short ? Math.floor(moments.length / SHORT_STRIDE) : moments.length, ...examiner.counts },
    problems,
  };
}

/** The first thing that is wrong with mail after a power cut; what goes wrong without one counts as well. */
export async function mailProblem(seed: number): Promise<string | undefined> {
  const problems: string[] = [];
  try {
    const examiner = new Examiner(problems);
    for (const moment of distinct((await record(`mail ${seed}`)) ?? [])) {
      await examiner.examine(moment, SURVIVALS, `mail ${seed}`);
      if (problems[0]) break;
    }
    return problems[0];
  } catch (error) {
    return `refused: ${error}`;
  }
}

async function record(seed: string): Promise<Moment[] | undefined> {
  const [ledger, ids, moments] = [new Ledger(), { next: 1 }, [] as Moment[]];
  const disk = new Disk(recording(seed, ledger, moments));
  const guest = new Client(await openOn(disk, 1, { isReached: true }), ledger, ids);
  guest.guest = true;
  if (!guest.store.supports.shared) return undefined;
  await send(guest, 2, `${seed} before`);
  const owner = new Client(await openOn(disk, 1, { isReached: true }), ledger, ids);
  owner.epoch = (await owner.store.acquire()).epoch;
  await Promise.all([work(owner, { runs: 2, steps: 6 }, seed), send(guest, SENT_RUNS, seed)]);
  await owner.store.close();
  await send(guest, 2, `${seed} after`);
  await guest.store.close();
  return moments;
}

async function send(client: Client, runs: number, seed: string): Promise<void> {
  const chance = new Chance(seed);
  const files = (name: string) => (chance.is(0.4) ? { [`${name}/f`]: 'a file' } : {});
  for (let count = 0; count < runs; count++) {
    const run = `sent-${client.fresh()}`;
    const start = { kind: 'start', stamp: client.fresh(), input: run, files: files(`input-${run}`) } as const;
    if ((await client.ask(run, start)) !== 'ack') continue;
    for (let index = 0; index < 3; index++) {
      const event = `event-${client.fresh()}`;
      await client.send(run, event, files(event));
    }
  }
}
