import { afterEach, describe, expect, test } from 'vitest';
import { forwardTo, sendTo, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { createMemoryDatabase, createMemoryStore, type MemoryDatabase } from '../store/memory-store.js';
import { CrashWorld } from '../testing/crash-world.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import type { Effect } from './ports.js';

const HOUR = 3_600_000;
type Approve = { type: 'APPROVE'; by: string };
const types = {} as { events: Approve | { type: 'REMARK' } };
const by = (who: string) => ({ type: 'APPROVE', by: who }) as const;

const approval = fromSteps({ types }, async ({ waitForEvent, step }) => {
  const first = await waitForEvent('first', { type: 'APPROVE' });
  const second = await waitForEvent('second', { type: 'APPROVE', timeout: '1h' }).catch(({ code }) => ({ by: code }));
  return step('done', () => `${first.by}, ${second.by}`);
});
const workflows = [defineWorkflow({ id: 'w', version: 1, logic: approval })] as const;
const address = { workflow: 'w', run: '1' };
const rows = (database: MemoryDatabase, prefix: string) =>
  [...(database.tables.load(address)?.values.keys() ?? [])].filter((id) => id.startsWith(prefix));

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
function page<const W extends readonly AnyWorkflow[]>(of: W, options: Parameters<typeof aHoldfast>[1] = {}) {
  const opened = aHoldfast(of, options);
  open.push(opened.holdfast);
  return opened;
}

describe('a run that waits for an event', () => {
  test('is evicted, tells what it accepts, and goes on in the next host', async () => {
    const first = page(workflows, { evictAfterMs: 10 });
    const run = await first.holdfast.start('w', { id: '1' });
    run.subscribe(() => {});
    await settled();
    first.clock.advance(20);
    await settled();
    expect(first.database.tables.head(address)).toMatchObject({ status: 'waiting' });
    expect(first.database.tables.head(address)).not.toHaveProperty('nextDeadlineAt');
    await expect.poll(() => run.getSnapshot().accepts).toEqual(['APPROVE']);
    expect([run.getSnapshot().can(by('ann')), run.getSnapshot().can({ type: 'REMARK' })]).toEqual([true, false]);
    await run.send(by('ann'));
    await settled();
    expect(first.database.tables.head(address)?.nextDeadlineAt).toBe(first.clock.now() + HOUR);
    await first.holdfast.close();
    const second = page(workflows, { database: first.database, clock: first.clock });
    const again = second.holdfast.run('w', '1');
    await again.send({ type: 'REMARK' });
    await again.send(by('ben'));
    expect(await again.result()).toBe('ann, ben');
    const history = (await again.history()).map(({ arrival: { kind, name, outcome } }) => [kind, name, outcome]);
    expect(history.slice(2, 6)).toEqual([
      ['event', 'APPROVE', 'kept'],
      ['step', 'first', 'completed'],
      ['step', 'second', 'started'],
      ['event', 'REMARK', 'kept'],
    ]);
    await expect.poll(() => again.getSnapshot().accepts).toEqual([]);
    expect(rows(first.database, 'mailbox/')).toEqual([]);
  });

  test('rests again after an event that nobody waits for, which stays in the mailbox', async () => {
    const { holdfast, database } = page(workflows);
    const run = await holdfast.start('w', { id: '1' });
    await run.send({ type: 'REMARK' }, { until: 'processed' });
    await settled();
    expect(database.tables.head(address)?.status).toBe('waiting');
    expect(rows(database, 'mailbox/#1/')).toHaveLength(1);
  });

  test('takes what two tabs send in the order in which its host came to know of it', async () => {
    const owner = page(workflows);
    await owner.holdfast.start('w', { id: '1' });
    const other = page(workflows, { database: owner.database, clock: owner.clock });
    await settled();
    await other.holdfast.run('w', '1').send(by('other tab'));
    await settled();
    await owner.holdfast.run('w', '1').send(by('owner'));
    expect(await other.holdfast.run('w', '1').result()).toBe('other tab, owner');
  });

  test('takes an event accepted at its deadline, of which its host was not told', async () => {
    for (const [late, second] of [
      [0, 'ben'],
      [1, 'EVENT_TIMEOUT'],
    ] as const) {
      const database = createMemoryDatabase();
      const inner = createMemoryStore({ database });
      const commit: typeof inner.commit = async (checkpoint) => {
        await settled(1);
        return inner.commit(checkpoint);
      };
      const store = { ...inner, commit, watch: () => () => {} };
      const owner = page(workflows, { database, store, evictAfterMs: 2 * HOUR });
      const run = await owner.holdfast.start('w', { id: '1' });
      await run.send(by('ann'));
      await settled(20);
      const other = page(workflows, { database, clock: owner.clock });
      // No timer of the owner goes off before the other tab has sent.
      owner.clock.set(owner.clock.now() + HOUR + late);
      await other.holdfast.run('w', '1').send(by('ben'));
      owner.clock.advance(0);
      expect(await run.result()).toBe(`ann, ${second}`);
      await other.holdfast.close();
      await owner.holdfast.close();
    }
  });

  test('that nobody hosted at its deadline takes what was accepted by then, and nothing later', async () => {
    for (const [after, second] of [
      [HOUR, 'ben'],
      [HOUR + 1, 'EVENT_TIMEOUT'],
    ] as const) {
      const first = page(workflows);
      await first.holdfast.start('w', { id: '1' });
      await first.holdfast.run('w', '1').send(by('ann'));
      await settled();
      await first.host.close();
      const { database, clock } = first;
      clock.set(clock.now() + after);
      const body = { text: JSON.stringify([{ type: 1, by: 2 }, 'APPROVE', 'ben']) };
      const row = { ...address, lane: 'event', id: 'x', acceptedAt: clock.now(), body } as const;
      const store = createMemoryStore({ database });
      await store.accept({ kind: 'inbox', row });
      await store.close();
      clock.set(clock.now() + HOUR);
      const next = page(workflows, { database, clock });
      expect(await next.holdfast.run('w', '1').result()).toBe(`ann, ${second}`);
      await next.holdfast.close();
    }
  });
});

describe('a controlled run that waits for an event', () => {
  test('takes, once a pause is over, what was accepted before its deadline', async () => {
    const { holdfast, clock } = page(workflows);
    const run = await holdfast.start('w', { id: '1' });
    await run.send(by('ann'));
    await settled();
    await run.pause();
    await run.send(by('ben'));
    clock.advance(2 * HOUR);
    await settled();
    await run.send(by('too late'));
    expect((await run.history()).filter(({ arrival }) => arrival.kind === 'event')).toHaveLength(1);
    await run.resume();
    expect(await run.result()).toBe('ann, ben');
  });

  test('waits no more once it is cancelled, and its steps are undone', async () => {
    const undone: string[] = [];
    const logic = fromSteps({ types }, async ({ step, waitForEvent }) => {
      await step('book', { undo: () => void undone.push('book') }, () => 1);
      await waitForEvent('approval', { type: 'APPROVE', timeout: '1h' });
      await step('ship', () => undone.push('shipped'));
    });
    const { holdfast } = page([defineWorkflow({ id: 'w', version: 1, logic })]);
    const run = await holdfast.start('w', { id: '1' });
    await settled();
    const cancelling = run.cancel();
    await run.send(by('ann'));
    await cancelling;
    await expect(run.result()).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
    expect([undone, run.getSnapshot().accepts]).toEqual([['book'], []]);
  });
});

/** Two waits are stored one after the other: a host that dies between must not leave the run as one that waits. */
test('the shorter of two waits side by side is not forgotten, wherever the host dies', async () => {
  const logic = fromSteps(({ sleep }) =>
    Promise.race([sleep('long', '1d').then(() => 'long'), sleep('short', '1h').then(() => 'short')]),
  );
  for (const write of [2, 3, 4]) {
    const world = new CrashWorld([defineWorkflow({ id: 'w', version: 1, logic })]);
    const dying = world.boot({ crash: { write, when: 'after' } });
    void dying.host.start({ ...address, input: { text: '-1', blobs: [] }, ifExists: 'join', callId: 'call' });
    await world.settle();
    const begun = world.clock.now();
    world.boot();
    await world.pass(() => world.head('w', '1')?.closedAt !== undefined);
    expect([write, world.clock.now() - begun]).toEqual([write, HOUR]);
  }
});

describe('an invoked step function', () => {
  const listen = fromSteps({ types }, async ({ waitForEvent, emit }) => {
    const { by } = await waitForEvent('one', { type: 'APPROVE', match: ({ by }) => by !== 'nobody' });
    emit({ type: 'HEARD', by } as never);
    return by;
  });
  const machine = setup({
    types: { events: {} as Approve | { type: 'LEAVE' } | { type: 'BACK' } | { type: 'BAD' } },
    actors: { listen },
  }).createMachine({
    initial: 'on',
    states: {
      on: {
        invoke: { src: 'listen', id: 'listen', onDone: 'over' },
        on: {
          APPROVE: { actions: forwardTo('listen') },
          BAD: { actions: sendTo('listen', { type: 'APPROVE', by: () => {} } as never) },
          LEAVE: 'off',
        },
      },
      off: { on: { BACK: 'on' } },
      over: { type: 'final' },
    },
  });
  const invoking = [defineWorkflow({ id: 'w', version: 1, logic: machine })] as const;

  test('gets what its machine forwards, and not what another incarnation was sent', async () => {
    const effects: Effect[] = [];
    const heard: unknown[] = [];
    const around = <T>(effect: Effect, perform: () => T): T => {
      effects.push(effect);
      return perform();
    };
    const { holdfast, database } = page(invoking, { around });
    const run = await holdfast.start('w', { id: '1' });
    run.on('HEARD', (event) => heard.push(event));
    await run.send(by('nobody'), { until: 'processed' });
    expect(rows(database, 'mailbox/listen#1/')).toHaveLength(1);
    await run.send({ type: 'LEAVE' });
    await run.send(by('nobody'));
    await run.send({ type: 'BACK' }, { until: 'processed' });
    expect(rows(database, 'mailbox/')).toEqual([]);
    await run.send(by('ann'));
    await run.result();
    await expect.poll(() => heard).toEqual([{ type: 'HEARD', by: 'ann' }]);
    expect(effects.filter(({ kind }) => kind === 'emit')).toMatchObject([{ name: 'HEARD', actor: 'listen' }]);
  });

  test('gets what a timer of its machine sends, at the instant of that timer', async () => {
    const patient = fromSteps({ types }, ({ waitForEvent }) => waitForEvent('one', { type: 'REMARK', timeout: '20m' }));
    const reminding = setup({ actors: { patient } }).createMachine({
      initial: 'on',
      states: {
        on: {
          invoke: { src: 'patient', id: 'patient', onDone: 'heard', onError: 'deaf' },
          after: { 600000: { actions: sendTo('patient', { type: 'REMARK' }) } },
        },
        heard: { type: 'final' },
        deaf: {},
      },
    });
    const timed = [defineWorkflow({ id: 'w', version: 1, logic: reminding })] as const;
    const first = page(timed);
    await first.holdfast.start('w', { id: '1' });
    await settled();
    await first.holdfast.close();
    first.clock.set(first.clock.now() + 2 * HOUR);
    const { holdfast } = page(timed, { database: first.database, clock: first.clock });
    await holdfast.run('w', '1').result();
  });

  test('is sent nothing that cannot be stored: the run fails, as with a context', async () => {
    const { holdfast } = page(invoking);
    const run = await holdfast.start('w', { id: '1' });
    await run.send({ type: 'BAD' });
    await expect(run.result()).rejects.toMatchObject({ cause: { code: 'VALUE_NOT_STORABLE' } });
  });

  test('keeps its mailbox through a migration, and loses it where that takes it out', async () => {
    for (const takesOut of [false, true]) {
      const migrate = takesOut
        ? { 1: (state: object) => ({ ...state, value: 'off', children: {} }) }
        : { 1: (state: object) => state };
      const relaxed = fromSteps({ types }, async ({ waitForEvent }) => {
        const one = await waitForEvent('one', { type: 'APPROVE' });
        return one.by;
      });
      const newer = machine.provide({ actors: { listen: relaxed as never } });
      const first = page(invoking);
      await first.holdfast.start('w', { id: '1' });
      await first.holdfast.run('w', '1').send(by('nobody'), { until: 'processed' });
      await first.holdfast.close();
      const next = [defineWorkflow({ id: 'w', version: 2, logic: newer, migrate })] as const;
      const { holdfast, database } = page(next, { database: first.database, clock: first.clock });
      await settled();
      if (takesOut) expect(rows(database, 'mailbox/')).toEqual([]);
      else await holdfast.run('w', '1').result();
      await holdfast.close();
    }
  });
});

test('the next life of a function has the mailbox of the one before, in its order, also after a restart', async () => {
  const names = Array.from({ length: 12 }, (_, n) => `E${n}`);
  const collect = fromSteps(
    { types: {} as { input: string[]; events: { type: `E${number}` } } },
    async ({ input, waitForEvent, continueWith }) => {
      if (input.length === 12) return input;
      const { type } = await waitForEvent('next', { type: names as `E${number}`[] });
      return continueWith([...input, type]);
    },
  );
  const workflows = [defineWorkflow({ id: 'collect', version: 1, logic: collect })];
  const first = aHoldfast(workflows);
  const run = await first.holdfast.start('collect', { id: '1', input: [] });
  await run.pause();
  for (const type of names) await run.send({ type } as never);
  await first.holdfast.close();
  const second = aHoldfast(workflows, { database: first.database, clock: first.clock });
  const again = second.holdfast.run('collect', '1');
  await again.resume();
  expect(await again.result()).toEqual(names);
  await second.holdfast.close();
});
