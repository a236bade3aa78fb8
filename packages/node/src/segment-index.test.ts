import { beforeAll, describe, expect, test } from 'vitest';
import type { FileStoreReport } from './index.js';
import { LogView } from './log/log-view.js';
import type { RecordPlace } from './log/place.js';
import type { LogState } from './log/state.js';
import { ManualTimers, openSimulated, simulated } from './testing/open-simulated.test-support.js';
import { readLog } from './testing/read-log.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';
import { inShort } from './testing/sweep.test-support.js';
import { work } from './testing/workload.test-support.js';
import { verifyStore } from './verify-store.js';

const indexesOf = (disk: SimulatedDisk) => disk.paths().filter((path) => path.endsWith('.index'));

async function worked(runs: string[], segmentBytes = 1500, rounds = 4): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await work(() => openSimulated(disk, { segmentBytes }), runs, rounds);
  await work(() => openSimulated(disk, { segmentBytes }), ['later', 'deleted-too'], rounds);
  return disk;
}

/** With the files that `change` leaves. */
function changed(disk: SimulatedDisk, change: (disk: SimulatedDisk) => void): SimulatedDisk {
  const copy = disk.copy();
  change(copy);
  return copy;
}

async function without(disk: SimulatedDisk, files: readonly string[]): Promise<SimulatedDisk> {
  const copy = disk.copy();
  for (const file of files) await copy.remove(file);
  return copy.copy();
}

async function stateOf(disk: SimulatedDisk): Promise<{ state: LogState; indexed: number }> {
  const view = new LogView(disk, '/store');
  await view.catchUp();
  return { state: view.state, indexed: view.indexed.size };
}

const placed = ({ line, bytes }: RecordPlace) => [line.segment.file, line.offset, line.length, bytes];

/** All that a state knows. */
function told(state: LogState): unknown {
  const runs = [...state.runs()].map((run) => [
    run.row,
    Object.isFrozen(run.row),
    [...run.values].map(([id, place]) => [id, placed(place)]).sort(),
    run.history.map((place) => [place.seq, placed(place)]),
    run.inbox.map((place) => [place.n, place.id, place.lane, placed(place)]),
    [...run.attachments].map(([id, place]) => [id, place.file, placed(place)]).sort(),
  ]);
  const segments = state.segments.map(({ file, length, live }) => [file, length, live]);
  return { runs: runs.sort(byText), segments, globals: state.globals, files: [...state.files()].sort() };
}

