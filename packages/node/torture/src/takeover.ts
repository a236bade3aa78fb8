import { wrap } from './around.js';
import { audit, settle } from './audit.js';
import { Client } from './client.js';
import { Disk } from './disk.js';
import type { Entry } from './ledger.js';
import { Ledger } from './ledger.js';
import { type Extent, seeded, type TortureTest } from './report.js';
import { openOn } from './stores.js';
import { diskAfter, recover, type Spoil } from './sweep.js';
import { work } from './workload.js';

export interface TakeoverPlan {
  readonly stride: number;
  readonly spoil?: Spoil;
  readonly most?: number;
}

export function takeoverTests(extent: Extent): TortureTest[] {
  return seeded(extent, { short: 1, long: 4 }, (seed) => ({
    name: 'takeover of an owner that stands still',
    seed,
    async run() {
      const { problems, takeovers } = await sweepTakeovers(seed, { stride: extent.short ? 13 : 1 });
      return { counts: { takeovers }, problems };
    },
  }));
}

/**
 * At one operation after the other an owner stands still; another one takes over as if it were dead, works on its runs
 * and ends or does not; then the first goes on. Nothing that either was told may be lost, and the first is told no more.
 */
export async function sweepTakeovers(seed: number, { stride, spoil = (disk) => disk, most = 5 }: TakeoverPlan) {
  const problems: string[] = [];
  let takeovers = 0;
  const { operations } = await takeOverAt(Number.POSITIVE_INFINITY, seed, spoil);
  for (let at = 1; at <= operations; at += stride) {
    takeovers++;
    const { problems: found } = await takeOverAt(at, seed, spoil);
    for (const problem of found.slice(0, 1)) problems.push(`taken over at operation ${at}: ${problem}`);
    if (problems.length >= most) break;
  }
  return { problems, takeovers };
}

async function takeOverAt(at: number, seed: number, spoil: Spoil) {
  const [disk, ledger, ids] = [new Disk(), new Ledger(), { next: 1 }];
  const problems: string[] = [];
  let [operations, fenced] = [0, false];
  let client: Client | undefined;
  const supersede = (is: boolean) => {
    fenced = is;
    if (client) client.superseded = is;
  };
  const stale = wrap(disk, async ({ go }) => {
    if (++operations === at) {
      await new Promise((next) => setImmediate(next));
      problems.push(...(await succeed(disk, ledger, ids, seed)));
      supersede(true);
    }
    return go();
  });
  const tell = (entry: Entry) => {
    if (fenced && (entry.t === 'ack' || entry.t === 'queued')) problems.push(`told after the takeover: ${entry.run}`);
  };
  try {
    const store = await openOn(spoil(stale), 1);
    client = new Client(store, ledger, ids, tell);
    const ownership = await store.acquire();
    client.epoch = ownership.epoch;
    supersede(false); // Who is overtaken while he acquires, and then comes after the other one, is the owner.
    await work(client, { runs: 3, steps: 7 }, `takeover ${seed}`);
    await ownership.release();
  } catch (error) {
    if (!fenced) problems.push(`refused: ${String(error)}`);
  }
  if (problems.length > 0) return { problems, operations };
  const moment = { at, what: 'takeover', image: disk.image(), ledger };
  for (const how of ['ordered', 'everything'] as const) {
    const found = await recover(diskAfter(moment, how, `takeover ${seed} ${at}`), ledger, `takeover ${seed}`, 20);
    problems.push(...found.problems);
  }
  return { problems, operations };
}

/** The other owner: takes what it finds, works on, and, of two times one, gives the store back. */
async function succeed(disk: Disk, ledger: Ledger, ids: { next: number }, seed: number): Promise<string[]> {
  const store = await openOn(disk, 2);
  const client = new Client(store, ledger, ids);
  try {
    client.epoch = (await store.acquire()).epoch;
    const findings = await audit(store, ledger);
    if (findings.problems.length > 0) return findings.problems;
    settle(ledger, findings);
    await work(client, { runs: 3, steps: 2 }, `successor ${seed}`);
    const probe = { kind: 'start', stamp: client.fresh(), input: 'probe', files: {} } as const;
    if ((await client.ask(`probe-${probe.stamp}`, probe)) !== 'ack')
      return [`the successor could not work: ${client.lastCode}`];
    if (ids.next % 2) await store.close();
    return [];
  } catch (error) {
    return [`the successor was refused: ${String(error)}`];
  }
}
