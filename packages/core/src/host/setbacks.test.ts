import { expect, test, vi } from 'vitest';
import { createMachine } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { HoldfastError } from '../errors/index.js';
import { createMemoryDatabase, createMemoryStore, type MemoryDatabase } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

/** A store whose loads wait to be let through. */
function slowToRead(database: MemoryDatabase) {
  const inner = createMemoryStore({ database });
  const waiting: (() => void)[] = [];
  let isOpen = false;
  const store: Store = {
    ...inner,
    async load(address) {
      if (!isOpen) await new Promise<void>((go) => waiting.push(go));
      return inner.load(address);
    },
  };
  /** Lets one after the other through, what came last first, each with all that follows from it; then any. */
  const passLastFirst = async () => {
    for (let go = waiting.pop(); go; go = waiting.pop()) {
      go();
      await settled();
    }
    isOpen = true;
  };
  return { store, waiting, passLastFirst };
}

async function begun(...args: Parameters<typeof defineWorkflow>) {
  const database = createMemoryDatabase();
  const { holdfast, clock } = aHoldfast([defineWorkflow(...args)], { database });
  await (holdfast.start as (workflow: string, options: object) => Promise<unknown>)('w', { id: '1' });
  await settled();
  await holdfast.close();
  return { database, clock };
}

/** Of a run that is not in memory any more: what is held against it would be seen. */
async function standOf(run: { subscribe(seen: () => void): unknown; getSnapshot(): { run: object } }) {
  run.subscribe(() => {});
  await settled();
  return run.getSnapshot().run;
}

const fits = createMachine({ initial: 'new', states: { new: {} } });
const doesNotFit = createMachine({ initial: 'old', states: { old: {} } });

test('a run that does not fit, and is started anew while it is looked at, is not shown parked', async () => {
  const { database, clock } = await begun({ id: 'w', version: 1, logic: doesNotFit });
  const { store, waiting, passLastFirst } = slowToRead(database);
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic: fits })];
  const { holdfast, errors } = aHoldfast(workflows, { database, store, clock });
  await settled();
  expect(waiting).toHaveLength(1);
  const started = holdfast.start('w', { id: '1', ifExists: 'restart' });
  await settled();
  await passLastFirst();
  const run = await started;
  clock.advance(5000);
  expect(await standOf(run)).toMatchObject({ status: 'waiting' });
  expect(errors).toEqual([]);
  await holdfast.close();
});

test('a run that broke on its journal, and is started anew while that is seen to, is not shown parked', async () => {
  const napAfter = (name: string) =>
    fromSteps(async ({ step, sleep }) => {
      await step(name, () => 1);
      await sleep('nap', '1d');
    });
  const { database, clock } = await begun({ id: 'w', version: 1, logic: napAfter('one') });
  const { store, waiting, passLastFirst } = slowToRead(database);
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic: napAfter('other') })];
  const { holdfast, errors } = aHoldfast(workflows, { database, store, clock });
  await holdfast.run('w', '1').send({ type: 'ANY' } as never);
  await vi.waitFor(() => expect(waiting).toHaveLength(1), { timeout: 20_000 });
  waiting.pop()?.();
  await settled();
  clock.advance(10_000);
  // It was in memory, and broke: whether anything is to be done about it is being read.
  await vi.waitFor(() => expect(waiting).toHaveLength(1), { timeout: 20_000 });
  const started = holdfast.start('w', { id: '1', ifExists: 'restart' });
  await settled();
  await passLastFirst();
  const run = await started;
  clock.advance(5000);
  expect(await standOf(run)).toMatchObject({ status: 'waiting' });
  expect(errors).toEqual([]);
  await holdfast.close();
});

test('a host whose commit is refused while it brings a run in owns the store no more, and tells of no trouble', async () => {
  const database = createMemoryDatabase();
  const inner = createMemoryStore({ database });
  let refuses = false;
  const store: Store = {
    ...inner,
    async commit(checkpoint) {
      if (!refuses) return inner.commit(checkpoint);
      refuses = false;
      throw new HoldfastError('STORE_FENCED', { message: 'Another is the owner.' });
    },
  };
  const { holdfast, errors, host } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic: fits })], { store });
  const run = await holdfast.start('w', { id: '1' });
  await run.pause();
  await settled();
  const seen: string[] = [];
  host.listen((notice) => notice.kind === 'host' && seen.push(notice.ownership));
  refuses = true;
  await run.delete();
  expect(seen).toEqual(['owner', 'standby', 'owner']);
  expect(errors).toEqual([]);
  expect(database.tables.head({ workflow: 'w', run: '1' })).toBeUndefined();
  await holdfast.close();
});
