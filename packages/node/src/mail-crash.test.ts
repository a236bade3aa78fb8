import type { Ownership, Store } from '@holdfast/core/store';
import { describe, expect, test } from 'vitest';
import type { FileSystem } from './index.js';
import { before } from './testing/intercept.test-support.js';
import { LookedAt } from './testing/looked-at.test-support.js';
import { anEvent, aStart, audit, Ledger, Machine, takeAll } from './testing/mail-world.test-support.js';
import { SimulatedDisk, type Survival } from './testing/simulated-disk.test-support.js';
import { inShort } from './testing/sweep.test-support.js';

const OWNER = 1;
const SENDER = 2;

/** Of its operations; `npm run torture` takes all. */
const STRIDE = inShort(11, 5);

interface Disks {
  readonly owner: FileSystem;
  readonly sender: FileSystem;
}

/** What a failure of the disk, or the death of a process, leaves undone is left undone. */
const quietly = <T>(call: () => Promise<T> | undefined): Promise<T | undefined> =>
  Promise.resolve()
    .then(call)
    .catch(() => undefined);

/**
 * A run is started by an owner that leaves. Another process sends to it while nobody is there, then while the next owner
 * takes what comes, then when that has left again.
 */
async function story(machine: Machine, disks: Disks): Promise<Ledger> {
  const ledger = new Ledger();
  const founder = await quietly(() => machine.open(OWNER, disks.owner));
  await quietly(async () => founder?.acquire());
  await quietly(async () => founder?.accept(aStart('r')));
  const founded = await quietly(async () => founder?.head({ workflow: 'mail', run: 'r' }));
  await quietly(async () => founder?.close());
  const sender = await quietly(() => machine.open(SENDER, disks.sender));
  if (!founded) return ledger;
  await ledger.send(sender, anEvent('r', 'event-1'));
  await ledger.send(sender, aStart('run-photo', 'of a run'));
  await ledger.send(sender, anEvent('r', 'event-2'));
  const owner = await quietly(() => machine.open(OWNER, disks.owner));
  const ownership = await quietly(async () => owner?.acquire());
  for (let n = 3; n <= 8; n++) {
    await ledger.send(sender, n === 5 ? anEvent('r', 'event-photo', 'of an event') : anEvent('r', `event-${n}`));
    if (n % 2 === 0 && owner && ownership) await quietly(() => takeAll(owner, ownership, 'r'));
  }
  await Promise.all([9, 10].map((n) => ledger.send(sender, anEvent('r', `event-${n}`))));
  await ledger.send(sender, anEvent('absent', 'event-refused'));
  await ledger.send(sender, aStart('run-again'));
  await ledger.send(sender, aStart('run-again'));
  await quietly(async () => owner?.close());
  await ledger.send(sender, anEvent('r', 'event-last'));
  await quietly(async () => sender?.close());
  return ledger;
}

/** What the next owner finds, and, where that is cut off, the one after it. */
async function findings(disk: SimulatedDisk, ledger: Ledger, cutAt?: number): Promise<string[]> {
  let found = disk;
  if (cutAt !== undefined) {
    found.cutAt = found.operations + cutAt;
    const cut = new Machine();
    const owner = await quietly(() => cut.open(3, found));
    const ownership = await quietly(async () => owner?.acquire());
    if (owner && ownership) await quietly(() => takeAll(owner, ownership, 'r'));
    found = found.afterPowerCut({ seed: cutAt });
  }
  const machine = new Machine();
  const [store, ownership] = await owned(machine, found);
  const problems = await audit(store, ownership, ledger);
  const left = found.paths().filter((path) => path.startsWith('/store/mail/') && !/\.tmp$|\.\d+$/.test(path));
  if (left.length > 0) problems.push(`left: ${left}`);
  await store.close();
  return problems;
}

async function owned(machine: Machine, disk: FileSystem): Promise<[Store, Ownership]> {
  const store = await machine.open(4, disk);
  return [store, await store.acquire()];
}

/** The power is cut at that operation of the story. */
async function cutAt(at: number, survival: Survival, spoil: (disk: FileSystem) => Partial<Disks> = () => ({})) {
  const disk = new SimulatedDisk();
  disk.cutAt = at;
  const ledger = await story(new Machine(), { owner: disk, sender: disk, ...spoil(disk) });
  return { ledger, disk: disk.afterPowerCut(survival), operations: disk.operations };
}

