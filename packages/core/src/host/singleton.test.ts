import { expect, test } from 'vitest';
import { setup } from 'xstate';
import type { Singleton } from '../define/concurrency.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const logic = setup({
  types: {} as { input: { user: string }; events: { type: 'END' } | { type: 'FAIL' } },
}).createMachine({
  initial: 'on',
  states: {
    on: {
      on: {
        END: 'over',
        FAIL: {
          target: 'over',
          actions: () => {
            throw new Error('no');
          },
        },
      },
    },
    over: { type: 'final' },
  },
});

const sync = (singleton: Singleton<{ user: string }>) => defineWorkflow({ id: 'sync', version: 1, logic, singleton });

const ann = { input: { user: 'ann' } };

test('a start gives the run of its key that is there, also from a host that does not own the store', async () => {
  const database = createMemoryDatabase();
  const workflows = [sync({ key: ({ user }) => user, onConflict: 'skip' })] as const;
  const [owner, other] = [aHoldfast(workflows, { database }), aHoldfast(workflows, { database })];
  const [first, second, third] = await Promise.all([
    owner.holdfast.start('sync', { id: 'first', ...ann }),
    other.holdfast.start('sync', { id: 'second', ...ann }),
    other.holdfast.start('sync', { id: 'third', input: { user: 'bob' } }),
  ]);
  expect([first.id, second.id, third.id]).toEqual(['first', 'first', 'third']);
  expect(second).toBe(other.holdfast.run('sync', 'first'));
  await second.send({ type: 'END' });
  await first.result();
  expect((await other.holdfast.start('sync', { id: 'second', ...ann })).id).toBe('second');
  await settled();
  expect(database.tables.head({ workflow: 'sync', run: 'first' })).not.toHaveProperty('singletonKey');
  for (const { host } of [owner, other]) await host.close();
});

test('a run that failed, was cancelled or deleted keeps nobody from starting', async () => {
  const { holdfast, host, clock } = aHoldfast([sync({ onConflict: 'skip' })]);
  const first = await holdfast.start('sync', { id: 'first', ...ann });
  expect((await holdfast.start('sync', { id: 'second', input: { user: 'bob' } })).id).toBe('first');
  await first.send({ type: 'FAIL' });
  await expect(first.result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
  const second = await holdfast.start('sync', { id: 'second', ...ann });
  expect(second.id).toBe('second');
  await second.delete();
  const third = await holdfast.start('sync', { id: 'third', ...ann, startAt: clock.now() + 1000 });
  expect((await holdfast.start('sync', { id: 'fourth', ...ann })).id).toBe('third');
  await third.cancel();
  expect((await holdfast.start('sync', { id: 'fourth', ...ann })).id).toBe('fourth');
  await host.close();
});

test('with `cancel` the older one is cancelled, and the new one starts when it has ended, from any host', async () => {
  const database = createMemoryDatabase();
  const workflows = [sync({ onConflict: 'cancel' })] as const;
  const [owner, other] = [aHoldfast(workflows, { database }), aHoldfast(workflows, { database })];
  const first = await owner.holdfast.start('sync', { id: 'first', ...ann });
  await settled();
  const second = await other.holdfast.start('sync', { id: 'second', ...ann });
  await expect(first.result()).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
  await second.send({ type: 'END' });
  await second.result();
  expect(database.tables.list().rows.map(({ run, status }) => [run, status])).toEqual([
    ['first', 'cancelled'],
    ['second', 'done'],
  ]);
  for (const { host } of [owner, other]) await host.close();
});

test('with `cancel` one that is to begin later is replaced', async () => {
  const { holdfast, host, database, clock } = aHoldfast([sync({ onConflict: 'cancel' })]);
  await holdfast.start('sync', { id: 'first', ...ann, startAt: clock.now() + 1000 });
  await holdfast.start('sync', { id: 'second', ...ann });
  await settled();
  expect(database.tables.list().rows.map(({ run, status }) => [run, status])).toEqual([
    ['first', 'cancelled'],
    ['second', 'waiting'],
  ]);
  await host.close();
});

test('with `cancel` a machine may clean up first, and of several starts the last stays', async () => {
  const patient = setup({}).createMachine({
    initial: 'on',
    states: {
      on: { on: { 'holdfast.cancel': 'cleaning' } },
      cleaning: { after: { 1000: 'over' } },
      over: { type: 'final' },
    },
  });
  const workflow = defineWorkflow({ id: 'sync', version: 1, logic: patient, singleton: { onConflict: 'cancel' } });
  const { holdfast, host, database, clock } = aHoldfast([workflow]);
  await holdfast.start('sync', { id: 'first' });
  await settled();
  const started: string[] = [];
  for (const id of ['second', 'third']) void holdfast.start('sync', { id }).then((run) => started.push(run.id));
  const statuses = () => database.tables.list().rows.map(({ run, status }) => [run, status]);
  await settled();
  expect(statuses()).toEqual([['first', 'cancelling']]);
  clock.advance(1000);
  await settled(20);
  // The second may have begun by the time that it is cancelled: then it cleans up, too.
  clock.advance(1000);
  await settled(20);
  expect(started).toEqual(['second', 'third']);
  expect(statuses()).toEqual([
    ['first', 'cancelled'],
    ['second', 'cancelled'],
    ['third', 'waiting'],
  ]);
  await host.close();
});

test('what it can not be is refused', async () => {
  for (const wrong of [{ onConflict: 'replace' }, { onConflict: 'skip', key: 'user' }, 'skip']) {
    expect(() => sync(wrong as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  }
  const { holdfast, host } = aHoldfast([sync({ onConflict: 'skip', key: () => undefined as never })]);
  await expect(holdfast.start('sync', ann)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await expect(holdfast.start('sync', { ...ann, ifExists: 'restart' })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    details: { option: 'ifExists' },
  });
  await host.close();
});
