import type { Op, RunRow, StoreChange } from '@holdfast/core/store';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Wakes } from './wakes.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function aCommit([run, status]: [run: string, status: RunRow['status']]) {
  const ops: Op[] = [{ op: 'run', row: { workflow: 'w', run, status } as RunRow }];
  return { workflow: 'w', run, ops };
}

function opened() {
  const told: string[] = [];
  const messages: (readonly StoreChange[])[] = [];
  const wakes = new Wakes({
    tell: (changes: readonly StoreChange[]) => {
      messages.push(changes);
      told.push(...changes.map((change) => ('run' in change ? `${change.kind} ${change.run}` : change.kind)));
    },
    listen: () => () => {},
    close: () => told.push('closed'),
  });
  const committed = (...runs: [run: string, status: RunRow['status']][]) => wakes.committed(runs.map(aCommit));
  return {
    wakes,
    told,
    messages,
    committed: (...run: [string, RunRow['status']]) => committed(run),
    together: committed,
  };
}

test('of a run that goes on others are told at once, and then once a frame', () => {
  const { told, committed } = opened();
  for (let n = 0; n < 5; n++) committed('a', 'running');
  committed('b', 'running');
  expect(told).toEqual(['committed a', 'committed b']);
  vi.advanceTimersByTime(16);
  expect(told).toEqual(['committed a', 'committed b', 'committed a']);
  committed('a', 'running');
  committed('b', 'running');
  expect(told.slice(3)).toEqual(['committed b']);
  vi.advanceTimersByTime(16);
  expect(told.slice(3)).toEqual(['committed b', 'committed a']);
  vi.advanceTimersByTime(1000);
  expect(told).toHaveLength(5);
  expect(vi.getTimerCount()).toBe(0);
});

test.each(['done', 'failed', 'waiting', 'paused'] as const)('that a run is %s is told at once, and once', (status) => {
  const { told, committed } = opened();
  committed('a', 'running');
  committed('a', 'running');
  committed('a', status);
  expect(told).toEqual(['committed a', 'committed a']);
  vi.advanceTimersByTime(1000);
  expect(told).toHaveLength(2);
});

test('that a run is gone, and an acceptance, are told at once', () => {
  const { wakes, told, committed } = opened();
  committed('a', 'running');
  wakes.committed([{ workflow: 'w', run: 'a', ops: [{ op: 'delete' }] }]);
  wakes.accepted([{ workflow: 'w', run: 'a' }]);
  expect(told).toEqual(['committed a', 'committed a', 'accepted a']);
});

test('what was to be told at the end of the frame is told before the channel is closed', () => {
  const { wakes, told, committed } = opened();
  committed('a', 'running');
  committed('a', 'running');
  wakes.close();
  expect(told).toEqual(['committed a', 'committed a', 'closed']);
  expect(vi.getTimerCount()).toBe(0);
});

test('what was stored together is told in one message, in its order, and so is what a frame has gathered', () => {
  const { wakes, messages, told, together } = opened();
  together(['a', 'running'], ['b', 'running'], ['c', 'done']);
  together(['b', 'running'], ['a', 'running'], ['d', 'waiting']);
  wakes.accepted([
    { workflow: 'w', run: 'e' },
    { workflow: 'w', run: 'f' },
  ]);
  expect(messages.map(({ length }) => length)).toEqual([3, 1, 2]);
  vi.advanceTimersByTime(16);
  expect(told).toEqual([
    ...['committed a', 'committed b', 'committed c', 'committed d'],
    ...['accepted e', 'accepted f', 'committed a', 'committed b'],
  ]);
  expect(messages).toHaveLength(4);
});

test('where nothing is to be told nothing is posted', () => {
  const { wakes, messages, together } = opened();
  wakes.accepted([]);
  together();
  wakes.close();
  expect(messages).toEqual([]);
});

test('who listens hears each change of a message', () => {
  const heard: StoreChange[] = [];
  let post: (changes: readonly StoreChange[]) => void = () => {};
  const listen = (listener: typeof post) => {
    post = listener;
    return () => {};
  };
  new Wakes({ tell: () => {}, listen, close: () => {} }).listen((change) => heard.push(change));
  const changes = ['a', 'b'].map((run) => ({ kind: 'accepted', workflow: 'w', run }) as const);
  post(changes);
  expect(heard).toEqual(changes);
});