/** The process with that pid is killed before that operation of its own; the others go on. */
async function killAt(at: number, pid: number) {
  const disk = new SimulatedDisk();
  const machine = new Machine();
  let operations = 0;
  const dying = before(disk, async () => {
    operations++;
    if (operations === at) machine.kill(pid);
    if (operations >= at) throw new Error('killed');
  });
  const ledger = await story(machine, { owner: disk, sender: disk, [pid === OWNER ? 'owner' : 'sender']: dying });
  return { ledger, disk, operations };
}

const EVERYTHING = ['event-1', 'run-photo', 'event-2', 'event-3', 'event-4', 'event-photo', 'event-6', 'event-7'];

describe('what another process sends', { timeout: 120_000 }, () => {
  test('is done once, in its order, where nobody crashes; what is refused is not', async () => {
    const { ledger, disk } = await cutAt(Number.POSITIVE_INFINITY, 'nothing');
    const rest = ['event-8', 'event-9', 'event-10', 'run-again', 'event-last'];
    expect([...ledger.accepted]).toEqual([...EVERYTHING, ...rest]);
    expect(await findings(disk, ledger)).toEqual([]);
  });

  test.each<[string, (at: number) => Survival]>([
    ['what was not synced is lost', () => 'nothing'],
    ['some of what was not synced is lost', (at) => ({ seed: at })],
  ])('is done once if it was accepted, wherever the power is cut: %s', async (_, survival) => {
    const { operations } = await cutAt(Number.POSITIVE_INFINITY, 'nothing');
    const lookedAt = new LookedAt();
    for (let at = 1; at <= operations; at += STRIDE) {
      const { ledger, disk } = await cutAt(at, survival(at));
      if (!lookedAt.first(disk, ledger)) continue;
      expect(await findings(disk, ledger), `cut at ${at}`).toEqual([]);
    }
  });

  test('is done once if it was accepted, wherever the power is cut again', async () => {
    const { operations } = await cutAt(Number.POSITIVE_INFINITY, 'nothing');
    for (let at = 1; at <= operations; at += inShort(151, 67)) {
      const { ledger, disk } = await cutAt(at, { seed: at });
      for (let again = 1 + (at % 5); again <= 60; again += 5) {
        expect(await findings(disk.copy(), ledger, again), `cut at ${at}, again at ${again}`).toEqual([]);
      }
    }
  });

  test.each([
    ['the owner', OWNER],
    ['the sender', SENDER],
  ])('is done once if it was accepted, wherever %s is killed', async (_, pid) => {
    const { operations } = await killAt(Number.POSITIVE_INFINITY, pid);
    for (let at = 1; at <= operations; at += STRIDE) {
      const { ledger, disk } = await killAt(at, pid);
      expect(await findings(disk, ledger), `killed at ${at}`).toEqual([]);
    }
  });
});

/** Files of the folder of mail. */
const isMail = (path: string) => path.includes('/mail');

describe('the sweep would notice', { timeout: 120_000 }, () => {
  const withoutMailSync = (disk: FileSystem): FileSystem => ({
    ...before(disk, async () => {}),
    syncFolder: async (folder) => (isMail(folder) ? undefined : disk.syncFolder(folder)),
  });
  const mutations: [string, RegExp, (disk: FileSystem) => Partial<Disks>][] = [
    ['a sender that does not sync the folder', /^lost: /, (disk) => ({ sender: withoutMailSync(disk) })],
    [
      'an owner that forgets ids before removals are synced',
      /^repeated: /,
      (disk) => ({ owner: withoutMailSync(disk) }),
    ],
    [
      'an owner that removes mail before its line was acknowledged',
      /^lost: /,
      (disk) => ({
        owner: {
          ...before(disk, async () => {}),
          async rename(from, to) {
            await disk.rename(from, to);
            if (!isMail(to)) return;
            await disk.remove(to);
            await disk.syncFolder('/store/mail');
          },
        },
      }),
    ],
    [
      'a sender that does not sync its files',
      /^lost: /,
      (disk) => ({
        sender: {
          ...before(disk, async () => {}),
          openForAppend: async (path) => ({ ...(await disk.openForAppend(path)), datasync: async () => {} }),
        },
      }),
    ],
  ];

  test.each(mutations)('%s', async (_, problem, spoil) => {
    const { operations } = await cutAt(Number.POSITIVE_INFINITY, 'nothing', spoil);
    const problems: string[] = [];
    const lookedAt = new LookedAt();
    for (const survival of ['nothing', { seed: 3 }, { seed: 5 }] as const) {
      for (let at = 30; at <= operations && !problems.some((one) => problem.test(one)); at++) {
        const { ledger, disk } = await cutAt(at, survival, spoil);
        if (lookedAt.first(disk, ledger)) problems.push(...(await findings(disk, ledger)));
      }
    }
    expect(problems.some((one) => problem.test(one))).toBe(true);
  });
});
