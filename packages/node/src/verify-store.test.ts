import { beforeEach, describe, expect, test } from 'vitest';
import { openSimulated, simulated } from './testing/open-simulated.test-support.js';
import { readLog } from './testing/read-log.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';
import { work } from './testing/workload.test-support.js';
import { type Verification, verifyStore } from './verify-store.js';

let disk: SimulatedDisk;
/** Segments, oldest first. */
let segments: string[];

beforeEach(async () => {
  disk = new SimulatedDisk();
  await work(() => openSimulated(disk, { segmentBytes: 1024 }), ['a'], 1);
  await work(() => openSimulated(disk, { segmentBytes: 1024 }), ['b'], 1);
  segments = disk.paths().filter((path) => path.endsWith('.log'));
});

const verify = (): Promise<Verification> => verifyStore(simulated(disk));
const nameOf = (path: string) => path.slice('/store/'.length);

/** Where the line of that index begins. */
function lineAt(path: string, index: number): number {
  return [0, ...[...disk.peek(path).keys()].filter((at) => disk.peek(path)[at] === 0x0a).map((at) => at + 1)][
    index
  ] as number;
}

function spoil(path: string, offset: number): void {
  const bytes = disk.peek(path);
  bytes[offset] = (bytes[offset] as number) ^ 1;
  disk.put(path, bytes);
}

describe('verifyStore', () => {
  test('counts what is in a store that is whole', async () => {
    const counts = { runs: 2, checkpoints: 2, values: 6, attachments: 2, segments: segments.length };
    expect(await verify()).toMatchObject({ damage: [], tail: undefined, strays: [], ...counts });
  });

  test('tells of all damage, in lines, attachments and files that are not there', async () => {
    const [first = '', second = '', third = ''] = segments;
    const photo = disk.paths().filter((path) => path.includes('attachments'));
    const offset = lineAt(second, 1);
    spoil(second, offset + 12);
    spoil(third, 3);
    await disk.remove(first);
    spoil(photo[0] as string, 0);
    await disk.remove(photo[1] as string);
    const { damage } = await verify();
    expect(damage).toContainEqual({ file: nameOf(second), offset });
    expect(damage).toContainEqual({ file: nameOf(third), offset: 0 });
    expect(damage).toContainEqual({ file: nameOf(first), offset: 0, absent: true });
    const names = damage.map(({ file }) => file);
    // The line that refers to the other photo is gone with the first segment.
    expect(names.filter((file) => file.startsWith('attachments/'))).toHaveLength(1);
    expect(names).toHaveLength(4);
  });

  test('an unfinished end, and what does not count, are no damage', async () => {
    const newest = segments.at(-1) as string;
    const offset = lineAt(newest, disk.peek(newest).toString().split('\n').length - 2);
    disk.put(newest, disk.peek(newest).subarray(0, -3));
    const strays = ['00000009-00000001.log.tmp', 'attachments/9-1'];
    for (const stray of strays) disk.put(`/store/${stray}`, Buffer.from('half'));
    expect(await verify()).toMatchObject({ damage: [], tail: { file: nameOf(newest), offset }, strays });
  });

  test('an empty directory is whole', async () => {
    disk = new SimulatedDisk();
    await disk.makeFolder('/store');
    expect(await verify()).toMatchObject({ damage: [], strays: [], segments: 0, runs: 0, bytes: 0 });
  });

  test('finds damage where, and only where, a new owner would', { timeout: 240_000 }, async () => {
    let [found, bits] = [0, 0];
    // A new owner does not read what an index tells.
    for (const path of disk.paths()) if (path.endsWith('.index')) await disk.remove(path);
    for (const path of segments) {
      const whole = disk.peek(path);
      for (let bit = 0; bit < whole.length * 8; bit += 13, bits++) {
        const bytes = Buffer.from(whole);
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        disk.put(path, bytes);
        const read = await readLog(disk);
        const { damage, tail } = await verify();
        if ('code' in read) expect(damage[0], `${path}, bit ${bit}`).toEqual({ file: read.file, offset: read.offset });
        else expect([damage, tail], `${path}, bit ${bit}`).toEqual([[], read.torn]);
        found += damage.length > 0 ? 1 : 0;
      }
      disk.put(path, whole);
    }
    expect(found).toBeGreaterThan(0.8 * bits);
  });
});
