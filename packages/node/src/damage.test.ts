import { isHoldfastError } from '@holdfast/core';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FileStoreReport } from './index.js';
import { encodeLine } from './log/line.js';
import { scanSegment } from './log/scan.js';
import { LogState } from './log/state.js';
import { openSimulated } from './testing/open-simulated.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';
import { work } from './testing/workload.test-support.js';

/** What a segment reads as: the records, or the code of the refusal. */
function read(bytes: Buffer): { records: string; torn: boolean } | { code: string; offset: unknown } {
  try {
    const segment = scanSegment(bytes, 'segment');
    const records = JSON.stringify([...LogState.of(segment).dump().runs]);
    return { records, torn: segment.tornAt !== undefined };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { code: error.code, offset: error.details.offset };
  }
}

/** The starts of the lines. */
function lineStarts(bytes: Buffer): number[] {
  return [0, ...[...bytes.keys()].filter((at) => bytes[at] === 0x0a).map((at) => at + 1)];
}

let disk: SimulatedDisk;
/** The segment of a store that was closed in good order: two runs as they were when it began, and what followed. */
let segment: Buffer;
let path: string;

beforeEach(async () => {
  disk = new SimulatedDisk();
  await work(() => openSimulated(disk), ['a'], 1);
  await work(() => openSimulated(disk), ['deleted'], 1);
  path = disk.paths().find((name) => name.endsWith('.log')) ?? '';
  segment = disk.peek(path);
});

/** Every state that the log went through. */
function states(): Set<string> {
  const found = lineStarts(segment).map((end) => read(segment.subarray(0, end)));
  return new Set(found.flatMap((state) => ('records' in state ? [state.records] : [])));
}

describe('a damaged log is never read wrongly', { timeout: 60_000 }, () => {
  test('cut at every byte: an earlier state, said to be cut, or a refusal', () => {
    const [known, starts] = [states(), new Set(lineStarts(segment))];
    for (let length = 0; length < segment.length; length++) {
      const found = read(segment.subarray(0, length));
      if ('code' in found) expect(found.code).toBe('STORE_DAMAGED');
      else expect([known.has(found.records), found.torn], `cut at ${length}`).toEqual([true, !starts.has(length)]);
    }
  });

  test('every bit flipped, after a close: all that was stored, or a refusal that names the line', () => {
    const whole = read(segment);
    const starts = lineStarts(segment);
    let refusals = 0;
    for (let bit = 0; bit < segment.length * 8; bit++) {
      const flipped = Buffer.from(segment);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const found = read(flipped);
      if ('code' in found) {
        refusals++;
        expect([found.code, found.offset]).toEqual([
          'STORE_DAMAGED',
          starts.filter((start) => start <= bit >> 3).at(-1),
        ]);
      } else expect(found, `bit ${bit}`).toEqual({ ...whole, torn: true });
    }
    expect(refusals).toBeGreaterThan(0.9 * 8 * segment.length - 8 * 120);
  });

  test('every bit flipped, of a log that was not closed: an earlier state, said to be cut, or a refusal', () => {
    const known = states();
    const unclosed = segment.subarray(0, lineStarts(segment).at(-2));
    for (let bit = 0; bit < unclosed.length * 8; bit++) {
      const flipped = Buffer.from(unclosed);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const found = read(flipped);
      if ('code' in found) expect(found.code).toBe('STORE_DAMAGED');
      else expect([known.has(found.records), found.torn], `bit ${bit}`).toEqual([true, true]);
    }
  });
});

describe('opening a damaged store', () => {
  test('an unfinished end is cut and reported with file and offset', async () => {
    const last = lineStarts(segment).at(-2) as number;
    disk.put(path, segment.subarray(0, -3));
    const reports: FileStoreReport[] = [];
    const store = await openSimulated(disk, { boot: 2, onReport: (report) => reports.push(report) });
    await store.acquire();
    expect(reports).toEqual([{ code: 'TAIL_CUT', file: path.slice('/store/'.length), offset: last }]);
    expect((await store.list()).rows.map(({ run, seq }) => [run, seq])).toEqual([['a', 1]]);
  });

  test('damage is refused with file and offset, and is not touched', async () => {
    const [, , third] = lineStarts(segment) as [number, number, number];
    const damaged = Buffer.from(segment);
    damaged[third + 20] = 0x58;
    disk.put(path, damaged);
    const store = await openSimulated(disk, { boot: 2 });
    const refusal = { code: 'STORE_DAMAGED', details: { file: path.slice('/store/'.length), offset: third } };
    await expect(store.acquire()).rejects.toMatchObject(refusal);
    await expect(store.load({ workflow: 'work', run: 'a' })).rejects.toMatchObject(refusal);
    expect(disk.peek(path)).toEqual(damaged);
    disk.put(path, segment);
    await store.acquire();
    expect((await store.list()).rows).toHaveLength(1);
  });

  test('a damaged attachment is refused by name', async () => {
    const file = disk.paths().find((name) => name.includes('/attachments/')) as string;
    disk.put(file, Buffer.from(disk.peek(file)).fill(0x58, 0, 1));
    const store = await openSimulated(disk, { boot: 2 });
    const refusal = { code: 'STORE_DAMAGED', details: { file: file.slice('/store/'.length) } };
    await expect(store.load({ workflow: 'work', run: 'a' })).rejects.toMatchObject(refusal);
  });

  test('a newer format is refused', async () => {
    const header = { line: 1, batch: 1, left: 0, synced: 0 };
    const entry = { kind: 'header', format: 2, epoch: 1, lastN: 0, runs: 0 } as const;
    disk.put('/store/00000009-00000001.log', Buffer.from(encodeLine({ ...header, entry })));
    const store = await openSimulated(disk, { boot: 2 });
    await expect(store.acquire()).rejects.toMatchObject({ code: 'STORE_FORMAT', details: { format: 2 } });
  });

  test('foreign files are left alone', async () => {
    disk.put('/store/notes.txt', Buffer.from('mine'));
    const store = await openSimulated(disk, { boot: 2 });
    await store.acquire();
    await store.close();
    expect(disk.peek('/store/notes.txt').toString()).toBe('mine');
  });

  test('a reader that does not own the store sees what is known to be synced', async () => {
    const kept = lineStarts(segment).at(-2) as number;
    disk.put(path, segment.subarray(0, kept));
    const reader = await openSimulated(disk, { boot: 2 });
    const address = { workflow: 'work', run: 'deleted' };
    // Its deletion is the last line: nothing tells that it was synced, but that its attachment is gone.
    expect((await reader.head(address))?.seq).toBe(1);
    expect(await reader.load(address)).toBeUndefined();
  });
});
