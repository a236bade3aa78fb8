import { expect, test } from 'vitest';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { Retention } from '../define/retention.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { gate } from '../testing/gated-store.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { ManualClock } from '../testing/manual-clock.js';

const DAY = 24 * 60 * 60 * 1000;

const quick = fromSteps({ types: {} as { input: 'done' | 'failed' | 'waits' } }, async ({ input, sleep }) => {
  if (input === 'failed') throw new Error('no');
  if (input === 'waits') await sleep('long', '400d');
  return input;
});
const aWorkflow = (retention?: Retention | '30d') =>
  defineWorkflow({ id: 'w', version: 1, logic: quick, ...(retention === undefined ? {} : { retention }) });

/** Lets days pass, with all that they bring. */
async function days(clock: ManualClock, count: number): Promise<void> {
  for (let day = 0; day < count * 2; day++) {
    clock.advance(DAY / 2);
    await settled(3);
  }
}

async function withRuns(retention?: Retention | '30d', options: Parameters<typeof aHoldfast>[1] = {}) {
  const world = aHoldfast([aWorkflow(retention)], options);
  for (const input of ['done', 'failed', 'waits'] as const) await world.holdfast.start('w', { id: input, input });
  const cancelled = await world.holdfast.start('w', { id: 'cancelled', input: 'waits' });
  await settled();
  await cancelled.terminate();
  const statuses = () => world.database.tables.list({}).rows.map(({ run }) => run);
  return { ...world, statuses };
}

test('without retention a run is kept for ever', async () => {
  const { clock, statuses, holdfast } = await withRuns();
  await days(clock, 50);
  expect(statuses()).toEqual(['cancelled', 'done', 'failed', 'waits']);
  expect(clock.nextAt).toBeGreaterThan(clock.now() + 300 * DAY);
  await holdfast.close();
});

test('1 what has ended is removed when its time is over, and not before; what has not stays', async () => {
  const { clock, statuses, database, holdfast } = await withRuns('30d');
  await days(clock, 29);
  expect(statuses()).toHaveLength(4);
  await days(clock, 2.5);
  expect(statuses()).toEqual(['waits']);
  const stored = database.tables.load({ workflow: 'w', run: 'done' });
  expect(stored?.row).toMatchObject({ status: 'pruned', prunedFrom: 'done', seq: 3 });
  expect(stored?.values.size).toBe(0);
  expect(database.tables.history({ workflow: 'w', run: 'done' })).toEqual([]);
  await holdfast.close();
});

test('each end has its own time, and ids are forgotten after theirs', async () => {
  const { clock, statuses, database, holdfast } = await withRuns({ failed: '2d', cancelled: '10d', ids: '5d' });
  await days(clock, 3);
  expect(statuses()).toEqual(['cancelled', 'done', 'waits']);
  expect(database.tables.head({ workflow: 'w', run: 'failed' })?.status).toBe('pruned');
  await days(clock, 6);
  expect(database.tables.head({ workflow: 'w', run: 'failed' })).toBeUndefined();
  await days(clock, 2);
  expect(statuses()).toEqual(['done', 'waits']);
  await holdfast.close();
});

test('the retention of a workflow takes the place of that of the host', async () => {
  const clock = new ManualClock();
  const kept = defineWorkflow({ id: 'kept', version: 1, logic: quick, retention: { failed: '1d' } });
  const { holdfast, database } = aHoldfast([kept, aWorkflow()], { clock, retention: '3d' });
  for (const id of ['kept', 'w'] as const) await (await holdfast.start(id, { id: '1', input: 'done' })).result();
  await days(clock, 5);
  expect(database.tables.list().rows.map(({ workflow }) => workflow)).toEqual(['kept']);
  await holdfast.close();
});

