import { describe, expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import { CrashWorld } from '../testing/crash-world.test-support.js';
import { gate } from '../testing/gated-store.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

/** What an action sent is as durable as the action: with the last of the two gone, a run would wait for ever. */
describe('events sent by an action', () => {
  const logic = setup({
    types: {} as { context: { got: string[] } },
    actions: {
      tell: ({ self }) => {
        for (const type of ['A', 'B', 'C']) self.send({ type });
      },
    },
  }).createMachine({
    context: { got: [] },
    initial: 'idle',
    on: { '*': { actions: assign({ got: ({ context, event }) => [...context.got, event.type] }) } },
    states: {
      idle: { on: { GO: { actions: 'tell' }, C: { target: 'end' } } },
      end: { type: 'final' },
    },
    output: ({ context }) => context.got,
  });
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic })];

  test.each(
    [1, 2, 3, 4, 5, 6, 7, 8].flatMap((write) => (['before', 'after'] as const).map((when) => ({ write, when }))),
  )('reach the run whole and in order though the host dies $when write $write', async (crash) => {
    const world = new CrashWorld(workflows);
    const first = world.boot();
    const start = { workflow: 'w', run: '1', input: { text: '-1', blobs: [] }, ifExists: 'join', callId: 'c' } as const;
    await first.host.start(start);
    await world.settle();
    await first.kill();
    const event = (type: string) => ({ text: `[{"type":1},"${type}"]`, blobs: [] });
    const second = world.boot({ crash });
    const send = (id: string) =>
      void second.host.send({ workflow: 'w', run: '1', id, event: event(id), until: 'accepted' });
    send('GO');
    send('EXTRA');
    await world.settle();
    await second.kill();
    const stored = world.database.tables.load({ workflow: 'w', run: '1' });
    const accepted = stored?.values.has('seen/GO') || stored?.inbox.length;
    if (!accepted) return;
    world.boot();
    await world.settle();
    expect(world.head('w', '1')?.status).toBe('done');
    expect(world.errors).toEqual([]);
  });
});

test('one that could not be stored does not fail the run that takes it', async () => {
  const logic = setup({
    actions: { tell: ({ self }) => self.send({ type: 'END', no: () => {} } as never) },
  }).createMachine({
    initial: 'idle',
    states: { idle: { on: { GO: { actions: 'tell' }, END: 'end' } }, end: { type: 'final' } },
  });
  const gated = gate(createMemoryStore());
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { store: gated.store });
  const run = await holdfast.start('w');
  await settled();
  await run.send({ type: 'GO' } as never);
  await run.send({ type: 'WHAT' } as never);
  gated.open();
  await run.result();
  expect((await run.history()).map(({ arrival }) => arrival.name)).toEqual([undefined, 'GO', 'WHAT', 'END']);
  await holdfast.close();
});

test('an action that was performed while progress was queued is not performed again after a restart', async () => {
  let performed = 0;
  const logic = setup({
    actors: {
      work: fromSteps(async ({ progress, step }) => {
        await step('one', () => 1);
        progress(1, 2);
        await new Promise(() => {});
      }),
    },
    actions: { note: () => void performed++ },
  }).createMachine({ invoke: { src: 'work' }, on: { GO: { actions: 'note' } } });
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic })];
  const database = createMemoryDatabase();
  const gated = gate(createMemoryStore({ database }));
  const first = aHoldfast(workflows, { database, store: gated.store });
  const run = await first.holdfast.start('w', { id: '1' });
  await gated.pass();
  await settled();
  await run.send({ type: 'GO' } as never);
  await settled();
  await gated.pass();
  await settled();
  gated.open();
  await settled();
  expect(performed).toBe(1);
  await first.holdfast.close();
  const second = aHoldfast(workflows, { database, clock: first.clock });
  await settled();
  expect(performed).toBe(1);
  await second.holdfast.close();
});

test('a restart that is accepted twice starts the run anew once', async () => {
  let started = 0;
  const logic = fromSteps(async ({ step }) => {
    await step('begin', () => void started++);
    await step('go on', () => new Promise(() => {}));
  });
  const database = createMemoryDatabase();
  const { holdfast, host } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { database });
  await holdfast.start('w', { id: '1' });
  await settled();
  const address = { workflow: 'w', run: '1' } as const;
  await host.start({ ...address, callId: 'again', ifExists: 'restart', input: { text: '-1', blobs: [] } });
  await settled();
  expect(started).toBe(2);
  const { text } = encode({ control: 'restart', input: undefined }, 'control');
  const row = { ...address, lane: 'control', id: 'again', acceptedAt: 0, body: { text } } as const;
  await createMemoryStore({ database }).accept({ kind: 'inbox', row });
  await settled();
  expect(database.tables.inbox()).toEqual([]);
  expect(started).toBe(2);
  await holdfast.close();
});
