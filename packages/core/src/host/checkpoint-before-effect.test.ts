import { describe, expect, test, vi } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import { gate } from '../testing/gated-store.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

/** P1: no effect of a transition happens before the checkpoint holding it is durable. */
describe('checkpoint before effect', () => {
  const seen: string[] = [];
  const note = (what: string) => () => {
    seen.push(what);
  };
  const logic = setup({
    actors: {
      steps: fromSteps(async ({ step }) => {
        await step('first', note('step first'));
        await step('second', note('step second'));
      }),
      promise: fromPromise(async () => note('promise')()),
    },
    actions: { greet: note('action greet') },
  }).createMachine({
    initial: 'idle',
    context: { n: 0 },
    states: {
      idle: { entry: 'greet', on: { GO: { target: 'working', actions: [assign({ n: 1 }), note('inline action')] } } },
      working: { invoke: [{ src: 'steps', onDone: 'end' }, { src: 'promise' }] },
      end: { type: 'final' },
    },
  });

  test('of steps, promises, actions, snapshots and acks', async () => {
    seen.length = 0;
    const database = createMemoryDatabase();
    const gated = gate(createMemoryStore({ database }));
    const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { store: gated.store });
    const run = await holdfast.start('w', { id: '1' });
    run.subscribe(({ value }) => seen.push(`seen ${JSON.stringify(value)}`));
    const expectAfter = async (expected: readonly string[]) => {
      const before = [...seen];
      await settled(20);
      expect(seen, 'before the commit').toEqual(before);
      await gated.pass();
      await vi.waitFor(
        () => expect(seen.slice(before.length).sort(), 'after the commit').toEqual([...expected].sort()),
        { timeout: 20_000 },
      );
    };
    await settled(20);
    await expectAfter(['action greet', 'seen "idle"']);
    await gated.pass();
    let processed = false;
    const sent = run.send({ type: 'GO' }, { until: 'processed' }).then(() => {
      processed = true;
    });
    await settled(20);
    expect(processed).toBe(false);
    await expectAfter(['inline action', 'promise', 'step first', 'seen "working"']);
    expect(seen.indexOf('inline action')).toBeLessThan(seen.indexOf('promise'));
    gated.open();
    await sent;
    await run.result();
    expect(seen.filter((line) => line === 'step second')).toHaveLength(1);
    await holdfast.close();
  });

  test('a step does not begin while the result of the one before is not durable', async () => {
    const gated = gate(createMemoryStore());
    const begun: string[] = [];
    const steps = fromSteps(async ({ step }) => {
      await step('a', () => begun.push('a'));
      await step('b', () => begun.push('b'));
    });
    const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic: steps })], { store: gated.store });
    const run = await holdfast.start('w');
    await gated.pass();
    await settled();
    expect(begun).toEqual(['a']);
    expect(gated.waiting).toHaveLength(1);
    await gated.pass();
    await settled();
    expect(begun).toEqual(['a', 'b']);
    gated.open();
    await run.result();
    await holdfast.close();
  });
});

/** EDGE-CASE 4, the phantom: what was not acknowledged may be lost, but then none of its effects has happened. */
test('an approval whose checkpoint was lost has no effect: only the refund happens', async () => {
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
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic })];
  const database = createMemoryDatabase();
  const inner = createMemoryStore({ database });
  const store = {
    ...inner,
    accept: (acceptance: Parameters<typeof inner.accept>[0]) =>
      acceptance.kind === 'inbox' ? new Promise<never>(() => {}) : inner.accept(acceptance),
  };
  const first = aHoldfast(workflows, { store });
  const run = await first.holdfast.start('w', { id: '1' });
  await settled();
  void run.send({ type: 'APPROVE' }).catch(() => {});
  await settled();
  expect(effects).toEqual([]);
  await inner.close();
  const second = aHoldfast(workflows, { database, clock: first.clock });
  first.clock.advance(2000);
  await second.holdfast.run('w', '1').result();
  expect(effects).toEqual(['REFUND']);
  await second.holdfast.close();
});
