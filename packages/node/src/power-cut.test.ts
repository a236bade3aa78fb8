import type { Store } from '@holdfast/core/store';
import { describe, expect, test } from 'vitest';
import type { AppendFile, FileStoreReport } from './index.js';
import { LookedAt } from './testing/looked-at.test-support.js';
import { ManualTimers, openSimulated } from './testing/open-simulated.test-support.js';
import { SimulatedDisk, type Survival } from './testing/simulated-disk.test-support.js';
import { inShort } from './testing/sweep.test-support.js';
import { type Account, audit, work } from './testing/workload.test-support.js';

const SURVIVALS: Survival[] = ['nothing', 'everything', { seed: 1 }, { seed: 2 }];

async function workUntilCut(disk: SimulatedDisk, cutAt: number): Promise<Account[]> {
  disk.cutAt = cutAt;
  return work(() => openSimulated(disk));
}

/** Opens what is left, looks at it, and works on with it. */
async function examine(disk: SimulatedDisk, accounts: readonly Account[]): Promise<string[]> {
  let store: Store | undefined;
  try {
    store = await openSimulated(disk, { boot: 3 });
    await store.acquire();
    const problems = await audit(store, accounts);
    await store.close();
    const later = await work(() => openSimulated(disk, { boot: 4 }), ['later'], 1);
    store = await openSimulated(disk, { boot: 5 });
    return [...problems, ...(await audit(store, [...accounts, ...later]))];
  } catch (error) {
    return [`refused: ${String(error)}`];
  } finally {
    await store?.close();
  }
}

/** Cuts the power all over the workload; tells everything that is wrong afterwards. */
async function* sweep(make: () => SimulatedDisk): AsyncGenerator<string> {
  const whole = make();
  await work(() => openSimulated(whole));
  const lookedAt = new LookedAt();
  for (let cutAt = 1; cutAt <= whole.operations; cutAt += inShort(3)) {
    const disk = make();
    const accounts = await workUntilCut(disk, cutAt);
    for (const survival of SURVIVALS) {
      const found = disk.afterPowerCut(survival);
      const problems = lookedAt.first(found, accounts) ? await examine(found, accounts) : [];
      for (const problem of problems) yield `cut at ${cutAt}, ${JSON.stringify(survival)} survived: ${problem}`;
    }
  }
}

/** The first problem of a sweep that says `text`. */
async function firstProblem(make: () => SimulatedDisk, text: string): Promise<string | undefined> {
  for await (const problem of sweep(make)) if (problem.includes(text)) return problem;
  return undefined;
}

/** Whole sweeps take seconds, on a busy machine minutes. */
const SWEEP = { timeout: 240_000 };

