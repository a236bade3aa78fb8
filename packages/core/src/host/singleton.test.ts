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

test('a run that failed, or was deleted, keeps nobody from starting', async () => {
  const { holdfast, host } = aHoldfast([sync({ onConflict: 'skip' })]);
  const first = await holdfast.start('sync', { id: 'first', ...ann });
  expect((await holdfast.start('sync', { id: 'second', input: { user: 'bob' } })).id).toBe('first');
  await first.send({ type: 'FAIL' });
  await expect(first.result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
  const second = await holdfast.start('sync', { id: 'second', ...ann });
  expect(second.id).toBe('second');
  await second.delete();
  expect((await holdfast.start('sync', { id: 'third', ...ann })).id).toBe('third');
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
