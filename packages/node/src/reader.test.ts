import type { Op, Store } from '@holdfast/core/store';
import { expect, test } from 'vitest';
import type { FileSystem } from './index.js';
import { before } from './testing/intercept.test-support.js';
import { ManualTimers, openSimulated } from './testing/open-simulated.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';

const address = { workflow: 'w', run: 'r' };
const row = { ...address, key: 'k', version: 1, reasons: [], createdAt: 0, updatedAt: 0 } as const;
const PADDING = 'x'.repeat(200);

function opsOf(seq: number): Op[] {
  const arrival = { kind: 'event', name: `E${seq}` } as const;
  const value = { text: JSON.stringify(`${seq} ${PADDING}`) };
  return [
    { op: 'run', row: { ...row, seq, status: 'running' } },
    { op: 'put', id: 'left', value },
    { op: 'put', id: 'right', value },
    { op: 'history', row: { seq, at: seq, epoch: 1, arrival, status: 'running' } },
  ];
}

async function checkpoints(store: Store, upTo: number): Promise<void> {
  const { epoch } = await store.acquire();
  await store.accept({ kind: 'start', row: { ...row, seq: 0, status: 'queued' }, input: { text: '1' } });
  for (let seq = 1; seq <= upTo; seq++) {
    await store.commit({ ...address, epoch, after: seq - 1, durability: 'strict', ops: opsOf(seq) });
  }
}

test('a reader is told a whole state, and never an older one, whatever the owner does beside it', {
  timeout: 120_000,
}, async () => {
  const disk = new SimulatedDisk();
  const reader = await openSimulated(disk, { boot: 2 });
  const removed = new Set<string>();
  let seen = -1;
  let [reads, within] = [0, false];
  const owner = before(disk, async (operation) => {
    if (within) return;
    within = true;
    if (operation === 'remove') for (const path of disk.paths()) removed.add(path);
    // Heads first: places are read later, and may have been moved by then.
    const run = await reader.load(address);
    const seq = run?.row.seq ?? -1;
    expect(seq).toBeGreaterThanOrEqual(seen);
    seen = seq;
    if (run && seq > 0) {
      const text = JSON.stringify(`${seq} ${PADDING}`);
      expect([run.values.get('left')?.text, run.values.get('right')?.text]).toEqual([text, text]);
      const history = (await reader.history(address)).map((line) => line.seq);
      expect(history).toEqual(Array.from({ length: seq }, (_, index) => index + 1));
      reads++;
    }
    within = false;
  });
  const store = await openSimulated(owner, { segmentBytes: 1024 });
  await checkpoints(store, 30);
  await store.close();
  expect((await reader.head(address))?.seq).toBe(30);
  expect(reads).toBeGreaterThan(100);
  const gone = [...removed].filter((path) => path.endsWith('.log') && !disk.paths().includes(path));
  expect(gone.length).toBeGreaterThan(5);
});

test('a reader that is overtaken at every operation of its own reads on', { timeout: 120_000 }, async () => {
  for (let at = 1; at <= 25; at++) {
    const disk = new SimulatedDisk();
    const store = await openSimulated(disk, { segmentBytes: 1024 });
    await checkpoints(store, 6);
    let [operation, seq] = [0, 6];
    const { epoch } = { epoch: 1 };
    const overtaken = before(disk, async () => {
      if (++operation !== at) return;
      for (; seq < 18; seq++) {
        await store.commit({ ...address, epoch, after: seq, durability: 'strict', ops: opsOf(seq + 1) });
      }
    });
    const reader = await openSimulated(overtaken, { boot: 2 });
    for (const round of [1, 2]) {
      const run = await reader.load(address);
      const text = JSON.stringify(`${run?.row.seq} ${PADDING}`);
      expect([run?.values.get('left')?.text, run?.values.get('right')?.text], `${at}, ${round}`).toEqual([text, text]);
    }
  }
});

test('an owner whose segments are compacted while it reads reads on', { timeout: 120_000 }, async () => {
  for (let at = 1; at <= 6; at++) {
    const disk = new SimulatedDisk();
    let [operation, reading] = [0, false];
    const overtaken: FileSystem = before(disk, async (name) => {
      if (!reading || name !== 'readAt' || ++operation !== at) return;
      reading = false;
      for (let seq = 6; seq < 18; seq++) {
        await store.commit({ ...address, epoch: 1, after: seq, durability: 'strict', ops: opsOf(seq + 1) });
      }
    });
    const store = await openSimulated(overtaken, { segmentBytes: 1024 });
    await checkpoints(store, 6);
    reading = true;
    const run = await store.load(address);
    reading = false;
    const text = JSON.stringify(`${run?.row.seq} ${PADDING}`);
    expect([run?.values.get('left')?.text, run?.values.get('right')?.text], `${at}`).toEqual([text, text]);
  }
});

test('a reader goes on where it was, and reads no more than what is new', async () => {
  const disk = new SimulatedDisk();
  const timers = new ManualTimers();
  const store = await openSimulated(disk, { timers, segmentBytes: 1 << 20 });
  await checkpoints(store, 50);
  let bytes = 0;
  const counted: FileSystem = {
    ...before(disk, async () => {}),
    async readAt(path, offset, length) {
      const read = await disk.readAt(path, offset, length);
      bytes += read.length;
      return read;
    },
  };
  const reader = await openSimulated(counted, { boot: 2 });
  await reader.head(address);
  expect(bytes).toBeGreaterThan(10_000);
  bytes = 0;
  await store.commit({ ...address, epoch: 1, after: 50, durability: 'strict', ops: opsOf(51) });
  await new Promise(setImmediate);
  timers.fire();
  await new Promise(setImmediate);
  expect((await reader.head(address))?.seq).toBe(51);
  expect(bytes).toBeLessThan(3000);
});