describe('power cut wherever it works', SWEEP, () => {
  test('nothing acknowledged is lost, nothing is half there, nothing is invented', async () => {
    const problems: string[] = [];
    for await (const problem of sweep(() => new SimulatedDisk())) problems.push(problem);
    expect(problems).toEqual([]);
  });

  test('the same when the recovery is cut too', async () => {
    const problems: string[] = [];
    const whole = new SimulatedDisk();
    await work(() => openSimulated(whole));
    const lookedAt = new LookedAt();
    for (let cutAt = 5; cutAt <= whole.operations; cutAt += inShort(17, 7)) {
      const disk = new SimulatedDisk();
      const accounts = await workUntilCut(disk, cutAt);
      for (let recoveryCutAt = 1; recoveryCutAt <= 20; recoveryCutAt++) {
        const found = disk.afterPowerCut({ seed: cutAt + recoveryCutAt });
        if (!lookedAt.first(found, [accounts, recoveryCutAt])) continue;
        found.cutAt = recoveryCutAt;
        await work(() => openSimulated(found, { boot: 2 }), []);
        const again = found.afterPowerCut({ seed: recoveryCutAt });
        if (lookedAt.first(again, accounts)) problems.push(...(await examine(again, accounts)));
      }
    }
    expect(problems).toEqual([]);
  });

  test('the same when the process was killed before, and its successor goes on with what was not synced', async () => {
    const problems: string[] = [];
    const whole = new SimulatedDisk();
    await work(() => openSimulated(whole));
    const lookedAt = new LookedAt();
    for (let killedAt = 8; killedAt <= whole.operations; killedAt += inShort(29, 11)) {
      for (let cutAfter = 3; cutAfter <= 24; cutAfter += 3) {
        const disk = new SimulatedDisk();
        const accounts = await workUntilCut(disk, killedAt);
        disk.cutAt = disk.operations + cutAfter;
        await work(() => openSimulated(disk, { boot: 2 }), []);
        for (const survival of SURVIVALS) {
          const left = disk.afterPowerCut(survival);
          const found = lookedAt.first(left, accounts) ? await examine(left, accounts) : [];
          problems.push(...found.map((problem) => `killed at ${killedAt}, cut ${cutAfter} later: ${problem}`));
        }
      }
    }
    expect(problems).toEqual([]);
  });

  test('relaxed checkpoints are torn out of order, and never look like damage', async () => {
    const problems: string[] = [];
    const relaxedly = async (disk: SimulatedDisk) => {
      const timers = new ManualTimers();
      let pauses = 0;
      // The third pause is long enough for a sync and a stamp.
      const pause = () => void (++pauses === 3 && timers.fire());
      return work(() => openSimulated(disk, { timers }), ['relaxed'], 12, pause);
    };
    const whole = new SimulatedDisk();
    await relaxedly(whole);
    const lookedAt = new LookedAt();
    let torn = 0;
    for (let cutAt = 1; cutAt <= whole.operations; cutAt += inShort(3)) {
      const disk = new SimulatedDisk();
      disk.cutAt = cutAt;
      const accounts = await relaxedly(disk);
      for (let seed = 0; seed < 4; seed++) {
        const found = disk.afterPowerCut({ seed });
        if (!lookedAt.first(found, accounts)) continue;
        const reports: FileStoreReport[] = [];
        await (await openSimulated(found.copy(), { boot: 2, onReport: (report) => reports.push(report) })).acquire();
        if (reports.some(({ code }) => code === 'TAIL_CUT')) torn++;
        problems.push(...(await examine(found, accounts)));
      }
    }
    expect(problems).toEqual([]);
    expect(torn).toBeGreaterThan(10);
  });

  test('the workload begins new segments, compacts, and attaches', async () => {
    const disk = new SimulatedDisk();
    const seen = new Set<string>();
    const rename = disk.rename.bind(disk);
    disk.rename = (from, to) => {
      seen.add(to);
      return rename(from, to);
    };
    await work(() => openSimulated(disk));
    expect(seen.size).toBeGreaterThan(2);
    const left = disk.paths().filter((path) => path.endsWith('.log'));
    expect(left.length).toBeLessThan(seen.size - 1);
    expect(disk.paths().filter((path) => path.startsWith('/store/attachments/'))).toHaveLength(2);
  });
});

test('a disk counts as looked at only with the same names and bytes, after the same was asked', () => {
  const lookedAt = new LookedAt();
  const disk = new SimulatedDisk();
  disk.put('/store/a', Buffer.from('one'));
  const first = (asked: string) => lookedAt.first(disk.copy(), { asked: new Set([asked]) });
  expect([first('x'), first('x'), first('y')]).toEqual([true, false, true]);
  disk.put('/store/a', Buffer.from('two'));
  expect([first('x'), first('x')]).toEqual([true, false]);
  disk.put('/store/b', Buffer.from(''));
  expect(first('x')).toBe(true);
});

class WithoutDatasync extends SimulatedDisk {
  constructor(readonly files: RegExp) {
    super();
  }

  override async openForAppend(path: string): Promise<AppendFile> {
    const file = await super.openForAppend(path);
    return this.files.test(path) ? { ...file, datasync: async () => {} } : file;
  }
}

class WithoutFolderSync extends SimulatedDisk {
  constructor(readonly folder: string) {
    super();
  }

  override async syncFolder(folder: string): Promise<void> {
    if (folder !== this.folder) await super.syncFolder(folder);
  }
}

describe('the sweep sees what is missing', SWEEP, () => {
  const missing: [string, () => SimulatedDisk, string][] = [
    ['the fdatasync of a batch', () => new WithoutDatasync(/\.log$/), 'lost'],
    ['the fdatasync of a new segment', () => new WithoutDatasync(/\.log\.tmp$/), 'is damaged at byte'],
    ['the fdatasync of an attachment', () => new WithoutDatasync(/attachments/), 'attachment "photo-'],
    ['the sync of the folder', () => new WithoutFolderSync('/store'), 'lost'],
    ['the sync of the folder of attachments', () => new WithoutFolderSync('/store/attachments'), 'attachment "photo-'],
  ];
  test.each(missing)('without %s', async (_, make, text) => {
    expect(await firstProblem(make, text)).toBeDefined();
  });
});