/** What is under way without a timer has been done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

let disk: SimulatedDisk;
let whole: Awaited<ReturnType<typeof readLog>>;

beforeAll(async () => {
  // Most of it is needed, so nothing is compacted.
  disk = await worked(['a', 'b', 'c', 'deleted'], 1500, 1);
  whole = await readLog(disk);
  expect(indexesOf(disk).length).toBeGreaterThan(1);
});

describe('an index beside a segment', { timeout: 240_000 }, () => {
  test.each([1024, 1500, 2500])('tells what the lines of its segment come to (segments of %i bytes)', async (bytes) => {
    for (const runs of [['a'], ['a', 'b', 'deleted'], ['deleted', 'relaxed', 'c']]) {
      const found = await worked(runs, bytes);
      const [read, scanned] = [await stateOf(found), await stateOf(await without(found, indexesOf(found)))];
      expect(read.indexed).toBeGreaterThan(0);
      expect(scanned.indexed).toBe(0);
      expect(told(read.state)).toEqual(told(scanned.state));
      expect(await readLog(found)).toEqual(await readLog(await without(found, indexesOf(found))));
    }
  });

  test('any of them may be missing', async () => {
    const all = indexesOf(disk);
    const expected = told((await stateOf(disk)).state);
    for (let chosen = 0; chosen < 1 << Math.min(all.length, 6); chosen++) {
      const gone = all.filter((_, index) => chosen & (1 << index));
      expect(told((await stateOf(await without(disk, gone))).state)).toEqual(expected);
    }
  });

  test('with a bit flipped, or cut at a byte, is not used', async () => {
    const [path = ''] = indexesOf(disk).sort((a, b) => disk.peek(a).length - disk.peek(b).length);
    const bytes = disk.peek(path);
    const expected = told((await stateOf(disk)).state);
    const { indexed } = await stateOf(disk);
    const harmed: Buffer[] = [];
    for (let length = 0; length < bytes.length; length++) harmed.push(bytes.subarray(0, length));
    for (let bit = 0; bit < bytes.length * 8; bit += inShort(3)) {
      const copy = Buffer.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      harmed.push(copy);
    }
    harmed.push(Buffer.concat([bytes, bytes]), Buffer.concat([bytes, Buffer.from('x')]));
    const spoiled = disk.copy();
    for (const [at, found] of harmed.entries()) {
      spoiled.put(path, found);
      const read = await stateOf(spoiled);
      expect(read.indexed, `harm ${at}`).toBe(indexed - 1);
      if (at % 50 === 0) expect(told(read.state)).toEqual(expected);
    }
  });

  test('of another segment, or of another store, is not used', async () => {
    const other = await worked(['z', 'y', 'x', 'deleted'], 1500, 1);
    const paths = indexesOf(disk).filter((path) => indexesOf(other).includes(path));
    const { indexed } = await stateOf(disk);
    const [first = '', second = ''] = paths;
    for (const foreign of [disk.peek(second), other.peek(first)]) {
      const mixed = changed(disk, (copy) => copy.put(first, foreign));
      expect((await stateOf(mixed)).indexed).toBe(indexed - 1);
      expect(await readLog(mixed)).toEqual(whole);
    }
  });

  test('of a segment of which less counts now is not used', async () => {
    const segment = (indexesOf(disk)[0] ?? '').replace('.index', '.log');
    const longer = changed(disk, (copy) => copy.put(segment, Buffer.concat([copy.peek(segment), Buffer.from('x\n')])));
    expect(await readLog(longer)).toEqual(whole);
    const bytes = disk.peek(segment);
    const shorter = changed(disk, (copy) => copy.put(segment, bytes.subarray(0, -1)));
    expect(await readLog(shorter)).toMatchObject({ code: 'STORE_DAMAGED' });
  });

  test('damage to its segment: all that was stored, or a refusal that names the line', async () => {
    const segment = (indexesOf(disk)[0] ?? '').replace('.index', '.log');
    const bytes = disk.peek(segment);
    const starts = [0, ...[...bytes.keys()].filter((at) => bytes[at] === 0x0a).map((at) => at + 1)];
    const spoiled = disk.copy();
    for (let bit = 0; bit < bytes.length * 8; bit += 11) {
      const copy = Buffer.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      spoiled.put(segment, copy);
      const found = await readLog(spoiled);
      const offset = starts.filter((start) => start <= bit >> 3).at(-1);
      if ('code' in found)
        expect(found).toEqual({ code: 'STORE_DAMAGED', file: segment.slice('/store/'.length), offset });
      else expect(found).toEqual(whole);
      // Whether or not anybody needs what stands there.
      if (bit % 110 === 0) expect((await verifyStore(simulated(spoiled))).damage).not.toEqual([]);
    }
  });

  test('is verified, and written anew where it was not used', async () => {
    const [path = ''] = indexesOf(disk);
    const name = path.slice('/store/'.length);
    const good = await verifyStore(simulated(disk));
    expect(good).toMatchObject({ damage: [], badIndexes: [], indexes: indexesOf(disk).length, strays: [] });
    const bytes = disk.peek(path);
    const spoiled = changed(disk, (copy) => {
      copy.put(path, bytes.subarray(0, -1));
      copy.put('/store/00000009-00000001.index', bytes);
      copy.put(`/store/${name}.00000001.tmp`, bytes);
    });
    expect(await verifyStore(simulated(spoiled))).toMatchObject({
      damage: [],
      badIndexes: [name],
      indexes: indexesOf(disk).length - 1,
      strays: ['00000009-00000001.index', `${name}.00000001.tmp`],
    });
    const timers = new ManualTimers();
    const store = await openSimulated(spoiled, { boot: 7, segmentBytes: 1500, timers });
    await store.acquire();
    expect(spoiled.peek(path)).not.toEqual(bytes);
    // In one go, when nothing was written for a while.
    await settled();
    timers.fire();
    await store.close();
    expect(spoiled.peek(path)).toEqual(bytes);
    expect(await verifyStore(simulated(spoiled))).toMatchObject({ damage: [], badIndexes: [], strays: [] });
  });

  test('is not made for a line or two: who opens a store has better to do', async () => {
    const [path = ''] = indexesOf(disk);
    const missing = await without(disk, [path]);
    const store = await openSimulated(missing, { boot: 7, segmentBytes: 1500 });
    await store.acquire();
    const row = {
      ...{ workflow: 'w', run: 'new', key: 'k', version: 1, seq: 0, createdAt: 1, updatedAt: 1 },
      reasons: [],
    };
    await store.accept({ kind: 'start', row: { ...row, status: 'queued' }, input: { text: '[1]' } });
    await settled();
    expect(indexesOf(missing)).not.toContain(path);
    await store.close();
  });

  test('that tells something else than its segment, though it is whole, is found by verifyStore', async () => {
    const [first = ''] = indexesOf(disk);
    const { IndexBuilder } = await import('./log/index-file.js');
    const { stretches } = await import('./log/line.js');
    const segment = first.replace('.index', '.log');
    const bytes = disk.peek(segment);
    const builder = new IndexBuilder(segment.slice('/store/'.length));
    const all = [...stretches(bytes)];
    // One line is left out.
    for (const [at, stretch] of all.entries()) {
      if (at !== 1 && stretch.line)
        builder.take(stretch, stretch.line, bytes.subarray(stretch.offset, stretch.offset + stretch.length));
    }
    const wrong = changed(disk, (copy) => copy.put(first, Buffer.concat([...builder.encode()])));
    expect((await verifyStore(simulated(wrong))).badIndexes).toEqual([first.slice('/store/'.length)]);
  });

  test('that can not be written is reported, and nothing else fails', async () => {
    const reports: FileStoreReport[] = [];
    const failing = new SimulatedDisk();
    const open = failing.openForAppend.bind(failing);
    failing.openForAppend = (path) =>
      path.includes('.index') ? Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })) : open(path);
    await work(() => openSimulated(failing, { onReport: (report) => reports.push(report) }), ['a'], 4);
    expect(indexesOf(failing)).toEqual([]);
    expect(reports.map(({ code }) => code)).toContain('INDEX_FAILED');
    expect(new Set(reports.map(({ code }) => code)).size).toBe(1);
    expect(await readLog(failing)).toMatchObject({ torn: undefined });
  });

  test('goes with its segment', async () => {
    const long = new SimulatedDisk();
    await work(() => openSimulated(long), ['a', 'b', 'c'], 30);
    const segments = new Set(long.paths().filter((path) => path.endsWith('.log')));
    expect(indexesOf(long).length).toBeGreaterThan(0);
    for (const path of indexesOf(long)) expect(segments).toContain(path.replace('.index', '.log'));
  });
});
