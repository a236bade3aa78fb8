import type { Acceptance, RunRow } from '@holdfast/core/store';
import { expect, test } from 'vitest';
import { FreshStarts } from './fresh-starts.js';

type Start = Extract<Acceptance, { kind: 'start' }>;

const run = (id: string | number) => ({ workflow: 'w', run: `${id}` });
const aStart = (id: string | number, more: Partial<Start> = {}): Start => {
  const row = { ...run(id), status: 'queued', seq: 0 } as RunRow;
  return { kind: 'start', row, input: { text: '[1]' }, ...more };
};

function started(fresh: FreshStarts, start: Start): void {
  fresh.expect(start);
  fresh.learn(start);
}

test('1 a run is known as it was started, until it is forgotten', () => {
  const fresh = new FreshStarts();
  const start = aStart('a');
  started(fresh, start);
  expect(fresh.of(run('b'))).toBeUndefined();
  expect(fresh.of(run('a'))).toEqual({
    row: start.row,
    values: new Map([['input', start.input]]),
    attachments: new Map(),
    inbox: [],
  });
  fresh.forget(run('a'));
  expect(fresh.of(run('a'))).toBeUndefined();
});

test('2 one with attachments, and one with a long input, are read', () => {
  const fresh = new FreshStarts();
  started(fresh, aStart('a', { attachments: [{ id: 'x', blob: new ArrayBuffer(1) }] }));
  started(fresh, aStart('b', { input: { text: 'x'.repeat(4097) } }));
  started(fresh, aStart('c', { input: { text: 'x'.repeat(4096) }, attachments: [] }));
  expect(fresh.of(run('a'))).toBeUndefined();
  expect(fresh.of(run('b'))).toBeUndefined();
  expect(fresh.of(run('c'))).toBeDefined();
});

test('3 of more than a thousand the oldest are forgotten', () => {
  const fresh = new FreshStarts();
  for (let n = 0; n <= 1000; n++) started(fresh, aStart(n));
  expect(fresh.of(run(0))).toBeUndefined();
  expect(fresh.of(run(1))).toBeDefined();
});

test('when the ownership is over nothing is known, nor learnt', () => {
  const fresh = new FreshStarts();
  started(fresh, aStart('a'));
  fresh.end();
  started(fresh, aStart('b'));
  expect(fresh.of(run('a'))).toBeUndefined();
  expect(fresh.of(run('b'))).toBeUndefined();
});

test('1 of what comes to it before its start is known to be stored, it is not known as it was started', () => {
  const fresh = new FreshStarts();
  const start = aStart('a');
  fresh.expect(start);
  expect(fresh.of(run('a'))).toBeUndefined();
  fresh.forget(run('a'));
  fresh.learn(start);
  expect(fresh.of(run('a'))).toBeUndefined();
});
