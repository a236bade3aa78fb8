import { expect, test } from 'vitest';
import type { FileSystem } from '../file-system.js';
import { SegmentAbsent } from './chain.js';
import type { LoggedOp } from './entry.js';
import { FreshLines } from './fresh-lines.js';
import { encodeLine } from './line.js';
import { LinePlace } from './place.js';
import { type Asked, readRecords } from './read-records.js';
import type { HeldRecord } from './records.js';

const row = { workflow: 'w', run: 'r', key: 'k', seq: 1, status: 'running' } as Extract<LoggedOp, { op: 'run' }>['row'];
const history = { seq: 1, at: 1, epoch: 1, arrival: { kind: 'start' }, status: 'running' } as const;
const bytes = encodeLine({
  ...{ line: 1, batch: 1, left: 0, synced: 0 },
  entry: {
    ...{ kind: 'commit', workflow: 'w', run: 'r' },
    ops: [
      { op: 'put', id: 'a', value: { text: '["a"]' } },
      { op: 'put', id: 'b', value: { text: '["b"]' } },
      { op: 'run', row },
      { op: 'history', row: history },
    ],
  },
});

const segment = (file: string) => ({ file, length: bytes.length, live: 0 });

/** What is given of that line, asked so. */
async function given(asked: (line: LinePlace) => Asked[], read = async (_: LinePlace): Promise<Uint8Array> => bytes) {
  const line = new LinePlace(segment('1.log'), 0, bytes.length - 1);
  const records: HeldRecord[] = [];
  const fileSystem = { readAt: () => read(line) } as unknown as FileSystem;
  await readRecords(
    { fileSystem, directory: '/' },
    asked(line),
    new FreshLines(),
    (record) => void records.push(record),
  );
  return records;
}

const value = (id: string) => ({ is: 'value', id, value: { text: JSON.stringify([id]) } });

test('of a line of which values are asked, these alone are given', async () => {
  expect(await given((line) => [{ line, value: 'a' }])).toEqual([value('a')]);
  expect(await given((line) => [{ line, value: 'b' }])).toEqual([value('b')]);
  expect(
    await given((line) => [
      { line, value: 'b' },
      { line, value: 'a' },
    ]),
  ).toEqual([value('b'), value('a')]);
});

test.each<[string, (line: LinePlace) => Asked[]]>([
  ['something else', (line) => [{ line }]],
  ['something else beside a value', (line) => [{ line, value: 'a' }, { line }]],
  ['a value that it does not have', (line) => [{ line, value: 'c' }]],
])('where %s is asked of it, all is given', async (_, asked) => {
  const records = await given(asked);
  expect(records).toContainEqual({ is: 'history', row: history });
  expect(records).toContainEqual(value('a'));
});

test('bytes that are no such line are damage, but where the line was moved meanwhile', async () => {
  const harmed = Buffer.from(bytes);
  harmed[20] = 0;
  const asked = (line: LinePlace) => [{ line, value: 'a' }];
  await expect(given(asked, async () => harmed)).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
  const moved = given(asked, async (line) => {
    line.moveTo({ segment: segment('2.log'), offset: 0, length: bytes.length - 1 });
    return harmed;
  });
  await expect(moved).rejects.toBeInstanceOf(SegmentAbsent);
});
