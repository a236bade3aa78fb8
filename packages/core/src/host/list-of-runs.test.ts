import { expect, test, vi } from 'vitest';
import { createMachine } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast } from '../testing/local.test-support.js';

const logic = createMachine({ initial: 'on', states: { on: { on: { END: 'off' } }, off: { type: 'final' } } });
const workflows = [
  defineWorkflow({ id: 'a', version: 1, logic }),
  defineWorkflow({ id: 'b', version: 1, logic }),
] as const;

test('a list is live in every host, filtered by workflow and status, and the same array until it changes', async () => {
  const database = createMemoryDatabase();
  const owner = aHoldfast(workflows, { database });
  const other = aHoldfast(workflows, { database, clock: owner.clock });
  const waiting = other.holdfast.runs({ workflow: 'a', status: 'waiting' });
  expect(waiting.getSnapshot()).toEqual([]);
  let told = 0;
  const subscription = waiting.subscribe(() => told++);
  const ids = () => waiting.getSnapshot().map(({ run }) => run);

  const one = await owner.holdfast.start('a', { id: '1' });
  await other.holdfast.start('a', { id: '2' });
  await owner.holdfast.start('b', { id: '3' });
  await vi.waitFor(() => expect(ids()).toEqual(['1', '2']), { timeout: 20_000 });
  expect(waiting.getSnapshot()).toBe(waiting.getSnapshot());

  await one.send({ type: 'END' } as never);
  await vi.waitFor(() => expect(ids()).toEqual(['2']), { timeout: 20_000 });
  await other.holdfast.run('a', '2').delete();
  await vi.waitFor(() => expect(ids()).toEqual([]), { timeout: 20_000 });

  subscription.unsubscribe();
  const heard = told;
  await (await owner.holdfast.start('a', { id: '4' })).send({ type: 'END' } as never, { until: 'processed' });
  expect(told).toBe(heard);
  await other.holdfast.close();
  await owner.holdfast.close();
});
