import { expect, test } from 'vitest';
import { KnownSeqs, knownTo } from './known-seqs.js';

const run = (id: string | number) => ({ workflow: 'w', run: `${id}` });

test('what was learnt is known once: it is forgotten while a write of it is under way', () => {
  const seqs = new KnownSeqs();
  seqs.learn(run('a'), 3);
  expect(seqs.take(run('b'))).toBeUndefined();
  expect(seqs.take(run('a'))).toBe(3);
  expect(seqs.take(run('a'))).toBeUndefined();
});

test('of a run that is not there any more nothing is known', () => {
  const seqs = new KnownSeqs();
  seqs.learn(run('a'), 3);
  seqs.learn(run('a'), undefined);
  expect(seqs.take(run('a'))).toBeUndefined();
});

test('of more than a thousand runs those that moved last are known', () => {
  const seqs = new KnownSeqs();
  for (let n = 0; n < 1000; n++) seqs.learn(run(n), n);
  seqs.learn(run(0), 7);
  seqs.learn(run(1000), 1000);
  expect(seqs.take(run(0))).toBe(7);
  expect(seqs.take(run(1))).toBeUndefined();
  expect(seqs.take(run(2))).toBe(2);
});

test('a group of one owner knows what that one does, also of a run that is in it twice', () => {
  const owner = { seqs: new KnownSeqs() };
  owner.seqs.learn(run('a'), 3);
  const known = knownTo([owner, owner, owner], [run('a'), run('a'), run('b')]);
  expect([...known]).toEqual([['w/a', 3]]);
});

test('a group of several owners knows nothing, and what they knew is forgotten', () => {
  const [before, present] = [{ seqs: new KnownSeqs() }, { seqs: new KnownSeqs() }];
  before.seqs.learn(run('a'), 3);
  expect(knownTo([before, present], [run('a'), run('a')]).size).toBe(0);
  expect(before.seqs.take(run('a'))).toBeUndefined();
});
