import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { clearsActions } from '../decide/arrivals.js';
import { suspicionAfter } from '../decide/suspicion.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { StepContext } from '../define/steps-logic.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import type { Checkpoint } from '../store/store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

type Details = StepContext['details'];

/** A step that stores one detail more at each of its tries, and ends with the third. */
const counts = (seen: Details[]) =>
  fromSteps(async ({ step }) =>
    step('count', async ({ details = 0, heartbeat }) => {
      seen.push(details);
      await heartbeat(details + 1);
      return details === 2 ? 'done' : new Promise<never>(() => {});
    }),
  );

/** A memory store that shows what is committed. */
function watched(database = createMemoryDatabase()) {
  const commits: Checkpoint[] = [];
  const inner = createMemoryStore({ database });
  const commit = (checkpoint: Checkpoint) => {
    commits.push(checkpoint);
    return inner.commit(checkpoint);
  };
  return { commits, store: { ...inner, commit } };
}

test('the next host goes on with what was told last', async () => {
  const seen: Details[] = [];
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic: counts(seen) })] as const;
  const database = createMemoryDatabase();
  for (let i = 0; i < 2; i++) {
    const { holdfast } = aHoldfast(workflows, { database });
    await holdfast.start('w', { id: '1' });
    await settled();
    await holdfast.close();
  }
  const { holdfast } = aHoldfast(workflows, { database });
  expect(await holdfast.run('w', '1').result()).toBe('done');
  expect(seen).toEqual([0, 1, 2]);
  await holdfast.close();
});

test('is stored relaxed, and in no history', async () => {
  const { commits, store } = watched();
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic: counts([]) })], { store });
  const run = await holdfast.start('w');
  await settled();
  const told = commits.filter(({ ops }) => ops.some((op) => op.op === 'put' && op.value.text.includes('details')));
  expect(told.map(({ durability, after }) => [durability, after])).toEqual([['relaxed', 1]]);
  expect(told[0]?.ops.map(({ op }) => op)).toEqual(['put', 'run']);
  expect((await run.history()).map(({ arrival }) => arrival.kind)).toEqual(['start']);
  await holdfast.close();
});

test('of a step function that was left is no checkpoint', async () => {
  const { commits, store } = watched();
  let heartbeat: StepContext['heartbeat'] | undefined;
  const hangs = fromSteps(({ step }) =>
    step('one', (context) => {
      heartbeat = context.heartbeat;
      return new Promise<never>(() => {});
    }),
  );
  const logic = setup({ actors: { hangs } }).createMachine({
    initial: 'on',
    states: { on: { invoke: { src: 'hangs' }, on: { LEAVE: 'off' } }, off: {} },
  });
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { store });
  const run = await holdfast.start('w');
  await settled();
  const leaving = run.send({ type: 'LEAVE' } as never, { until: 'processed' });
  // While the transition is being committed.
  while (!commits.some(({ ops }) => ops.some((op) => op.op === 'taken'))) await Promise.resolve();
  void heartbeat?.('too late');
  await leaving;
  await settled();
  const last = commits.at(-1);
  expect(last?.ops.some(({ op }) => op === 'taken')).toBe(true);
  await holdfast.close();
});

test('does not say that actions were performed, nor that a suspect got further', () => {
  const record = { step: 'one', entry: {} as never };
  const arrival = { kind: 'heartbeat', leaf: { path: '', incarnation: 1 }, record, stored: () => {} } as const;
  expect(clearsActions(arrival)).toBe(false);
  const suspicion = { restores: 2, outlived: 0 };
  expect(suspicionAfter(arrival, { status: 'running', suspicion })).toBe(suspicion);
});
