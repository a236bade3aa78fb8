import { Client } from './client.js';
import { Disk } from './disk.js';
import { Ledger } from './ledger.js';
import { type Extent, seeded, type TortureTest } from './report.js';
import { openOn } from './stores.js';
import { diskAfter, recover } from './sweep.js';
import { work } from './workload.js';

const MOST_PROBLEMS = 5;
const CODES = ['EIO', 'ENOSPC', 'EROFS', 'EMFILE'];
/** Operations in a row that fail. */
const BURSTS = [1, 4];

interface FaultPlan {
  /** Of so many operations one is made to fail. */
  readonly stride: number;
  readonly codes: readonly string[];
}

export function faultTests(extent: Extent): TortureTest[] {
  return seeded(extent, { short: 1, long: 3 }, (seed) => ({
    name: 'system error',
    seed,
    async run() {
      const plan = { stride: extent.short ? 17 : 1, codes: extent.short ? ['EIO', 'ENOSPC'] : CODES };
      const { problems, faults } = await sweepFaults(seed, plan);
      return { counts: { faults }, problems };
    },
  }));
}

/**
 * Operations of a workload fail, one at a time or a few in a row: nothing acknowledged may be lost, nothing refused may
 * be there, and the store works on as soon as the disk does.
 */
async function sweepFaults(seed: number, { stride, codes }: FaultPlan) {
  const whole = await run(seed, { at: Number.POSITIVE_INFINITY, code: '', burst: 0 });
  const problems = [...whole.problems];
  let faults = 0;
  for (const [index, code] of codes.entries()) {
    for (let at = 1 + (index % stride); at <= whole.operations; at += stride) {
      const burst = BURSTS[(at + index) % BURSTS.length] as number;
      faults++;
      const { problems: found } = await run(seed, { at, code, burst });
      for (const problem of found.slice(0, 1))
        problems.push(`${code} at operation ${at}, ${burst} in a row: ${problem}`);
      if (problems.length >= MOST_PROBLEMS) return { problems, faults };
    }
  }
  return { problems, faults };
}

interface Fault {
  readonly at: number;
  readonly code: string;
  readonly burst: number;
}

async function run(seed: number, fault: Fault) {
  const ledger = new Ledger();
  const disk = new Disk({
    before: (_, { operations }) =>
      operations >= fault.at && operations < fault.at + fault.burst ? fault.code : undefined,
  });
  const problems: string[] = [];
  try {
    const store = await again(() => openOn(disk, 1));
    const client = new Client(store, ledger, { next: 1 });
    client.epoch = (await again(() => store.acquire())).epoch;
    await work(client, { runs: 3, steps: 7 }, `faults ${seed}`);
    if (!(await recovers(client))) problems.push(`the store did not recover: ${client.lastCode}`);
    await store.close().catch(() => undefined);
    // An error at its very end may leave the directory owned by this process, which ends here.
  } catch (error) {
    problems.push(`unhandled: ${String(error)}`);
  }
  const moment = { at: fault.at, what: fault.code, image: disk.image(), ledger };
  for (const how of ['ordered', 'everything'] as const) {
    const found = await recover(diskAfter(moment, how, `faults ${seed} ${fault.at}`), ledger, `faults ${seed}`);
    problems.push(...found.problems);
  }
  return { problems, operations: disk.operations };
}

/** Whether it works again, now that the disk does. */
async function recovers(client: Client): Promise<boolean> {
  for (let probe = 1; probe <= 6; probe++) {
    const start = { kind: 'start', stamp: client.fresh(), input: 'probe', files: {} } as const;
    if ((await client.ask(`probe-${probe}`, start)) === 'ack') return true;
  }
  return false;
}

async function again<T>(call: () => Promise<T>, times = 6): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === times) throw error;
    }
  }
}