test('2 a pruned run is not started again unawares; its handle tells what became of it', async () => {
  const { clock, holdfast, database } = await withRuns('30d');
  await days(clock, 32);
  const run = holdfast.run('w', 'done');
  const pruned = { code: 'RUN_PRUNED', details: { workflow: 'w', run: 'done' } };
  await expect(run.result()).rejects.toMatchObject(pruned);
  expect(run.getSnapshot()).toMatchObject({ status: 'stopped', run: { status: 'pruned' } });
  await expect(holdfast.start('w', { id: 'done', input: 'done' })).rejects.toMatchObject(pruned);
  const fail = holdfast.start('w', { id: 'done', input: 'done', ifExists: 'fail' });
  await expect(fail).rejects.toMatchObject(pruned);
  await expect(run.send({ type: 'X' } as never)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  await run.cancel();
  await run.pause();
  expect(database.tables.load({ workflow: 'w', run: 'done' })).toMatchObject({ values: new Map(), inbox: [] });
  expect(database.tables.history({ workflow: 'w', run: 'done' })).toEqual([]);
  const again = await holdfast.start('w', { id: 'done', input: 'done', ifExists: 'restart' });
  expect(await again.result()).toBe('done');
  const failed = holdfast.run('w', 'failed');
  await failed.delete();
  expect(await (await holdfast.start('w', { id: 'failed', input: 'done' })).result()).toBe('done');
  await holdfast.close();
});

test('2 a start whose answer was lost finds its own run, however late it is made again', async () => {
  const { clock, host, holdfast, database } = await withRuns('30d');
  const { key } = database.tables.head({ workflow: 'w', run: 'done' }) ?? { key: '' };
  await days(clock, 32);
  const input = { text: '["done"]', blobs: [] };
  const address = { workflow: 'w', run: 'done' };
  expect(await host.start({ ...address, input, ifExists: 'fail', callId: key })).toEqual(address);
  expect(database.tables.head(address)?.status).toBe('pruned');
  await holdfast.close();
});

test('the next owner removes what the one before had no time for, and one without the workflow leaves it', async () => {
  const { clock, holdfast, database } = await withRuns('30d');
  await holdfast.close();
  clock.advance(40 * DAY);
  const other = defineWorkflow({ id: 'other', version: 1, logic: quick, retention: '1d' });
  const stranger = aHoldfast([other], { database, clock });
  await days(clock, 2);
  expect(database.tables.list().rows).toHaveLength(4);
  await stranger.holdfast.close();
  const next = aHoldfast([aWorkflow('30d')], { database, clock });
  await settled(20);
  expect(database.tables.list().rows.map(({ run }) => run)).toEqual(['waits']);
  await next.holdfast.close();
});

test('a run in memory is left until it is put to rest', async () => {
  const { clock, holdfast, statuses } = await withRuns({ done: 0 }, { evictAfterMs: 3 * DAY });
  await days(clock, 2);
  expect(statuses()).toContain('done');
  await days(clock, 2);
  expect(statuses()).not.toContain('done');
  await holdfast.close();
});

test('3 a child stays until its parent has ended', async () => {
  const parent = fromSteps(async ({ child, sleep }) => {
    const result = child('work', aWorkflow({ done: '1d' }), { input: 'done' });
    await sleep('first', '10d');
    return result;
  });
  const clock = new ManualClock();
  const database = createMemoryDatabase();
  const workflows = [defineWorkflow({ id: 'parent', version: 1, logic: parent }), aWorkflow({ done: '1d' })];
  const { holdfast } = aHoldfast(workflows, { clock, database });
  const run = await holdfast.start('parent', { id: 'p' });
  const children = () => database.tables.list({ workflow: 'w' }).rows.length;
  await days(clock, 5);
  expect(children()).toBe(1);
  await days(clock, 6);
  expect(await run.result()).toBe('done');
  await days(clock, 2);
  expect(children()).toBe(0);
  await holdfast.close();
});

test('of versions side by side the newest tells how long', async () => {
  const clock = new ManualClock();
  const newest = defineWorkflow({ id: 'w', version: 2, logic: quick, retention: '1d' });
  const { holdfast, database } = aHoldfast([newest, aWorkflow()], { clock });
  await (await holdfast.start('w', { id: '1', input: 'done' })).result();
  await days(clock, 2);
  expect(database.tables.list().rows).toEqual([]);
  await holdfast.close();
});

test('who looks at a run is told that it was removed', async () => {
  const { clock, holdfast } = await withRuns('30d');
  const seen: string[] = [];
  holdfast.run('w', 'done').subscribe(({ run }) => seen.push(run.status));
  await days(clock, 32);
  expect(seen.at(-1)).toBe('pruned');
  await holdfast.close();
});

test('a run to which something happened meanwhile is left till the next look, and nothing is told', async () => {
  const database = createMemoryDatabase();
  const { commit, ...store } = createMemoryStore({ database });
  const refused: string[] = [];
  const late: Store = {
    ...store,
    commit: (checkpoint) => {
      const isFirst = checkpoint.ops.some(({ op }) => op === 'prune') && !refused.includes(checkpoint.run);
      if (isFirst) refused.push(checkpoint.run);
      return commit(isFirst ? { ...checkpoint, after: checkpoint.after - 1 } : checkpoint);
    },
  };
  const { clock, holdfast, statuses, errors } = await withRuns('30d', { database, store: late });
  await days(clock, 34);
  expect(refused).toEqual(['cancelled', 'done', 'failed']);
  expect(statuses()).toEqual(['waits']);
  expect(errors).toEqual([]);
  await holdfast.close();
});

test('nothing is left to wake up when the host is closed, in the middle of a look as well', async () => {
  const { clock, holdfast, database } = await withRuns('30d');
  await holdfast.close();
  expect(clock.nextAt).toBeUndefined();
  clock.advance(40 * DAY);
  const gated = gate(createMemoryStore({ database }));
  const other = aHoldfast([aWorkflow('30d')], { store: gated.store, database, clock });
  await settled();
  expect(gated.waiting.map(({ checkpoint }) => checkpoint.run)).toEqual(['cancelled']);
  const closing = other.holdfast.close();
  await gated.refuse(new Error('The store is gone.'));
  await closing;
  await settled();
  expect(other.errors).toEqual([]);
  expect(clock.nextAt).toBeUndefined();
});

test('a fenced owner removes nothing any more', async () => {
  const { clock, holdfast, database } = await withRuns('30d');
  database.epoch++;
  await days(clock, 40);
  expect(database.tables.list().rows).toHaveLength(4);
  await holdfast.close();
});

test.each([
  ['30 days', 'is "30 days"'],
  [{ closed: '1d' }, 'no option `retention.closed`'],
  [{ done: -1 }, 'is -1'],
  [null, 'is null'],
])('retention %j is refused', (retention, text) => {
  expect(() => aWorkflow(retention as never)).toThrow(text);
  expect(() => aHoldfast([aWorkflow()], { retention: retention as never })).toThrow(text);
});

test('a history is cut when it is a quarter longer than its limit', async () => {
  const logic = fromSteps(async ({ step }) => {
    for (let n = 1; n <= 30; n++) await step(`s${n}`, () => n);
  });
  const limits = { historyLength: 8 };
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic, limits })]);
  const run = await holdfast.start('w');
  await run.result();
  const seqs = (await run.history()).map(({ seq }) => seq);
  expect([seqs[0], seqs.at(-1)]).toEqual([25, 32]);
  await holdfast.close();
});
