import type { Op, Store } from '@holdfast/core/store';
import { describe, expect, test } from 'vitest';
import { compactStore } from './compact-store.js';
import type { FileSystem } from './index.js';
import { openFileStore } from './index.js';
import { before } from './testing/intercept.test-support.js';
import { openSimulated, simulated } from './testing/open-simulated.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';

const row = (run: string, seq: number) => {
  const base = { workflow: 'w', run, key: run, version: 1, seq, reasons: [], createdAt: 0, updatedAt: 0 } as const;
  return { ...base, status: seq ? ('running' as const) : ('queued' as const) };
};

const put = (run: string, seq: number, length: number): Op[] => [
  { op: 'run', row: row(run, seq) },
  { op: 'put', id: 'state', value: { text: JSON.stringify('x'.repeat(length)) } },
];

async function rewrite(
  store: Store,
  {
    run,
    times,
    length,
    durability = 'strict',
  }: { run: string; times: number; length: number; durability?: 'strict' | 'relaxed' },
  after = () => {},
): Promise<void> {
  const { epoch } = await store.acquire();
  await store.accept({ kind: 'start', row: row(run, 0), input: { text: '1' } });
  for (let seq = 1; seq <= times; seq++) {
    const ops = put(run, seq, length);
    await store.commit({ workflow: 'w', run, epoch, after: seq - 1, durability, ops });
    after();
  }
}

const bytesOf = (disk: SimulatedDisk) =>
  disk.paths().reduce((sum, path) => sum + (path.endsWith('.log') ? disk.peek(path).length : 0), 0);
const turn = () => new Promise(setImmediate);

describe('the space of a log', { timeout: 120_000 }, () => {
  test('is bounded while one value is written again and again', async () => {
    const disk = new SimulatedDisk();
    const segmentBytes = 4096;
    let most = 0;
    const store = await openSimulated(disk, { segmentBytes });
    await rewrite(store, { run: 'a', times: 400, length: 1000 }, () => {
      most = Math.max(most, bytesOf(disk));
    });
    await store.close();
    expect(most).toBeLessThan(5 * segmentBytes);
  });

  test('is bounded over many restarts, and so is the number of its files', async () => {
    const disk = new SimulatedDisk();
    for (let life = 1; life <= 100; life++) {
      const store = await openSimulated(disk, { boot: life, segmentBytes: 1 << 20 });
      const { epoch, release } = await store.acquire();
      if (life === 1) await store.accept({ kind: 'start', row: row('a', 0), input: { text: '1' } });
      await store.commit({
        workflow: 'w',
        run: 'a',
        epoch,
        after: life - 1,
        durability: 'strict',
        ops: put('a', life, 10),
      });
      await turn();
      await release();
    }
    expect(disk.paths().filter((path) => path.endsWith('.log')).length).toBeLessThan(20);
  });

  test('is given back a piece at a time, beside commits', async () => {
    const disk = new SimulatedDisk();
    const filling = await openSimulated(disk, { segmentBytes: 1 << 30 });
    await rewrite(filling, { run: 'a', times: 400, length: 10_000 });
    await filling.close();
    let [read, most] = [0, 0];
    const counted: FileSystem = {
      ...before(disk, async (operation) => {
        if (operation !== 'datasync') return;
        most = Math.max(most, read);
        read = 0;
      }),
      async readAt(path, offset, length) {
        const bytes = await disk.readAt(path, offset, length);
        read += bytes.length;
        return bytes;
      },
    };
    const store = await openSimulated(counted, { boot: 2, segmentBytes: 16 << 10 });
    const ownership = await store.acquire();
    [read, most] = [0, 0];
    await store.accept({ kind: 'start', row: row('b', 0), input: { text: '1' } });
    for (let seq = 1; seq <= 60; seq++) {
      const ops = put('b', seq, 10);
      await store.commit({
        workflow: 'w',
        run: 'b',
        epoch: ownership.epoch,
        after: seq - 1,
        durability: 'strict',
        ops,
      });
    }
    expect(most).toBeGreaterThan(100_000);
    expect(most).toBeLessThan(300_000);
    await turn();
    expect(bytesOf(disk)).toBeLessThan(100_000);
  });

  test('compactStore leaves nothing but what is needed, and that a crash came before', async () => {
    const disk = new SimulatedDisk();
    const store = await openSimulated(disk, { segmentBytes: 1 << 20 });
    await rewrite(store, { run: 'a', times: 50, length: 1000 });
    const place = simulated(disk, { boot: 2, segmentBytes: 1 << 20 });
    const { before: most, after } = await compactStore(place);
    expect(most).toBeGreaterThan(50_000);
    expect(after).toBeLessThan(3000);
    expect(bytesOf(disk)).toBeLessThan(3000);
    const next = await openSimulated(disk, { boot: 3 });
    const { afterCrash, release } = await next.acquire();
    expect([afterCrash, (await next.head({ workflow: 'w', run: 'a' }))?.seq]).toEqual([true, 50]);
    await release();
    await compactStore({ ...place, processes: { self: () => ({ pid: 4 }), isAlive: () => false } });
    expect((await next.acquire()).afterCrash).toBe(false);
  });
});

test('no more than a mebibyte is left unsynced, however long it is not quiet', { timeout: 120_000 }, async () => {
  const disk = new SimulatedDisk();
  const store = await openSimulated(disk, { segmentBytes: 1 << 30 });
  await rewrite(store, { run: 'a', times: 30, length: 100_000, durability: 'relaxed' });
  const later = await openSimulated(disk.afterPowerCut('nothing'), { boot: 2 });
  await later.acquire();
  expect((await later.head({ workflow: 'w', run: 'a' }))?.seq).toBeGreaterThan(18);
});

test.each([0, 1023, 1.5, 2 ** 31, Number.NaN, '8' as unknown as number])(
  'segmentBytes: %s is refused',
  async (segmentBytes) => {
    const refusal = { code: 'OPTION_INVALID', details: { option: 'segmentBytes' } };
    await expect(openFileStore({ directory: '/nowhere/at/all', segmentBytes })).rejects.toMatchObject(refusal);
  },
);
