import { describe, expect, test } from 'vitest';
import type { FileSystem } from './index.js';
import { before } from './testing/intercept.test-support.js';
import { openSimulated } from './testing/open-simulated.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';
import { inShort } from './testing/sweep.test-support.js';
import { audit, work } from './testing/workload.test-support.js';

const start = (run: string) => {
  const row = { workflow: 'w', run, key: run, version: 1, seq: 0, status: 'queued', reasons: [] } as const;
  return { kind: 'start', row: { ...row, createdAt: 0, updatedAt: 0 }, input: { text: '"input"' } } as const;
};

/** Fails each operation named so while `code` is set. */
function failing(disk: FileSystem, names: readonly string[], broken: { code?: string }): FileSystem {
  return before(disk, async (operation) => {
    const { code } = broken;
    if (code && names.includes(operation)) throw Object.assign(new Error(code), { code });
  });
}

describe('one I/O error wherever it works', { timeout: 240_000 }, () => {
  test.each(['EIO', 'ENOSPC'])('%s: nothing acknowledged is lost, and work goes on', async (code) => {
    const whole = new SimulatedDisk();
    await work(() => openSimulated(whole));
    let stopped = 0;
    for (let operation = 1; operation <= whole.operations; operation += inShort(2)) {
      const disk = new SimulatedDisk();
      disk.failures.set(operation, code);
      const accounts = await work(() => openSimulated(disk));
      if (accounts.some(({ acked }) => acked < 5)) stopped++;
      const store = await openSimulated(disk.afterPowerCut({ seed: operation }), { boot: 2 });
      await store.acquire();
      expect(await audit(store, accounts), `${code} at ${operation}`).toEqual([]);
      await store.close();
    }
    expect(stopped).toBe(0);
  });
});

describe('an I/O error', () => {
  test.each([
    ['ENOSPC', 'STORE_FULL', true],
    ['EROFS', 'STORE_UNWRITABLE', true],
    ['EIO', 'STORE_FAILED', true],
  ])('%s is %s, names the directory, and passes', async (code, expected, retryable) => {
    const disk = new SimulatedDisk();
    const store = await openSimulated(disk);
    await store.acquire();
    await store.accept(start('a'));
    const refusal = { code: expected, retryable, details: { directory: '/store', errno: code } };
    for (const ahead of [1, 2]) {
      disk.failures.set(disk.operations + ahead, code); // Its write, or its sync.
      await expect(store.accept(start('b'))).rejects.toMatchObject(refusal);
      expect((await store.list()).rows.map(({ run }) => run)).toEqual(['a']);
    }
    expect(await store.accept(start('b'))).toEqual({ outcome: 'started' });
    await store.close();
  });

  test.each([
    ['datasync', 'openForAppend'],
    ['datasync', 'rename'],
    ['datasync', 'syncFolder'],
    ['append', 'append'],
  ])(
    'of %s and then %s: the outcome is said to be unknown, and nothing is appended to what was left',
    async (...broken) => {
      const failure: { code?: string } = {};
      const disk = new SimulatedDisk();
      const store = await openSimulated(failing(disk, broken, failure));
      await store.acquire();
      await store.accept(start('a'));
      failure.code = 'EIO';
      await expect(store.accept(start('b'))).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: false });
      await expect(store.accept(start('c'))).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: true });
      failure.code = '';
      expect(await store.accept(start('d'))).toEqual({ outcome: 'started' });
      const later = await openSimulated(disk.afterPowerCut('everything'), { boot: 2 });
      await later.acquire();
      expect((await later.list()).rows.map(({ run }) => run)).toEqual(['a', 'd']);
    },
  );

  test('a member that is too large for the disk does not take its group with it', async () => {
    const disk = new SimulatedDisk();
    const small: FileSystem = {
      ...before(disk, async () => {}),
      async openForAppend(path) {
        const file = await disk.openForAppend(path);
        const append = async (bytes: Uint8Array) => {
          if (bytes.length > 2000) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
          await file.append(bytes);
        };
        return { ...file, append };
      },
    };
    const store = await openSimulated(small);
    await store.acquire();
    const large = { ...start('large'), input: { text: JSON.stringify('x'.repeat(3000)) } };
    const outcomes = await Promise.allSettled([start('a'), large, start('b')].map((each) => store.accept(each)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await store.list()).rows.map(({ run }) => run)).toEqual(['a', 'b']);
  });

  test.each(['openForAppend', 'rename', 'syncFolder'])(
    'of %s, in a full segment: nothing acknowledged is lost, and it is reported',
    async (operation) => {
      const failure: { code?: string } = {};
      const reports: string[] = [];
      const disk = new SimulatedDisk();
      const onReport = ({ code }: { code: string }) => void reports.push(code);
      const store = await openSimulated(failing(disk, [operation], failure), { onReport });
      await store.acquire();
      await store.accept(start('a'));
      failure.code = 'ENOSPC';
      const input = { text: JSON.stringify('x'.repeat(2000)) };
      const acked = ['a'];
      for (const run of ['b', 'c', 'd']) {
        const accepted = await store.accept({ ...start(run), input }).catch(() => undefined);
        if (accepted) acked.push(run);
      }
      expect(reports).toContain('COMPACTION_FAILED');
      // Where the new segment had not got its name for sure, nothing is appended; otherwise the old one goes on.
      expect(acked).toEqual(operation === 'openForAppend' ? ['a', 'b', 'c', 'd'] : ['a', 'b']);
      const later = await openSimulated(disk.afterPowerCut('nothing'), { boot: 2 });
      await later.acquire();
      expect((await later.list()).rows.map(({ run }) => run)).toEqual(acked);
      failure.code = '';
      expect(await store.accept(start('e'))).toEqual({ outcome: 'started' });
    },
  );

  test('an acquisition that failed in the middle of its first segment leaves nothing that the next one builds upon', async () => {
    const disk = new SimulatedDisk();
    const first = await openSimulated(disk);
    await first.acquire();
    await first.accept(start('a'));
    await first.close();
    const whole = new SimulatedDisk();
    const acquire = await openSimulated(whole, { boot: 2 });
    await acquire.acquire();
    for (let operation = 1; operation <= whole.operations; operation++) {
      const again = disk.copy();
      again.failures.set(operation, 'ENOSPC');
      const store = await openSimulated(again, { boot: 2 }).catch(() => openSimulated(again, { boot: 2 }));
      await store.acquire().catch(() => store.acquire());
      await store.close();
      const later = await openSimulated(again, { boot: 3 });
      await later.acquire();
      expect(
        (await later.list()).rows.map(({ run }) => run),
        `ENOSPC at ${operation}`,
      ).toEqual(['a']);
    }
  });
});
