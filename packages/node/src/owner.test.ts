import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileStore } from './index.js';
import { nodeProcesses } from './owner/processes.js';
import { before } from './testing/intercept.test-support.js';
import { openSimulated } from './testing/open-simulated.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
});
afterEach(() => rm(directory, { recursive: true }));

const ownedBy = (owner: string) => writeFile(join(directory, 'owner.00000007'), owner);

/** The pid of a process that has ended. */
function endedPid(): number {
  return Number(execFileSync(process.execPath, ['-p', 'process.pid']).toString());
}

describe('the owner of a directory', () => {
  test('is named when it is alive', async () => {
    await ownedBy(JSON.stringify({ pid: process.ppid }));
    const store = await openFileStore({ directory });
    const refusal = { code: 'STORE_OWNED', details: { pid: process.ppid, directory } };
    await expect(store.acquire()).rejects.toMatchObject(refusal);
    expect(await readdir(directory)).toEqual(['owner.00000007']);
  });

  test.each([
    ['has ended', () => JSON.stringify({ pid: endedPid() })],
    ['had not written its name', () => ''],
    ['wrote half of it', () => '{"pid":1'],
  ])('is replaced when it %s', async (_, owner) => {
    await ownedBy(owner());
    const store = await openFileStore({ directory });
    expect((await store.acquire()).epoch).toBe(8);
    expect((await readdir(directory)).filter((file) => file.startsWith('owner.'))).toEqual(['owner.00000008']);
    await store.close();
  });

  test.runIf(process.platform === 'linux')('is replaced when its pid was given to another process', async () => {
    const { born } = nodeProcesses.self();
    expect(born).toMatch(/^\d+ [0-9a-f-]{36}$/);
    for (const other of [`1${born}`, `${born}0`]) {
      await ownedBy(JSON.stringify({ pid: process.pid, born: other }));
      const store = await openFileStore({ directory });
      await store.acquire();
      await store.close();
    }
  });

  test('writes its own name, and takes it away when it leaves', async () => {
    const store = await openFileStore({ directory });
    const { epoch, release } = await store.acquire();
    const { socket, ...self } = JSON.parse(await readFile(join(directory, 'owner.00000001'), 'utf8'));
    expect(self).toEqual(nodeProcesses.self());
    expect(await readdir(directory)).toContain(basename(socket));
    await release();
    expect(epoch).toBe(1);
    expect(await readdir(directory)).toEqual(['00000001-00000001.log']);
    await store.close();
  });

  test('is one of those who ask at the same instant', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => openFileStore({ directory })));
    const outcomes = await Promise.allSettled(stores.map((store) => store.acquire()));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? outcome.reason : []));
    expect(refused.map(({ code }) => code)).toEqual(['STORE_OWNED', 'STORE_OWNED', 'STORE_OWNED']);
    await Promise.all(stores.map((store) => store.close()));
  });
});

test('an epoch is not given twice when another owner comes and goes between the look and the grab', async () => {
  const disk = new SimulatedDisk();
  const quick = await openSimulated(disk, { boot: 2 });
  let first: number | undefined;
  const slow = before(disk, async (operation) => {
    if (operation !== 'createExclusive' || first !== undefined) return;
    const { epoch, release } = await quick.acquire();
    first = epoch;
    await release();
  });
  const store = await openSimulated(slow);
  expect((await store.acquire()).epoch).toBeGreaterThan(first ?? Number.NaN);
});

test('a beginning that fails, wherever it does, does not keep its own process out', async () => {
  const row = { workflow: 'w', run: 'r', key: 'k', version: 1, seq: 0, status: 'queued', reasons: [] } as const;
  const start = { kind: 'start', row: { ...row, createdAt: 0, updatedAt: 0 }, input: { text: '1' } } as const;
  let failures = 0;
  for (let at = 1, isOver = false; !isOver; at++) {
    for (const burst of [1, 2, 8]) {
      let operations = Number.NEGATIVE_INFINITY;
      const disk = new SimulatedDisk();
      const failing = before(disk, async () => {
        operations++;
        if (operations >= at && operations < at + burst) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      });
      const store = await openSimulated(failing);
      await store.accept(start);
      operations = 0;
      const first = await store.acquire().catch(({ code }) => code);
      isOver = operations < at;
      if (typeof first === 'string') {
        failures++;
        expect(first).toBe('STORE_FAILED');
        operations = Number.NEGATIVE_INFINITY;
        await store.acquire();
      }
      operations = Number.NEGATIVE_INFINITY;
      await store.close();
      const next = await openSimulated(disk);
      await next.acquire();
      expect((await next.list()).rows).toMatchObject([{ run: 'r' }]);
    }
  }
  expect(failures).toBeGreaterThan(20);
});

test('what a crash left half made is removed by the next owner', async () => {
  const disk = new SimulatedDisk();
  const store = await openSimulated(disk);
  const half = [
    '/store/00000001-00000002.log.tmp',
    '/store/owner.00000001.2f0e7b1a-5d0c-4c55-9a51-0c1f3a1e8a52.tmp',
    '/store/attachments/1-9',
  ];
  for (const path of half) disk.put(path, Buffer.from('half'));
  await disk.makeFolder('/store/attachments');
  await store.acquire();
  expect(disk.paths()).toEqual(['/store/00000001-00000001.log', '/store/owner.00000001']);
});

test('who does not own the directory leaves what it starts for the next owner', async () => {
  const store = await openFileStore({ directory });
  const row = { workflow: 'w', run: 'r', key: 'k', version: 1, seq: 0, status: 'queued', reasons: [] } as const;
  const start = { kind: 'start', row: { ...row, createdAt: 0, updatedAt: 0 }, input: { text: '1' } } as const;
  expect(await store.accept(start)).toEqual({ outcome: 'started' });
  expect(await readdir(directory)).toEqual(['mail']);
  await store.acquire();
  expect((await store.list()).rows).toMatchObject([{ run: 'r' }]);
  expect(await readdir(join(directory, 'mail'))).toEqual([]);
  await store.close();
});
