import type { Checkpoint } from '@holdfast/core/store';
import { expect, test } from 'vitest';
import { fenced, type Refusal } from './commit.js';
import { Group } from './group.js';

const aCheckpoint = (run: string, after = 0): Checkpoint => {
  return { workflow: 'w', run, epoch: 1, after, durability: 'strict', ops: [] };
};

/** A group over a store that notes each transaction, and fails those with a run named `bad`. */
function aGroup() {
  const transactions: string[][] = [];
  const write = async (checkpoints: readonly Checkpoint[]): Promise<Refusal[]> => {
    const runs = checkpoints.map(({ run, after }) => `${run}${after}`);
    transactions.push(runs);
    await Promise.resolve();
    if (checkpoints.some(({ run }) => run === 'bad')) throw new Error('over quota');
    return checkpoints.map(({ run }) => (run === 'fenced' ? fenced(1, 2) : undefined));
  };
  return { group: new Group<Checkpoint, undefined>(write), transactions };
}

test('1 what comes while a transaction is under way shares the next one', async () => {
  const { group, transactions } = aGroup();
  const first = group.add(aCheckpoint('a'));
  await Promise.resolve();
  await Promise.all([first, group.add(aCheckpoint('b')), group.add(aCheckpoint('c'))]);
  expect(transactions).toEqual([['a0'], ['b0', 'c0']]);
});

test('1 a group has at most a hundred members', async () => {
  const { group, transactions } = aGroup();
  await Promise.all(Array.from({ length: 101 }, (_, after) => group.add(aCheckpoint('a', after))));
  expect(transactions.map(({ length }) => length)).toEqual([100, 1]);
});

test('2 the order is kept when a group is written one by one', async () => {
  const { group, transactions } = aGroup();
  const bad = group.add(aCheckpoint('bad'));
  const others = [group.add(aCheckpoint('a', 0)), group.add(aCheckpoint('a', 1))];
  const later = group.add(aCheckpoint('a', 2));
  await expect(bad).rejects.toThrow('over quota');
  await Promise.all([...others, later]);
  expect(transactions.slice(1)).toEqual([['bad0'], ['a0'], ['a1'], ['a2']]);
});

test('3 a refused member does not make the others wait', async () => {
  const { group, transactions } = aGroup();
  const refused = group.add(aCheckpoint('fenced'));
  const other = group.add(aCheckpoint('a'));
  await expect(refused).rejects.toMatchObject({ code: 'STORE_FENCED' });
  await other;
  expect(transactions).toEqual([['fenced0', 'a0']]);
});

test('idle waits for what is under way and for what waits', async () => {
  const { group } = aGroup();
  const ended: string[] = [];
  void group.add(aCheckpoint('a')).then(() => ended.push('a'));
  await Promise.resolve();
  void group.add(aCheckpoint('b')).then(() => ended.push('b'));
  await group.idle();
  expect(ended).toEqual(['a', 'b']);
});
