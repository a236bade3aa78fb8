import { createMemoryStore, type Op, type RunRow, type Store } from '@holdfast/core/store';
import { describe, expect, test } from 'vitest';
import { compactStore } from './compact-store.js';
import { ManualTimers, openSimulated, simulated } from './testing/open-simulated.test-support.js';
import { randomFrom } from './testing/random.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';
import { verifyStore } from './verify-store.js';

const SEGMENT_BYTES = 1024;

function rowOf(run: string, seq: number, rest: Partial<RunRow> = {}): RunRow {
  const base = { workflow: 'w', run, key: run, version: 1, seq, reasons: [], createdAt: 0, updatedAt: seq };
  return { ...base, status: seq ? 'running' : 'queued', ...rest };
}

/** A simulated disk takes no time: after one turn of the event loop all is done that goes on. */
const settled = () => new Promise(setImmediate);

/** All that is in a store, in an order of its own. */
async function allOf(store: Store): Promise<unknown> {
  const { rows } = await store.list({ status: ['queued', 'running', 'waiting', 'pruned'] });
  const runs = rows.map(async (row) => {
    const { values, attachments, ...run } = (await store.load(row)) ?? { values: [], attachments: [] };
    const blobs = [...attachments].map(async ([id, blob]) => [id, await (blob as Blob).text()]);
    const history = await store.history(row);
    return { ...run, values: [...values].sort(), attachments: (await Promise.all(blobs)).sort(), history };
  });
  return { rows, runs: await Promise.all(runs), inbox: await store.inbox() };
}

/** Does one thing by chance to both stores; each has an epoch of its own. */
function chance(random: () => number) {
  const seqs = new Map<string, number | 'pruned'>();
  let serial = 0;
  const below = (limit: number) => Math.floor(random() * limit);
  const text = () => ({ text: JSON.stringify(`${++serial} ${'x'.repeat(below(120))}`) });
  const blob = () => ({ id: `blob-${below(3)}`, blob: new Blob([`blob ${++serial}`]) });
  const opsOf = (run: string, seq: number, inbox: readonly number[]): Op[] => {
    const kind = random();
    if (kind < 0.04) return [{ op: 'delete' }];
    if (kind < 0.07) return [{ op: 'prune', row: rowOf(run, seq, { status: 'pruned' }) }];
    if (kind < 0.11) {
      return [{ op: 'restart', start: { kind: 'start', row: rowOf(run, 0), input: text(), attachments: [blob()] } }];
    }
    const ops: Op[] = [];
    // Heartbeats change values and leave the head alone.
    if (random() < 0.8) ops.push({ op: 'run', row: rowOf(run, seq) });
    for (let puts = below(3); puts > 0; puts--) ops.push({ op: 'put', id: `value-${below(4)}`, value: text() });
    if (random() < 0.2) ops.push({ op: 'remove', id: `value-${below(4)}` });
    if (random() < 0.15) ops.push({ op: 'attach', ...blob() });
    if (ops[0]?.op === 'run') {
      const arrival = { kind: 'event', name: `E${serial}` } as const;
      ops.push({ op: 'history', row: { seq, at: serial, epoch: 1, arrival, status: 'running' } });
    }
    if (random() < 0.1) ops.push({ op: 'forget', upTo: seq - 3 });
    const [taken] = inbox;
    if (taken !== undefined && random() < 0.5) ops.push({ op: 'taken', n: taken });
    return ops;
  };
  return async (stores: readonly { store: Store; epoch: number }[]): Promise<void> => {
    const run = `run-${below(6)}`;
    const seq = seqs.get(run);
    const both = (call: (one: { store: Store; epoch: number }) => Promise<unknown>) => Promise.all(stores.map(call));
    if (seq === undefined) {
      const start = {
        kind: 'start',
        row: rowOf(run, 0),
        input: text(),
        attachments: random() < 0.3 ? [blob()] : [],
      } as const;
      await both(({ store }) => store.accept(start));
      seqs.set(run, 0);
    } else if (seq !== 'pruned' && random() < 0.2) {
      const row = { workflow: 'w', run, lane: 'event', id: `event-${++serial}`, acceptedAt: 0, body: text() } as const;
      await both(({ store }) => store.accept({ kind: 'inbox', row }));
    } else {
      const after = seq === 'pruned' ? ((await stores[0]?.store.head({ workflow: 'w', run }))?.seq ?? 0) : seq;
      const inbox = ((await stores[0]?.store.inbox({ workflow: 'w', run })) ?? []).map(({ n }) => n);
      const ops = seq === 'pruned' ? [{ op: 'delete' } as const] : opsOf(run, after + 1, inbox);
      const durability = random() < 0.3 ? 'relaxed' : 'strict';
      await both(({ store, epoch }) => store.commit({ workflow: 'w', run, epoch, after, durability, ops }));
      const [first] = ops;
      if (first?.op === 'delete') seqs.delete(run);
      else if (first?.op === 'prune') seqs.set(run, 'pruned');
      else if (first?.op === 'restart') seqs.set(run, 0);
      else if (first?.op === 'run') seqs.set(run, after + 1);
    }
  };
}

describe('whatever is done, in whatever order, compaction changes nothing', { timeout: 240_000 }, () => {
  test.each([1, 2, 3, 4, 5, 6])('seed %i: as in memory, for owner, reader and next owner', async (seed) => {
    const disk = new SimulatedDisk();
    const memory = createMemoryStore();
    const { epoch } = await memory.acquire();
    const act = chance(randomFrom(seed));
    const reader = await openSimulated(disk, { segmentBytes: SEGMENT_BYTES });
    let oldest = '';
    for (let life = 1; life <= 4; life++) {
      const timers = new ManualTimers();
      const store = await openSimulated(disk, { boot: life, segmentBytes: SEGMENT_BYTES, timers });
      const ownership = await store.acquire();
      expect(await allOf(store), `life ${life}`).toEqual(await allOf(memory));
      for (let round = 1; round <= 60; round++) {
        await act([
          { store: memory, epoch },
          { store, epoch: ownership.epoch },
        ]);
        if (round % 10 !== 0) continue;
        const expected = await allOf(memory);
        expect(await allOf(store), `life ${life}, round ${round}`).toEqual(expected);
        await settled();
        timers.fire(); // What was relaxed is synced, and all is stamped.
        await settled();
        expect(await allOf(reader), `reader in life ${life}, round ${round}`).toEqual(expected);
      }
      if (life % 2 === 0) await ownership.release();
      const first = disk.paths().find((path) => path.endsWith('.log')) as string;
      expect(first > oldest).toBe(true);
      oldest = first;
    }
    await reader.close();
    const expected = await allOf(memory);
    const { damage } = await verifyStore(simulated(disk));
    expect(damage).toEqual([]);
    await compactStore(simulated(disk, { boot: 5, segmentBytes: SEGMENT_BYTES }));
    const last = await openSimulated(disk, { boot: 6 });
    await last.acquire();
    expect(await allOf(last)).toEqual(expected);
    expect((await verifyStore(simulated(disk))).strays).toEqual([]);
  });
});
