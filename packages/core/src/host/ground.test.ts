import { expect, test } from 'vitest';
import { fromPromise, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

/** One under which what fails does not count, until it `settles`: whether it is there still is told then. */
function shakyGround() {
  const asked: ((holds: boolean) => void)[] = [];
  let firm = false;
  return {
    ground: { holds: () => firm || new Promise<boolean>((resolve) => void asked.push(resolve)) },
    asked,
    settles() {
      firm = true;
      for (const answer of asked.splice(0, Infinity)) answer(false);
    },
  };
}

/** Fails at first, and then gives how often it was called. */
function failingOnce() {
  let calls = 0;
  return () => {
    if (++calls === 1) throw new TypeError('Load failed');
    return calls;
  };
}

test('a step without retry that fails with the ground under its host is done anew, and its try is not counted', async () => {
  const { ground, asked, settles } = shakyGround();
  const attempts: number[] = [];
  const fetchIt = failingOnce();
  const logic = fromSteps({}, ({ step }) =>
    step('fetch', ({ attempt }) => {
      attempts.push(attempt);
      return fetchIt();
    }),
  );
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { ground });
  const run = await holdfast.start('w', { id: '1' });
  await settled();
  expect(asked).toHaveLength(1);
  const seqs = async () => (await run.history()).map(({ arrival }) => `${arrival.kind} ${arrival.outcome ?? ''}`);
  expect(await seqs()).toEqual(['start ']);
  settles();
  expect(await run.result()).toBe(2);
  expect(attempts).toEqual([1, 1]);
  expect(await seqs()).toEqual(['start ', 'step completed', 'actor completed']);
  await holdfast.close();
});

test('one that is to be done at most once has failed all the same', async () => {
  const { ground, settles } = shakyGround();
  const pay = failingOnce();
  const logic = fromSteps({}, ({ step }) => step('pay', { delivery: 'at-most-once' }, pay).catch(String));
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { ground });
  const run = await holdfast.start('w', { id: '1' });
  await settled();
  settles();
  expect(await run.result()).toBe('TypeError: Load failed');
  await holdfast.close();
});

test('a promise actor begins anew', async () => {
  const { ground, asked, settles } = shakyGround();
  const fetchIt = failingOnce();
  const logic = setup({ actors: { fetchIt: fromPromise(async () => fetchIt()) } }).createMachine({
    initial: 'on',
    output: ({ event }) => (event as unknown as { output: unknown }).output,
    states: { on: { invoke: { src: 'fetchIt', onDone: 'off' } }, off: { type: 'final' } },
  });
  const { holdfast, database } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { ground });
  const run = await holdfast.start('w', { id: '1' });
  await settled();
  expect(asked).toHaveLength(1);
  expect(database.tables.head({ workflow: 'w', run: '1' })).toMatchObject({ status: 'running', seq: 1 });
  settles();
  await run.result();
  await holdfast.close();
});

test('a promise actor whose state was left meanwhile does not begin anew', async () => {
  const { ground, settles } = shakyGround();
  let calls = 0;
  const work = fromPromise(async () => {
    calls++;
    throw new TypeError('Load failed');
  });
  const logic = setup({ actors: { work } }).createMachine({
    initial: 'on',
    states: { on: { invoke: { src: 'work' }, on: { LEAVE: 'off' } }, off: {} },
  });
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { ground });
  const run = await holdfast.start('w', { id: '1' });
  await settled();
  await run.send({ type: 'LEAVE' });
  await settled();
  settles();
  await settled();
  expect(calls).toBe(1);
  await holdfast.close();
});
