import type { InboxRow, RunAddress, RunRow, RunStatus, StoredValue } from '../../records/records.js';
import type { Acceptance, Checkpoint, Op, Store } from '../../store/store.js';

/** Typed factories of what the suite stores. Every instant is a fixed one. */
const INSTANT = Date.UTC(2026, 0, 1);

export function address(run = 'one', workflow = 'suite'): RunAddress {
  return { workflow, run };
}

export function value(text: string): StoredValue {
  return { text: JSON.stringify(text) };
}

export function aRun(at: RunAddress, change: Partial<RunRow> = {}): RunRow {
  const { workflow, run } = at;
  const base = { key: `key of ${run}`, version: 1, seq: 0, status: 'queued' as RunStatus, reasons: [] };
  return { workflow, run, ...base, createdAt: INSTANT, updatedAt: INSTANT, ...change };
}

export function aStart(at: RunAddress, input = 'input'): Extract<Acceptance, { kind: 'start' }> {
  return { kind: 'start', row: aRun(at), input: value(input) };
}

export function anEvent(at: RunAddress, id = 'event-1'): Extract<Acceptance, { kind: 'inbox' }> {
  const row: Omit<InboxRow, 'n'> = { ...at, lane: 'event', id, acceptedAt: INSTANT, body: value(`body of ${id}`) };
  return { kind: 'inbox', row };
}

/** A checkpoint whose values `left` and `right` and whose history all tell its seq: half of it would be seen. */
export function aCheckpoint(at: RunAddress, after: number, epoch: number, more: readonly Op[] = []): Checkpoint {
  const seq = after + 1;
  const ops: Op[] = [
    { op: 'run', row: aRun(at, { seq, status: 'running', updatedAt: INSTANT + seq }) },
    { op: 'put', id: 'left', value: value(`seq ${seq}`) },
    { op: 'put', id: 'right', value: value(`seq ${seq}`) },
    {
      op: 'history',
      row: { seq, at: INSTANT + seq, epoch, arrival: { kind: 'event', name: `E${seq}` }, status: 'running' },
    },
    ...more,
  ];
  return { ...at, epoch, after, durability: 'strict', ops };
}

/** Starts runs and commits `checkpoints` times to each. */
export async function fill(store: Store, epoch: number, runs: readonly RunAddress[], checkpoints = 0): Promise<void> {
  for (const at of runs) {
    await store.accept(aStart(at));
    for (let after = 0; after < checkpoints; after++) await store.commit(aCheckpoint(at, after, epoch));
  }
}

/** The seq that a loaded run tells; throws when its parts tell different ones. */
export async function seqOf(store: Store, at: RunAddress): Promise<number> {
  const run = await store.load(at);
  if (!run) throw new Error(`run ${at.run} is not there`);
  const { seq } = run.row;
  if (seq === 0) return 0;
  for (const id of ['left', 'right']) {
    const text = run.values.get(id)?.text;
    if (text !== value(`seq ${seq}`).text) throw new Error(`head of ${at.run} is at ${seq}, but "${id}" is ${text}`);
  }
  return seq;
}
