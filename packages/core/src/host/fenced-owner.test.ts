import { expect, test, vi } from 'vitest';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

/** P6: a stale owner's commit is refused, its signals abort, it stops; nothing it did is lost or counted twice. */
test('an owner that was stolen from commits nothing, and its step is told to stop; later it may own the store again', async () => {
  const database = createMemoryDatabase();
  const begun: { epoch: number; signal: AbortSignal; go: () => void }[] = [];
  const logic = fromSteps(async ({ step }) => {
    await step.all(['a', 'b'], { name: 'slow' }, (_, { epoch, signal }) => {
      return new Promise<void>((go) => begun.push({ epoch, signal, go }));
    });
    return step('next', ({ epoch }) => epoch);
  });
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic })];
  const old = aHoldfast(workflows, { database });
  await old.holdfast.start('w', { id: '1' });
  await settled();
  expect(begun).toHaveLength(2);
  // Another host takes the store over, as a lock that was stolen lets it: the old one has noticed nothing.
  database.owner = undefined;
  const young = aHoldfast(workflows, { database, clock: old.clock });
  await settled();
  expect(begun.map(({ epoch }) => epoch)).toEqual([1, 1, 2, 2]);
  begun[0]?.go();
  await settled();
  expect(begun[1]?.signal.aborted, 'signal of the stale step').toBe(true);
  expect(old.host.ownership).toBe('standby');
  expect(database.tables.history({ workflow: 'w', run: '1' }).map(({ epoch }) => epoch)).toEqual([1]);
  begun[1]?.go();
  begun[2]?.go();
  begun[3]?.go();
  expect(await young.holdfast.run('w', '1').result()).toBe(2);
  expect(database.tables.history({ workflow: 'w', run: '1' }).map(({ epoch }) => epoch)).toEqual([1, 2, 2, 2, 2]);
  // What it is given now is of this ownership, not of the one that was lost.
  await young.holdfast.close();
  await settled();
  expect(old.host.ownership).toBe('owner');
  const next = await old.holdfast.start('w', { id: '2' });
  await vi.waitFor(() => expect(begun.map(({ epoch }) => epoch)).toEqual([1, 1, 2, 2, 3, 3]), { timeout: 20_000 });
  for (const { go } of begun) go();
  expect(await next.result()).toBe(3);
  await old.holdfast.close();
});

test('when the owner closes, the next host goes on at once', async () => {
  const database = createMemoryDatabase();
  const logic = fromSteps(async ({ step, sleep }) => {
    await step('one', () => 1);
    await sleep('long', '2d');
    return step('two', ({ epoch }) => epoch);
  });
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic })];
  const first = aHoldfast(workflows, { database });
  const second = aHoldfast(workflows, { database, clock: first.clock });
  await first.holdfast.start('w', { id: '1' });
  await settled();
  await first.holdfast.close();
  await settled();
  expect(second.host.ownership).toBe('owner');
  first.clock.advance(2 * 86_400_000);
  expect(await second.holdfast.run('w', '1').result()).toBe(2);
  await second.holdfast.close();
});
