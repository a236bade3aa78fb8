import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import type { RunRow } from '../records/records.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import type { Checkpoint, Store } from '../store/store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const HOUR_MS = 3_600_000;

const logic = createMachine({
  initial: 'waiting',
  states: { waiting: { after: { [HOUR_MS]: 'due' } }, due: { type: 'final' } },
});
const waiting = defineWorkflow({ id: 'waiting', version: 1, logic });
const limited = defineWorkflow({ id: 'limited', version: 1, logic, concurrency: { limit: 1 } });

/** Runs that wait, each a minute longer than the one before, whose next host is told of all runs only when it may be. */
async function aLongLook({ crashes = false, runs = ['a', 'b', 'c'], later = 0 } = {}) {
  const database = createMemoryDatabase();
  const first = aHoldfast([waiting, limited], { database });
  const { clock } = first;
  for (const run of runs) {
    const [id, workflow] = [run.slice(-1), run.startsWith('limited') ? 'limited' : 'waiting'] as const;
    await first.holdfast.start(workflow, { id });
    await settled();
    clock.advance(60_000);
  }
  await first.holdfast.close();
  clock.advance(later);
  if (crashes) database.released = -1;
  const inner = createMemoryStore({ database });
  const commits: Checkpoint[] = [];
  let look = () => {};
  const looking = new Promise<void>((go) => {
    look = go;
  });
  const store: Store = {
    ...inner,
    async list(query) {
      await looking;
      return inner.list(query);
    },
    commit(checkpoint) {
      commits.push(checkpoint);
      return inner.commit(checkpoint);
    },
  };
  const boot = async () => {
    const opened = aHoldfast([waiting, limited], { database, store, clock });
    await settled();
    return opened;
  };
  const heads = () => inner.list();
  const statuses = async () => Object.fromEntries((await heads()).rows.map(({ run, status }) => [run, status]));
  const suspect = async (run: string, restores = 1) => {
    const row = (await inner.head({ workflow: 'waiting', run })) as RunRow;
    database.tables.apply(row, [{ op: 'run', row: { ...row, suspicion: { restores, outlived: 0 } } }]);
  };
  return { clock, boot, look, statuses, suspect, commits, database };
}

test.each([false, true])(
  'deadlines are kept before all runs are looked through (after a crash: %s)',
  async (crashes) => {
    const { clock, boot, look, statuses } = await aLongLook({ crashes });
    const { holdfast } = await boot();
    expect(await statuses()).toEqual({ a: 'waiting', b: 'waiting', c: 'waiting' });
    clock.advance(HOUR_MS - 3 * 60_000);
    await settled();
    expect(await statuses()).toEqual({ a: 'done', b: 'waiting', c: 'waiting' });
    clock.advance(60_000);
    await settled();
    expect(await statuses()).toEqual({ a: 'done', b: 'done', c: 'waiting' });
    look();
    await settled();
    clock.advance(60_000);
    await settled();
    expect(await statuses()).toEqual({ a: 'done', b: 'done', c: 'done' });
    await holdfast.close();
  },
);

test.each([false, true])('what is overdue is brought back at once (after a crash: %s)', async (crashes) => {
  const { boot, statuses } = await aLongLook({ crashes, later: HOUR_MS - 90_000 });
  const { holdfast } = await boot();
  expect(await statuses()).toEqual({ a: 'done', b: 'done', c: 'waiting' });
  await holdfast.close();
});

test('of a run that is brought back early it is noted once that it was restored', async () => {
  const { boot, look, commits } = await aLongLook({ crashes: true, runs: ['a'], later: HOUR_MS });
  const { holdfast } = await boot();
  look();
  await settled();
  const heads = commits.flatMap(({ ops }) => ops.flatMap((op) => (op.op === 'run' ? [op.row] : [])));
  expect(heads.map(({ status, suspicion }) => [status, suspicion?.restores])).toEqual([
    ['waiting', 1],
    ['done', undefined],
  ]);
  await holdfast.close();
});

test('a suspect comes after all that nothing speaks against, also when it is due first', async () => {
  const { clock, boot, look, statuses, suspect } = await aLongLook({ crashes: true, later: HOUR_MS });
  await suspect('a');
  const { holdfast } = await boot();
  expect(await statuses()).toEqual({ a: 'waiting', b: 'done', c: 'done' });
  look();
  await settled();
  expect(await statuses()).toEqual({ a: 'done', b: 'done', c: 'done' });
  expect(clock.nextAt).not.toBeUndefined();
  await holdfast.close();
});

test('one that was restored too often is paused by that, early or not', async () => {
  const { boot, statuses, suspect } = await aLongLook({ crashes: true, runs: ['a'], later: HOUR_MS });
  await suspect('a', 3);
  const { holdfast, errors } = await boot();
  expect(await statuses()).toEqual({ a: 'paused' });
  expect(errors).toMatchObject([{ code: 'CRASH_LOOP' }]);
  await holdfast.close();
});

test.each([false, true])(
  'a run of a limited workflow waits until it is known who was at work (after a crash: %s)',
  async (crashes) => {
    const { boot, look, statuses } = await aLongLook({ crashes, runs: ['limited a', 'b'], later: HOUR_MS });
    const { holdfast } = await boot();
    await holdfast.start('limited', { id: 'new' });
    await settled();
    expect(await statuses()).toEqual({ a: 'waiting', b: 'done', new: 'queued' });
    look();
    await settled();
    expect(await statuses()).toEqual({ a: 'done', b: 'done', new: 'waiting' });
    await holdfast.close();
  },
);

test('after a crash a new run begins before all others are looked through', async () => {
  const { boot, statuses } = await aLongLook({ crashes: true, runs: [] });
  const { holdfast } = await boot();
  await holdfast.start('waiting', { id: 'new' });
  await settled();
  expect(await statuses()).toEqual({ new: 'waiting' });
  await holdfast.close();
});
