import { expect, test } from 'vitest';
import type { FoundRun } from '../../pages/power-cut/main.js';
import { NOTES } from '../../pages/power-cut/workflow.js';
import { faultsOf, lossesOf, misnoted, repeatedEpochs, repeatsOf, toldOf } from './verdict.js';

const told = (...paths: string[]) => toldOf(paths.map((step) => ({ step, key: 'k' })));

function aRun(change: Partial<FoundRun> = {}): FoundRun {
  const history = [1, 2, 3].map((seq) => ({ seq, epoch: 1 }));
  return { id: 'a', seq: 3, history, taken: 1, waiting: [2], completed: ['log-1'], ...change };
}

test('what was told and is there is no loss', () => {
  const all = told('told/start/a', 'told/note/a/1', 'told/note/a/2', 'told/seq/a/3', 'ask/a/1/1');
  expect(lossesOf(all, [aRun()])).toEqual([]);
  expect(faultsOf([aRun()])).toEqual([]);
});

test.each([
  ['a start', 'told/start/b', 'the start of b'],
  ['a note', 'told/note/a/3', 'note 3 of a'],
  ['a note of a run that is gone', 'told/note/b/1', 'note 1 of b'],
  ['a checkpoint', 'told/seq/a/4', 'checkpoint 4 of a, of which there are 3'],
])('%s that was told and is not there is a loss', (_, path, loss) => {
  expect(lossesOf(told(path), [aRun()])).toEqual([loss]);
});

test.each([
  ['a gap', { seq: 2, history: [1, 3].map((seq) => ({ seq, epoch: 1 })) }, 'the history of a has gaps: 1,3'],
  ['half of a checkpoint', { seq: 4 }, 'a is at 4, its history at 3'],
  ['a stale epoch', { history: [1, 2, 3].map((seq) => ({ seq, epoch: 4 - seq })) }, 'epochs of a fall: 3,2,1'],
  ['a note that overtook another', { waiting: [3] }, 'after 1 notes there wait in a: 3'],
])('%s is a fault', (_, change, fault) => {
  expect(faultsOf([aRun(change)])).toEqual([fault]);
});

test('an epoch that steps were told in two lives is a fault', () => {
  expect(repeatedEpochs([told('ask/a/1/2'), told('ask/a/1/3', 'ask/a/2/3'), told()])).toEqual([]);
  expect(repeatedEpochs([told('ask/a/1/2'), told(), told('ask/a/1/2', 'ask/a/2/3')])).toEqual([
    'after cut 2 steps were told epoch 2, before it 2',
  ]);
});

test('a note that was taken twice, or not, is a fault', () => {
  const whole = Array.from({ length: NOTES }, (_, at) => at + 1);
  expect(misnoted(new Map([['a', whole]]))).toEqual([]);
  expect(misnoted(new Map([['a', [1, 1, 2]]]))).toEqual(['a took 1,1,2']);
});

test('a step that had been completed and asks again is a fault; the one in flight may', () => {
  expect(repeatsOf([aRun()], told('ask/a/2/2'))).toEqual([]);
  expect(repeatsOf([aRun()], told('ask/a/1/2'))).toEqual(['step 1 of a had been completed, and asked again']);
});
