import { expect, test } from 'vitest';
import { LiveView } from './live-view.js';
import type { SeenRun } from './run-lines.js';
import { aTerminal } from './terminal.test-support.js';

const aRun = (run: string, more: Partial<SeenRun> = {}): SeenRun => {
  return { workflow: 'w', run, status: 'running', reasons: [], seq: 1, ...more };
};
const up = (lines: number) => `\u001b[${lines}A\u001b[J`;

test('where it is no terminal, each change is a line, told once', () => {
  const { terminal, printed } = aTerminal();
  const view = new LiveView(terminal, { json: false });
  view.show([aRun('1'), aRun('2', { progress: { done: 1, total: 4 } })]);
  view.show([aRun('1', { seq: 2 }), aRun('2', { progress: { done: 2, total: 4 }, value: 'going' })]);
  view.show([aRun('1', { status: 'done' })]);
  expect(printed).toEqual(['w/1 running', 'w/2 running 1/4', 'w/2 running going 2/4', 'w/1 done']);
});

test('with json, each checkpoint is an object', () => {
  const { terminal, printed } = aTerminal({ live: true });
  const view = new LiveView(terminal, { json: true });
  for (const seq of [1, 1, 2]) view.show([aRun('1', { seq })]);
  expect(printed.map((line) => JSON.parse(line).seq)).toEqual([1, 2]);
});

test('on a terminal the lines are drawn anew, and what has ended stays above them', () => {
  const { terminal, printed } = aTerminal({ live: true });
  const view = new LiveView(terminal, { json: false });
  view.show([aRun('1'), aRun('2')]);
  view.show([aRun('1'), aRun('2')]);
  view.show([aRun('1', { status: 'done' }), aRun('2', { progress: { done: 5, total: 10 } })]);
  view.show([aRun('2', { status: 'failed' })]);
  expect(printed).toEqual([
    'w/1  running\nw/2  running\n',
    `${up(2)}done w/1\nw/2  running    5/10 ██████████░░░░░░░░░░\n`,
    `${up(1)}failed w/2\n`,
  ]);
});

test('what is said stands above the lines, which are still there', () => {
  const { terminal, printed } = aTerminal({ live: true });
  const view = new LiveView(terminal, { json: false });
  view.show([aRun('1')]);
  view.around(() => terminal.raw('careful\n'));
  expect(printed.slice(1)).toEqual([up(1), 'careful\n', 'w/1  running\n']);
});

test('no more lines are drawn than the terminal has, and none is wider', () => {
  const { terminal, printed } = aTerminal({ live: true, height: 4, width: 40 });
  const view = new LiveView(terminal, { json: false });
  view.show(['1', '2', '3', '4', '5'].map((run) => aRun(run.repeat(60), { progress: { done: 1, total: 2 } })));
  const lines = printed.join('').trimEnd().split('\n');
  expect([lines.length, lines.at(-1)]).toEqual([3, '… and 3 more']);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
});
