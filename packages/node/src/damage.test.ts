import { FORMAT_VERSION } from '@holdfast/core/store';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FileStoreReport } from './index.js';
import { LOG_FORMAT } from './log/entry.js';
import { encodeLine } from './log/line.js';
import { openSimulated } from './testing/open-simulated.test-support.js';
import { readLog } from './testing/read-log.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';
import { inShort } from './testing/sweep.test-support.js';
import { work } from './testing/workload.test-support.js';

/** The starts of the lines. */
function lineStarts(bytes: Buffer): number[] {
  return [0, ...[...bytes.keys()].filter((at) => bytes[at] === 0x0a).map((at) => at + 1)];
}

let disk: SimulatedDisk;
/** Of a store that was closed in good order: the newest segment, and those before it. */
let segment: Buffer;
let path: string;
let older: string[];

beforeEach(() => fill(1024));

async function fill(segmentBytes: number): Promise<void> {
  disk = new SimulatedDisk();
  await work(() => openSimulated(disk, { segmentBytes }), ['a'], 1);
  await work(() => openSimulated(disk, { segmentBytes }), ['deleted'], 1);
  // Here it is the segments that are read: of an index, see segment-index.test.ts.
  for (const name of disk.paths()) if (name.endsWith('.index')) await disk.remove(name);
  const paths = disk.paths().filter((name) => name.endsWith('.log'));
  path = paths.pop() ?? '';
  older = paths;
  segment = disk.peek(path);
}

/** What the store reads as with other bytes in one of its files. */
async function readWith(file: string, bytes: Buffer): ReturnType<typeof readLog> {
  const before = disk.peek(file);
  disk.put(file, bytes);
  const found = await readLog(disk);
  disk.put(file, before);
  return found;
}

/** Every state that the newest segment went through. */
async function states(): Promise<Set<string>> {
  const known = new Set<string>();
  for (const end of lineStarts(segment)) {
    const found = await readWith(path, segment.subarray(0, end));
    if ('records' in found) known.add(found.records);
  }
  return known;
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

const nameOf = (file: string) => file.slice('/store/'.length);

describe('a damaged log is never read wrongly', { timeout: 240_000 }, () => {
  test('cut at every byte: an earlier state, said to be cut, or a refusal', async () => {
    const [known, starts] = [await states(), new Set(lineStarts(segment))];
    for (let length = 0; length < segment.length; length++) {
      const found = await readWith(path, segment.subarray(0, length));
      if ('code' in found) expect(found.code).toBe('STORE_DAMAGED');
      else expect([known.has(found.records), !found.torn], `cut at ${length}`).toEqual([true, starts.has(length)]);
    }
  });

  test('a closed segment cut at every byte: refused, or what is missing does not count', async () => {
    const whole = await readLog(disk);
    expect(older.length).toBeGreaterThan(0);
    for (const file of older) {
      const bytes = disk.peek(file);
      const counted = lineStarts(bytes).at(-2) ?? 0; // All but the line of its owner's end.
      for (let length = 0; length < bytes.length; length++) {
        const found = await readWith(file, bytes.subarray(0, length));
        if ('code' in found) expect([found.code, found.file]).toEqual(['STORE_DAMAGED', nameOf(file)]);
        else expect([length >= counted, found], `${file} cut at ${length}`).toEqual([true, whole]);
      }
    }
  });

  test('bits flipped, all over it, after a close: all that was stored, or a refusal that names the line', async () => {
    const whole = await readLog(disk);
    let [refusals, bits] = [0, 0];
    for (const file of [...older, path]) {
      const bytes = disk.peek(file);
      const starts = lineStarts(bytes);
      for (let bit = 0; bit < bytes.length * 8; bit += file === path ? inShort(3) : inShort(11, 5), bits++) {
        const found = await readWith(file, flipped(bytes, bit));
        if ('code' in found) {
          refusals++;
          const offset = starts.filter((start) => start <= bit >> 3).at(-1);
          expect(found, `${file}, bit ${bit}`).toEqual({ code: 'STORE_DAMAGED', file: nameOf(file), offset });
        } else expect(found.records, `${file}, bit ${bit}`).toEqual('records' in whole && whole.records);
      }
    }
    expect(refusals).toBeGreaterThan(0.8 * bits);
  });

  test('bits flipped, all over a log that was not closed: an earlier state, said to be cut, or a refusal', async () => {
    const known = await states();
    const unclosed = segment.subarray(0, lineStarts(segment).at(-2));
    for (let bit = 0; bit < unclosed.length * 8; bit += inShort(3)) {
      const found = await readWith(path, flipped(unclosed, bit));
      if ('code' in found) expect(found.code).toBe('STORE_DAMAGED');
      else expect([known.has(found.records), found.torn !== undefined], `bit ${bit}`).toEqual([true, true]);
    }
  });
});

describe('opening a damaged store', () => {
  beforeEach(() => fill(1 << 20));

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

  test.each([
    [LOG_FORMAT - 1, FORMAT_VERSION],
    [LOG_FORMAT + 1, FORMAT_VERSION],
    [LOG_FORMAT, FORMAT_VERSION + 1],
  ])('another format is refused: %i, records %i', async (format, records) => {
    const file = '00000009-00000001.log';
    const header = { line: 1, batch: 1, left: 0, synced: 0 };
    const name = { epoch: 9, part: 1, id: '0' };
    const entry = { kind: 'header', format, records, ...name, prev: null, oldest: file, lastN: 0 } as const;
    disk.put(`/store/${file}`, Buffer.from(encodeLine({ ...header, entry })));
    const store = await openSimulated(disk, { boot: 2 });
    await expect(store.acquire()).rejects.toMatchObject({ code: 'STORE_FORMAT', details: { format, records } });
  });

  test('a segment that was renamed, or is gone, is damage', async () => {
    const [oldest = ''] = older;
    const bytes = disk.peek(oldest);
    await disk.remove(oldest);
    expect(await readLog(disk)).toEqual({ code: 'STORE_DAMAGED', file: nameOf(oldest), offset: 0 });
    disk.put(oldest, bytes);
    disk.put('/store/00000009-00000001.log', segment);
    expect(await readLog(disk)).toEqual({ code: 'STORE_DAMAGED', file: '00000009-00000001.log', offset: 0 });
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
