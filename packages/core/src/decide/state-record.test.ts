import { beforeEach, describe, expect, test } from 'vitest';
import type { EngineState } from '../engine/index.js';
import type { StoredValue } from '../records/records.js';
import type { Op } from '../store/store.js';
import { RunRecord } from './run-record.js';

interface Context {
  note: string;
  readonly items: readonly object[];
}

/** A record, and what a store holds of it: as its ops say. */
class Stored {
  values: Map<string, StoredValue>;
  record: RunRecord;
  /** Of the last put. */
  ops: Op[] = [];

  constructor(values: ReadonlyMap<string, StoredValue> = new Map(), valueLength = Infinity) {
    this.values = new Map(values);
    this.record = new RunRecord({ values, attachments: new Map() }, valueLength);
  }

  put(context: Context, status: EngineState['snapshot']['status'] = 'active'): void {
    this.ops = [];
    this.record.state.put({ snapshot: { status, value: 'a', context }, booked: 0, births: {}, visits: {} }, this.ops);
    for (const op of this.ops) {
      if (op.op === 'put') this.values.set(op.id, op.value);
      if (op.op === 'remove') this.values.delete(op.id);
    }
  }

  get ids(): string[] {
    return [...this.values.keys()];
  }

  /** As who takes the run up next finds it. */
  get found(): unknown {
    return new Stored(this.values).record.state.read()?.snapshot.context;
  }
}

const contextOf = (count: number): Context => ({
  note: '',
  items: Array.from({ length: count }, (_, id) => ({ id, name: `item ${id}`.padEnd(20, '.') })),
});

let context: Context;
let stored: Stored;

beforeEach(() => {
  context = contextOf(1000);
  stored = new Stored();
  stored.put(context);
});

describe('a large state', () => {
  test('is stored once, then what has changed of it', () => {
    context.note = 'in place';
    stored.put(context);
    context = { ...context, note: 'by a copy' };
    stored.put(context);
    expect(stored.ids).toEqual(['state', 'state/1', 'state/2']);
    expect(stored.values.get('state/2')?.text.length).toBeLessThan(300);
    expect(stored.found).toEqual(context);
  });

  test('goes on by changes when it is taken up again', () => {
    stored.put({ ...context, note: 'before' });
    const next = new Stored(stored.values);
    const state = next.record.state.follow() as EngineState;
    const taken = state.snapshot.context as Context;
    taken.note = 'after';
    next.put(taken);
    expect(next.ids).toEqual(['state', 'state/1', 'state/2']);
    expect(next.found).toEqual({ ...context, note: 'after' });
  });

  test('is written whole after 128 changes, which are removed then', () => {
    for (let n = 1; n <= 128; n++) stored.put({ ...context, note: `${n}` });
    expect(stored.ids.length).toBe(129);
    expect(stored.found).toEqual({ ...context, note: '128' });
    stored.put({ ...context, note: 'last' });
    expect(stored.ids).toEqual(['state']);
    expect(stored.found).toEqual({ ...context, note: 'last' });
    stored.put({ ...context, note: 'more' });
    expect(stored.ids).toEqual(['state', 'state/1']);
  });

  test('counts the changes that were there when it was taken up', () => {
    for (let n = 1; n <= 128; n++) stored.put({ ...context, note: `${n}` });
    const next = new Stored(stored.values);
    const state = next.record.state.follow() as EngineState;
    next.put(state.snapshot.context as Context);
    expect(next.ids).toEqual(['state']);
  });

  test('is written whole before its changes are longer than it is', () => {
    for (let n = 0; n < 20; n++) {
      stored.put({ ...context, note: `${n}`.padEnd(10_000, '.') });
      const length = (id: string) => stored.values.get(id)?.text.length ?? 0;
      const changes = stored.ids.filter((id) => id !== 'state').reduce((sum, id) => sum + length(id), 0);
      expect(changes).toBeLessThanOrEqual(length('state'));
      expect(stored.found).toEqual({ ...context, note: `${n}`.padEnd(10_000, '.') });
    }
  });

  test('of a tree that has ended stands in one text', () => {
    stored.put({ ...context, note: 'before' });
    stored.put({ ...context, note: 'end' }, 'done');
    expect(stored.ids).toEqual(['state']);
    expect(stored.found).toEqual({ ...context, note: 'end' });
  });

  test('with what can not be stored is refused, and stays as it was', () => {
    const before = stored.ids;
    const refused = () => stored.put({ ...context, note: (() => {}) as never });
    expect(refused).toThrow(/machine state can't be stored: machine state.snapshot.context.note is a function/);
    expect(stored.ops).toEqual([]);
    expect(stored.ids).toEqual(before);
    stored.put({ ...context, note: 'after' });
    expect(stored.found).toEqual({ ...context, note: 'after' });
  });
});

test('a small state is written whole each time', () => {
  const small = new Stored();
  small.put(contextOf(10));
  small.put({ ...contextOf(10), note: 'x' });
  expect(small.ids).toEqual(['state']);
});

test('a state that grows by a change is refused where its whole is too long', () => {
  const limited = new Stored(new Map(), 3000);
  const large = contextOf(180);
  limited.put(large);
  const length = limited.values.get('state')?.text.length ?? 0;
  expect(length).toBeGreaterThan(8000);
  const grow = () => limited.put({ ...large, note: 'x'.repeat(12_001 - length) });
  expect(grow).toThrow(expect.objectContaining({ code: 'VALUE_TOO_LARGE' }));
  expect(limited.ids).toEqual(['state']);
});
