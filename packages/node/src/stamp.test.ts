import type { Store } from '@holdfast/core/store';
import { beforeEach, expect, test } from 'vitest';
import type { FileStoreReport } from './index.js';
import { ManualTimers, openSimulated } from './testing/open-simulated.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';

const SEGMENT = '/store/00000001-00000001.log';
const address = { workflow: 'w', run: 'r' };
const row = { ...address, key: 'k', version: 1, reasons: [], createdAt: 0, updatedAt: 0 } as const;

/** Timers that tell how long they are to take. */
class ToldTimers extends ManualTimers {
  readonly delays: number[] = [];

  override after(ms: number, call: () => void): () => void {
    this.delays.push(ms);
    return super.after(ms, call);
  }
}

let disk: SimulatedDisk;
let timers: ToldTimers;
let store: Store;
let epoch: number;

beforeEach(async () => {
  disk = new SimulatedDisk();
  timers = new ToldTimers();
  store = await openSimulated(disk, { timers, segmentBytes: 1 << 20 });
  ({ epoch } = await store.acquire());
  await store.accept({ kind: 'start', row: { ...row, seq: 0, status: 'queued' }, input: { text: '1' } });
  await turn();
});

/** A simulated disk takes no time: after one turn of the event loop all is done that goes on. */
const turn = () => new Promise(setImmediate);

async function quiet(): Promise<void> {
  timers.fire();
  await turn();
}

async function checkpoint(seq: number, durability: 'strict' | 'relaxed'): Promise<void> {
  const ops = [{ op: 'run', row: { ...row, seq, status: 'running' } } as const];
  await store.commit({ ...address, epoch, after: seq - 1, durability, ops });
  await turn();
}

test('another process sees what an owner did last once it is quiet', async () => {
  const reader = await openSimulated(disk, { boot: 2 });
  expect(await reader.head(address)).toBeUndefined();
  await quiet();
  expect((await reader.head(address))?.seq).toBe(0);
  await checkpoint(1, 'strict');
  expect((await reader.head(address))?.seq).toBe(0);
  await quiet();
  expect((await reader.head(address))?.seq).toBe(1);
});

test('what is relaxed is synced after a while of quiet', async () => {
  await quiet();
  await checkpoint(1, 'relaxed');
  expect(timers.delays.at(-1)).toBe(100);
  const seqAfterPowerCut = async () => {
    const later = await openSimulated(disk.afterPowerCut('nothing'), { boot: 2 });
    return (await later.head(address))?.seq;
  };
  expect(await seqAfterPowerCut()).not.toBe(1);
  await quiet();
  const later = await openSimulated(disk.afterPowerCut('nothing'), { boot: 2 });
  await later.acquire();
  expect((await later.head(address))?.seq).toBe(1);
});

test('a stamp is not followed by a stamp, and does not come while work goes on', async () => {
  expect(timers.delays.at(-1)).toBe(10);
  await quiet();
  const asked = () => timers.delays.filter((ms) => ms <= 100).length; // Others look for mail.
  const before = [disk.peek(SEGMENT).length, asked()];
  await quiet();
  expect([disk.peek(SEGMENT).length, asked()]).toEqual(before);
  await checkpoint(1, 'strict');
  const stamps = disk.peek(SEGMENT).toString().split('"stamp"').length;
  timers.fire();
  await checkpoint(2, 'strict');
  expect(disk.peek(SEGMENT).toString().split('"stamp"').length).toBe(stamps);
});

test('what was stamped is damaged when it is, what was not is an unfinished end', async () => {
  const reports: FileStoreReport[] = [];
  const lastLine = () => disk.peek(SEGMENT).toString('latin1').trimEnd().lastIndexOf('\n') + 1;
  const damagedAt = (offset: number) => {
    const damaged = disk.copy();
    const bytes = damaged.peek(SEGMENT);
    bytes[offset + 20] = (bytes[offset + 20] as number) ^ 1;
    damaged.put(SEGMENT, bytes);
    return openSimulated(damaged, { boot: 2, onReport: (report) => reports.push(report) });
  };
  const offset = lastLine();
  await (await damagedAt(offset)).acquire();
  expect(reports).toEqual([{ code: 'TAIL_CUT', file: '00000001-00000001.log', offset }]);
  await quiet();
  await expect((await damagedAt(offset)).acquire()).rejects.toMatchObject({
    code: 'STORE_DAMAGED',
    details: { file: '00000001-00000001.log', offset },
  });
});

test('a stamp that can not be written is no failure, and is tried again', async () => {
  disk.failures.set(disk.operations + 1, 'EIO');
  await quiet();
  await quiet();
  const reader = await openSimulated(disk, { boot: 2 });
  expect((await reader.head(address))?.seq).toBe(0);
});
