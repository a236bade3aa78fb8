import { isHoldfastError } from '@holdfast/core';
import { describe, expect, test } from 'vitest';
import type { FileSystem } from './index.js';
import { before } from './testing/intercept.test-support.js';
import { openSimulated } from './testing/open-simulated.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';
import { type Account, audit, work } from './testing/workload.test-support.js';

interface Takeover {
  readonly accounts: Account[];
  readonly problems: string[];
  readonly operations: number;
}

/**
 * One process works; at its operation `at` another one takes over wrongly, as if the first were dead. What the first
 * was told to be stored, a third one must find.
 */
async function takeOverAt(at: number, spoil: (stale: FileSystem) => FileSystem = (same) => same): Promise<Takeover> {
  const disk = new SimulatedDisk();
  const successor = await openSimulated(disk, { boot: 2 });
  let operations = 0;
  const stale = before(disk, async () => {
    if (++operations === at) await successor.acquire();
  });
  const accounts = await work(() => openSimulated(spoil(stale)));
  await successor.close();
  const heir = await openSimulated(disk, { boot: 3 });
  await heir.acquire();
  return { accounts, problems: await audit(heir, accounts), operations };
}

/** A file system that tells an owner that there is none after it, whatever there is. */
function blind(stale: FileSystem): FileSystem {
  let asked = 0;
  const exists = async (path: string) => (path.includes('owner.') ? ++asked % 2 === 0 : stale.exists(path));
  return { ...before(stale, async () => {}), exists };
}

describe('a wrong takeover at every operation', { timeout: 240_000 }, () => {
  test('loses nothing that the first owner was told to be stored', async () => {
    const { operations, accounts } = await takeOverAt(Number.POSITIVE_INFINITY);
    expect(accounts.every(({ acked }) => acked === 5)).toBe(true);
    let stopped = 0;
    for (let at = 1; at <= operations; at++) {
      const takeover = await takeOverAt(at);
      expect(takeover.problems, `taken over at ${at}`).toEqual([]);
      if (takeover.accounts.some(({ acked }) => acked < 5)) stopped++;
    }
    expect(stopped).toBeGreaterThan(operations / 2);
  });

  test('would lose something without the fence', async () => {
    const { operations } = await takeOverAt(Number.POSITIVE_INFINITY);
    const problems: string[] = [];
    for (let at = 10; at < operations && problems.length === 0; at++) {
      const refused = (error: unknown) => ({ problems: [String(error)] });
      problems.push(...(await takeOverAt(at, blind).catch(refused)).problems);
    }
    expect(problems.some((problem) => /lost|damaged/.test(problem))).toBe(true);
  });
});

test('an owner that stood still while it tidied up does not remove what the next one has attached', async () => {
  const disk = new SimulatedDisk();
  const successor = await openSimulated(disk, { boot: 2 });
  const row = { workflow: 'w', run: 'r', key: 'k', version: 1, seq: 0, status: 'queued', reasons: [] } as const;
  const attachments = [{ id: 'photo', blob: new Blob(['photo']) }];
  const start = {
    kind: 'start',
    row: { ...row, createdAt: 0, updatedAt: 0 },
    input: { text: '1' },
    attachments,
  } as const;
  let tidying = false;
  const stale = before(disk, async (operation) => {
    if (operation === 'list' && tidying) {
      tidying = false;
      await successor.acquire();
      await successor.accept(start);
    }
    // The first thing that comes after the check that it is still the owner.
    if (operation === 'syncFolder') tidying = true;
  });
  await (await openSimulated(stale)).acquire();
  const stored = await successor.load({ workflow: 'w', run: 'r' });
  expect(await (stored?.attachments.get('photo') as Blob | undefined)?.text()).toBe('photo');
});

test('a fenced owner is told so, by its commit and by its signal', async () => {
  const disk = new SimulatedDisk();
  const stale = await openSimulated(disk);
  const { epoch, lost } = await stale.acquire();
  const successor = await openSimulated(disk, { boot: 2 });
  await successor.acquire();
  expect(lost.aborted).toBe(false);
  const row = { workflow: 'w', run: 'r', key: 'k', version: 1, seq: 0, status: 'queued', reasons: [] } as const;
  const start = { kind: 'start', row: { ...row, createdAt: 0, updatedAt: 0 }, input: { text: '1' } } as const;
  await expect(stale.accept(start)).rejects.toMatchObject({ code: 'STORE_FENCED', retryable: false });
  expect(isHoldfastError(lost.reason, 'STORE_FENCED')).toBe(true);
  const commit = { workflow: 'w', run: 'r', epoch, after: 0, durability: 'strict', ops: [] } as const;
  await expect(stale.commit(commit)).rejects.toMatchObject({ code: 'STORE_FENCED' });
  await stale.close();
  expect(await successor.accept(start)).toEqual({ outcome: 'started' });
});

test('an owner that is taken over while it tidies up removes nothing of its successor', async () => {
  const row = { workflow: 'w', run: 'r', key: 'k', version: 1, seq: 0, status: 'queued', reasons: [] } as const;
  const attachments = [{ id: 'photo', blob: new Blob(['photo']) }];
  const start = {
    kind: 'start',
    row: { ...row, createdAt: 0, updatedAt: 0 },
    input: { text: '1' },
    attachments,
  } as const;
  let taken = 0;
  for (let at = 1; at <= 30; at++) {
    const disk = new SimulatedDisk();
    await work(() => openSimulated(disk, { boot: 3 }), ['a'], 1);
    let operations = 0;
    const successor = await openSimulated(disk, { boot: 2 });
    const stale = before(disk, async () => {
      if (++operations !== at) return;
      await successor.acquire();
      await successor.accept(start);
      taken++;
    });
    const ownership = await (await openSimulated(stale)).acquire().catch(() => undefined);
    await ownership?.release().catch(() => undefined);
    if (operations < at) break;
    const heir = await openSimulated(disk, { boot: 4 });
    await heir.acquire();
    expect(
      await ((await heir.load(row))?.attachments.get('photo') as Blob | undefined)?.text(),
      `taken over at ${at}`,
    ).toBe('photo');
  }
  expect(taken).toBeGreaterThan(15);
});

test('an owner that is taken over while it begins is not given the right', async () => {
  const disk = new SimulatedDisk();
  const successor = await openSimulated(disk, { boot: 2 });
  let next: number | undefined;
  const stale = before(disk, async (operation) => {
    if (operation === 'syncFolder' && next === undefined) ({ epoch: next } = await successor.acquire());
  });
  const { epoch } = await (await openSimulated(stale)).acquire();
  expect([next, epoch]).toEqual([2, 3]);
});
