import { expect, test } from 'vitest';
import { fromPromise, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import type { Store, Wanted } from '../store/store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

/** A store of which a better owner may ask. */
function aWantedStore(database = createMemoryDatabase()) {
  const asked = new Set<() => void>();
  let wanted: ReturnType<Wanted['want']>;
  const store = createMemoryStore({ database });
  const acquire: Store['acquire'] = async (options) => ({
    ...(await store.acquire(options)),
    wanted: {
      want: () => wanted,
      subscribe(change) {
        asked.add(change);
        return () => asked.delete(change);
      },
    },
  });
  return {
    database,
    store: { ...store, acquire },
    ask(want: ReturnType<Wanted['want']>) {
      wanted = want;
      for (const change of [...asked]) change();
    },
    asked,
  };
}

/** Two steps one after the other, each of which goes on until it is let go. */
function aWorkflow() {
  const begun: { name: string; epoch: number; signal: AbortSignal; go: () => void }[] = [];
  const logic = fromSteps(async ({ step }) => {
    for (const name of ['a', 'b']) {
      await step(name, ({ epoch, signal }) => new Promise<void>((go) => begun.push({ name, epoch, signal, go })));
    }
  });
  return { begun, workflows: [defineWorkflow({ id: 'w', version: 1, logic })] };
}

async function anOwnerAtWork() {
  const { begun, workflows } = aWorkflow();
  const wanted = aWantedStore();
  const owner = aHoldfast(workflows, { store: wanted.store, database: wanted.database });
  await owner.holdfast.start('w', { id: '1' });
  const other = aHoldfast(workflows, { database: wanted.database, clock: owner.clock });
  await settled();
  expect(begun.map(({ name }) => name)).toEqual(['a']);
  return { ...wanted, begun, owner, other };
}

test('a better placed host gets the store between two steps, and nothing is done twice', async () => {
  const { begun, owner, other, ask, asked, database } = await anOwnerAtWork();
  ask('at-rest');
  await settled();
  expect(owner.host.ownership, 'a step is under way').toBe('owner');
  begun[0]?.go();
  await settled();
  expect(other.host.ownership).toBe('owner');
  expect(owner.host.ownership).toBe('standby');
  expect(asked.size, 'nobody listens to what is asked of an owner that was').toBe(0);
  expect(begun.map(({ name, epoch }) => [name, epoch])).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  begun[1]?.go();
  await other.holdfast.run('w', '1').result();
  expect(database.released, 'and it was no crash').toBe(1);
  await owner.holdfast.close();
  await other.holdfast.close();
});

test('between two promise actors, too', async () => {
  const begun: { name: string; go: () => void }[] = [];
  const work = (name: string) => fromPromise(() => new Promise<void>((go) => begun.push({ name, go })));
  const logic = setup({ actors: { a: work('a'), b: work('b') } }).createMachine({
    initial: 'a',
    states: {
      a: { invoke: { src: 'a', onDone: 'b' } },
      b: { invoke: { src: 'b', onDone: 'done' } },
      done: { type: 'final' },
    },
  });
  const workflows = [defineWorkflow({ id: 'm', version: 1, logic })];
  const { ask, asked: _, ...wanted } = aWantedStore();
  const owner = aHoldfast(workflows, wanted);
  await owner.holdfast.start('m', { id: '1' });
  const other = aHoldfast(workflows, { database: wanted.database, clock: owner.clock });
  await settled();
  ask('at-rest');
  begun[0]?.go();
  await settled();
  expect(other.host.ownership).toBe('owner');
  expect(begun.map(({ name }) => name)).toEqual(['a', 'b']);
  await owner.holdfast.close();
  await other.holdfast.close();
});

test('a host with newer code gets it in the middle of a step, which is aborted', async () => {
  const { begun, owner, other, ask } = await anOwnerAtWork();
  ask('now');
  await settled();
  expect(other.host.ownership).toBe('owner');
  expect(begun[0]?.signal.aborted).toBe(true);
  expect(begun.map(({ name, epoch }) => [name, epoch])).toEqual([
    ['a', 1],
    ['a', 2],
  ]);
  await owner.holdfast.close();
  await other.holdfast.close();
});

test('a host at rest hands over at once, and gets the store back when the other closes', async () => {
  const { workflows } = aWorkflow();
  const { ask, asked: _, ...wanted } = aWantedStore();
  const owner = aHoldfast(workflows, wanted);
  await settled();
  const other = aHoldfast(workflows, { database: wanted.database, clock: owner.clock });
  await settled();
  ask('at-rest');
  await settled();
  expect(other.host.ownership).toBe('owner');
  ask(undefined);
  await other.holdfast.close();
  await settled();
  expect(owner.host.ownership).toBe('owner');
  await owner.holdfast.close();
});
