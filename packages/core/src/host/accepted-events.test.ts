import { describe, expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { HoldfastError } from '../errors/index.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import { gate } from '../testing/gated-store.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const counter = setup({
  types: {} as { context: { got: number[] }; events: { type: 'N'; n: number } | { type: 'END' } },
}).createMachine({
  context: { got: [] },
  initial: 'on',
  states: {
    on: {
      on: { N: { actions: assign({ got: ({ context, event }) => [...context.got, event.n] }) }, END: 'off' },
    },
    off: { type: 'final' },
  },
  output: ({ context }) => context.got,
});
const workflows = [defineWorkflow({ id: 'w', version: 1, logic: counter })];
const event = (n: number) => encode({ type: 'N', n }, 'event');

/** P4: an accepted event is never lost, and processed exactly once. */
describe('accepted events', () => {
  test('keep the order of their sender', async () => {
    const { holdfast } = aHoldfast(workflows);
    const run = await holdfast.start('w');
    for (let n = 0; n < 50; n++) void run.send({ type: 'N', n });
    await run.send({ type: 'END' });
    expect(await run.result()).toEqual(Array.from({ length: 50 }, (_, n) => n));
    await holdfast.close();
  });

  test('with an id seen before are processed once', async () => {
    const { holdfast } = aHoldfast(workflows);
    const run = await holdfast.start('w');
    await run.send({ type: 'N', n: 1 }, { id: 'a' });
    await run.send({ type: 'N', n: 1 }, { id: 'a', until: 'processed' });
    await run.send({ type: 'N', n: 1 }, { id: 'a' });
    await run.send({ type: 'END' });
    expect(await run.result()).toEqual([1]);
    await holdfast.close();
  });

  test('during a commit are not overwritten by it', async () => {
    const gated = gate(createMemoryStore());
    const { holdfast } = aHoldfast(workflows, { store: gated.store });
    const run = await holdfast.start('w');
    const first = run.send({ type: 'N', n: 1 });
    await settled();
    expect(gated.waiting).toHaveLength(1);
    await Promise.all([first, run.send({ type: 'N', n: 2 }), run.send({ type: 'END' })]);
    gated.open();
    expect(await run.result()).toEqual([1, 2]);
    await holdfast.close();
  });

  test('of a host that does not own the store reach the owner', async () => {
    const database = createMemoryDatabase();
    const owner = aHoldfast(workflows, { database });
    const other = aHoldfast(workflows, { database, clock: owner.clock });
    const run = await other.holdfast.start('w', { id: '1' });
    await run.send({ type: 'N', n: 7 }, { until: 'processed' });
    await run.send({ type: 'END' });
    expect(await run.result()).toEqual([7]);
    expect(other.host.ownership).toBe('standby');
    await other.holdfast.close();
    await owner.holdfast.close();
  });

  test('while no owner is alive are processed by the next one, before a timer that came due later', async () => {
    const effects: string[] = [];
    const logic = setup({
      actions: { ship: () => effects.push('SHIP'), refund: () => effects.push('REFUND') },
    }).createMachine({
      initial: 'open',
      states: {
        open: { on: { APPROVE: 'shipped' }, after: { 1000: 'refunded' } },
        shipped: { entry: 'ship', type: 'final' },
        refunded: { entry: 'refund', type: 'final' },
      },
    });
    const workflow = [defineWorkflow({ id: 'w', version: 1, logic })];
    const database = createMemoryDatabase();
    const first = aHoldfast(workflow, { database });
    await first.holdfast.start('w', { id: '1' });
    await settled();
    await first.holdfast.close();
    first.clock.advance(1000);
    const stored = encode({ type: 'APPROVE' }, 'event');
    const row = {
      workflow: 'w',
      run: '1',
      lane: 'event',
      id: 'e',
      acceptedAt: first.clock.now(),
      body: { text: stored.text },
    } as const;
    await createMemoryStore({ database }).accept({ kind: 'inbox', row });
    first.clock.advance(60_000);
    const second = aHoldfast(workflow, { database, clock: first.clock });
    await second.holdfast.run('w', '1').result();
    expect(effects).toEqual(['SHIP']);
    await second.holdfast.close();
  });

  test('after the run is done are accepted and ignored, visible in the history', async () => {
    const { holdfast } = aHoldfast(workflows);
    const run = await holdfast.start('w');
    await run.send({ type: 'END' });
    await run.result();
    await run.send({ type: 'N', n: 1 }, { until: 'processed' });
    const last = (await run.history()).at(-1);
    expect(last?.arrival).toEqual({ kind: 'event', name: 'N', outcome: 'ignored' });
    expect(await run.result()).toEqual([]);
    await holdfast.close();
  });

  test('that no transition takes are ignored, visible in the history', async () => {
    const { holdfast } = aHoldfast(workflows);
    const run = await holdfast.start('w');
    await run.send({ type: 'WHAT' } as never, { until: 'processed' });
    expect((await run.history()).at(-1)?.arrival).toEqual({ kind: 'event', name: 'WHAT', outcome: 'ignored' });
    await holdfast.close();
  });

  test('to a run that is not there are refused', async () => {
    const { holdfast } = aHoldfast(workflows);
    await expect(holdfast.run('w', 'nobody').send({ type: 'END' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await expect(holdfast.run('w', 'nobody').send({} as never)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    await holdfast.close();
  });

  test("of XState's own types are refused, and passed over where they come in another way", async () => {
    const { holdfast, host } = aHoldfast(workflows);
    const run = await holdfast.start('w', { id: '1' });
    const forged = { type: 'xstate.promise.resolve', data: 'forged' };
    await expect(run.send(forged as never)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    await host.send({ workflow: 'w', run: '1', id: 'f', event: encode(forged, 'event'), until: 'processed' });
    expect((await run.history()).at(-1)?.arrival.outcome).toBe('ignored');
    await holdfast.close();
  });

  test('survive a failed commit of their transition', async () => {
    const gated = gate(createMemoryStore());
    const { holdfast, clock, errors } = aHoldfast(workflows, { store: gated.store });
    const run = await holdfast.start('w');
    await gated.pass();
    await run.send({ type: 'N', n: 1 });
    await gated.refuse(new HoldfastError('STORE_FULL', { message: 'The disk is full.', retryable: true }));
    await settled();
    expect(errors).toMatchObject([{ code: 'STORE_FULL' }]);
    const snapshots: unknown[] = [];
    run.subscribe(({ run: { status, problem } }) => snapshots.push([status, problem?.code]));
    await settled(20);
    expect(snapshots).toEqual([['paused', 'STORE_FULL']]);
    gated.open();
    clock.advance(1000);
    await run.send({ type: 'END' });
    expect(await run.result()).toEqual([1]);
    await holdfast.close();
  });
});

/** A repeated call must be harmless: a page repeats what was under way when its worker died. */
test('the same event given twice by a client that was not answered is processed once', async () => {
  const { host, holdfast } = aHoldfast(workflows);
  const run = await holdfast.start('w', { id: '1' });
  const request = { workflow: 'w', run: '1', id: 'x', event: event(3), until: 'processed' } as const;
  await Promise.all([host.send(request), host.send(request)]);
  await run.send({ type: 'END' });
  expect(await run.result()).toEqual([3]);
  await holdfast.close();
});
