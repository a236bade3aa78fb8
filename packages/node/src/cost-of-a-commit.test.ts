import { createHook } from 'node:async_hooks';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@holdfast/core/store';
import { expect, onTestFinished, test } from 'vitest';
import { nodeFileSystem } from './file-system.js';
import { before } from './testing/intercept.test-support.js';
import { openSimulated } from './testing/open-simulated.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';

const SEGMENT_BYTES = 1 << 30;

const row = (run: string, seq = 0) =>
  ({
    workflow: 'w',
    run,
    key: 'k',
    version: 1,
    seq,
    status: 'queued',
    reasons: [],
    createdAt: 0,
    updatedAt: 0,
  }) as const;
const start = (store: Store, run: string, text = '1') =>
  store.accept({ kind: 'start', row: row(run), input: { text } });

/** Operations of the system that the thread pool was given while `work` was under way. */
async function requestsOf(work: () => Promise<void>): Promise<number> {
  let requests = 0;
  const hook = createHook({
    init(_, type) {
      if (type.startsWith('FSREQ')) requests++;
    },
  }).enable();
  try {
    await work();
  } finally {
    hook.disable();
  }
  return requests;
}

test.each([
  ['once: its line is written in the same turn, and synced', 'short', 1],
  ['twice where it is long: it is written by the pool too', 'long'.repeat(1 << 15), 2],
])('a commit waits for the thread pool %s', async (_, text, waits) => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const store = await openSimulated(nodeFileSystem, { directory, segmentBytes: SEGMENT_BYTES });
  const { epoch } = await store.acquire();
  await start(store, 'r');
  const commits = 50;
  const requests = await requestsOf(async () => {
    for (let after = 0; after < commits; after++) {
      const ops = [
        { op: 'run', row: row('r', after + 1) },
        { op: 'put', kind: 'journal', id: 'step', value: { text } },
      ] as const;
      await store.commit({ workflow: 'w', run: 'r', epoch, after, durability: 'strict', ops });
    }
  });
  await store.close();
  expect(requests).toBe(waits * commits);
});

/** A store that counts how often a file is read. */
async function counting(): Promise<{ store: Store; reads: () => number }> {
  let reads = 0;
  const disk = before(new SimulatedDisk(), async (operation) => {
    if (operation === 'readAt' || operation === 'read') reads++;
  });
  const store = await openSimulated(disk, { segmentBytes: SEGMENT_BYTES });
  await store.acquire();
  return { store, reads: () => reads };
}

test('what was just started or sent is not read back from its file', async () => {
  const { store, reads } = await counting();
  await start(store, 'r', 'the input');
  const mail = { ...row('r'), lane: 'event', id: 'e', acceptedAt: 1, body: { text: 'the event' } } as const;
  await store.accept({ kind: 'inbox', row: mail });
  const opened = reads();
  const stored = await store.load({ workflow: 'w', run: 'r' });
  expect(stored?.values.get('input')).toEqual({ text: 'the input' });
  expect(stored?.inbox.map(({ body }) => body.text)).toEqual(['the event']);
  expect(reads()).toBe(opened);
  await store.close();
});

test('no more than some of it is kept: then it is read, and is the same', async () => {
  const { store, reads } = await counting();
  await start(store, 'first', 'the input');
  const large = 'x'.repeat(1 << 20);
  for (let n = 0; n < 5; n++) await start(store, `${n}`, large);
  const opened = reads();
  const stored = await store.load({ workflow: 'w', run: 'first' });
  expect(stored?.values.get('input')).toEqual({ text: 'the input' });
  expect(reads()).toBe(opened + 1);
  await store.close();
});

/** A run with many empty values, in lines that are not kept, and one that is not empty. */
async function withEmptyValues(store: Store): Promise<void> {
  const { epoch } = await store.acquire();
  await start(store, 'r');
  for (let after = 0; after < 100; after++) {
    const put = { op: 'put', id: `${after}`, value: { text: after === 0 ? 'not empty' : '' } } as const;
    const ops = [{ op: 'run', row: row('r', after + 1) }, put] as const;
    await store.commit({ workflow: 'w', run: 'r', epoch, after, durability: 'strict', ops });
  }
  for (let n = 0; n < 5; n++) await start(store, `${n}`, 'x'.repeat(1 << 20));
}

test.each([
  ['as written', false],
  ['opened from an index', true],
])('a value without a text is not read, as its id is all of it: %s', async (_, again) => {
  let bytes = 0;
  const disk = before(new SimulatedDisk(), async () => {});
  const watched = {
    ...disk,
    readAt(path: string, offset: number, length: number) {
      bytes += length;
      return disk.readAt(path, offset, length);
    },
  };
  const segmentBytes = 1 << 16;
  let store = await openSimulated(watched, { segmentBytes });
  await withEmptyValues(store);
  if (again) {
    await store.close();
    expect((await disk.list('/store')).filter((name) => name.endsWith('.index')).length).toBeGreaterThan(0);
    store = await openSimulated(watched, { segmentBytes });
    await store.acquire();
  }
  bytes = 0;
  const values = (await store.load({ workflow: 'w', run: 'r' }))?.values;
  expect(values?.size).toBe(101);
  expect([values?.get('0'), values?.get('7')]).toEqual([{ text: 'not empty' }, { text: '' }]);
  // Two lines, of a hundred.
  expect(bytes).toBeLessThan(2000);
  await store.close();
});
