import { describe, expect, test } from 'vitest';
import { type AnyActorLogic, createActor } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { StepsContext } from '../define/steps-logic.js';
import { HoldfastError } from '../errors/index.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import type { MemoryTransaction } from '../store/memory-tables.js';
import type { Store } from '../store/store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { isolated } from '../testing/workshop.test-support.js';

type Body = (context: StepsContext<never>) => Promise<unknown>;

const workflowOf = (body: Body, limits = {}) =>
  defineWorkflow({ id: 'w', version: 1, logic: fromSteps(body as never), limits });

/** A database with one table of the app's, and what is in there. */
function aDatabase() {
  const database = createMemoryDatabase({ local: new Map([['photos', new Map()]]) });
  return { database, rows: () => [...(database.local?.get('photos') ?? [])] };
}

const put = (key: string) => (open: MemoryTransaction) => {
  open.table('photos').set(key, true);
  return key;
};

const write =
  (body: (open: MemoryTransaction) => unknown): Body =>
  ({ step }) =>
    step.transaction('write', ['photos'], body);

describe('a local write', () => {
  test('and its journal entry are one commit; the stored result is the answer after a restore', async () => {
    const { database, rows } = aDatabase();
    let performed = 0;
    const workflow = workflowOf(async ({ step, sleep }) => {
      const key = await step.transaction('write', ['photos'], (open) => {
        performed++;
        return put('a')(open);
      });
      await sleep('a while', '1h');
      return key;
    });
    const first = aHoldfast([workflow], { database });
    await first.holdfast.start('w', { id: '1' });
    await settled();
    expect(rows()).toEqual([['a', true]]);
    await first.holdfast.close();
    const second = aHoldfast([workflow], { database, clock: first.clock });
    await settled();
    second.clock.advance(3_600_000);
    expect(await second.holdfast.run('w', '1').result()).toBe('a');
    expect(performed).toBe(1);
    await second.holdfast.close();
  });

  test('is not stored when its host has lost the store while its function was under way', async () => {
    const { database, rows } = aDatabase();
    let go = () => {};
    const body = async (open: MemoryTransaction) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      return put('late')(open);
    };
    // It takes what it is given, also of a host that was closed.
    const store: Store = { ...createMemoryStore({ database }), close: async () => {} };
    const world = aHoldfast([workflowOf(write(body))], { database, store });
    await world.holdfast.start('w', { id: '1' });
    await settled();
    void world.host.close();
    await settled();
    go();
    await settled();
    expect(rows()).toEqual([]);
  });

  test('whose function throws leaves no row, and fails the step for good', async () => {
    const { database, rows } = aDatabase();
    let performed = 0;
    const workflow = workflowOf(async ({ step }) => {
      const writing = step.transaction('write', ['photos'], (open: MemoryTransaction) => {
        performed++;
        put('a')(open);
        throw new RangeError('no more');
      });
      return writing.catch((error: Error) => error.message);
    });
    const { holdfast } = aHoldfast([workflow], { database });
    const run = await holdfast.start('w', { id: '1' });
    expect(await run.result()).toBe('no more');
    expect({ rows: rows(), performed }).toEqual({ rows: [], performed: 1 });
    const [, step] = await run.history();
    expect(step?.arrival).toMatchObject({ kind: 'step', name: 'write', outcome: 'failed', attempts: 1 });
    await holdfast.close();
  });

  test.each([
    ['VALUE_NOT_STORABLE', () => () => {}, {}],
    ['VALUE_TOO_LARGE', () => 'x'.repeat(2000), { valueLength: 1000 }],
  ])('whose result is %s leaves no row', async (code, result, limits) => {
    const { database, rows } = aDatabase();
    const body = (open: MemoryTransaction) => {
      put('a')(open);
      return result();
    };
    const { holdfast } = aHoldfast([workflowOf(write(body), limits)], { database });
    const run = await holdfast.start('w', { id: '1' });
    await expect(run.result()).rejects.toMatchObject({ cause: { code } });
    expect(rows()).toEqual([]);
    await holdfast.close();
  });

  test.each([
    ['before its function is called', 1],
    ['when its checkpoint is made', 2],
  ])('that met trouble of the store %s is written once the store is well, and once', async (_, calls) => {
    const { database, rows } = aDatabase();
    const inner = createMemoryStore({ database });
    const transact = inner.transact as NonNullable<Store['transact']>;
    const full = new HoldfastError('STORE_FULL', { message: 'Full.', retryable: true });
    let well = false;
    let performed = 0;
    const store: Store = {
      ...inner,
      async transact(claim, perform, conclude) {
        if (well) return transact(claim, perform, conclude);
        well = true;
        if (calls === 1) throw full;
        return transact(claim, perform, (result) => {
          conclude(result);
          throw full;
        });
      },
    };
    const body = (open: MemoryTransaction) => {
      performed++;
      return put(`${open.table('photos').size}`)(open);
    };
    const { holdfast, clock, errors } = aHoldfast([workflowOf(write(body))], { database, store });
    const run = await holdfast.start('w', { id: '1' });
    await settled();
    expect(rows()).toEqual([]);
    expect(errors).toMatchObject([{ code: 'STORE_FULL' }]);
    clock.advance(60_000);
    expect(await run.result()).toBe('0');
    expect(performed).toBe(calls);
    await holdfast.close();
  });

  test('that is under way when its run is paused is stored, and the function goes on when it is resumed', async () => {
    const { database, rows } = aDatabase();
    let go = () => {};
    const body = async (open: MemoryTransaction) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      return put('a')(open);
    };
    const { holdfast } = aHoldfast([workflowOf(write(body))], { database });
    const run = await holdfast.start('w', { id: '1' });
    await settled();
    const pausing = run.pause();
    await settled();
    go();
    await pausing;
    await settled();
    expect(rows()).toEqual([['a', true]]);
    expect(database.tables.head({ workflow: 'w', run: '1' })?.status).toBe('paused');
    await run.resume();
    expect(await run.result()).toBe('a');
    await holdfast.close();
  });

  describe('that waits for its turn', () => {
    /** A run whose write is in its queue when that control comes, which overtakes it. */
    async function overtaken(control: 'cancel' | 'pause') {
      const { database, rows } = aDatabase();
      let ask = () => {};
      const asked = new Promise<void>((resolve) => {
        ask = resolve;
      });
      const workflow = workflowOf(async ({ step }) => {
        await step('done', { undo: () => {} }, () => 1);
        void step('first', () => 1);
        await asked;
        return step.transaction('write', ['photos'], put('a'));
      });
      const inner = createMemoryStore({ database });
      const store: Store = {
        ...inner,
        async commit(checkpoint) {
          await inner.commit(checkpoint);
          if (!checkpoint.ops.some((op) => op.op === 'history' && op.row.arrival.name === 'first')) return;
          ask();
          await settled();
          void run[control]();
          await settled();
        },
      };
      const { holdfast } = aHoldfast([workflow], { database, store });
      const run = holdfast.run('w', '1');
      await holdfast.start('w', { id: '1' });
      await settled(40);
      const status = database.tables.head({ workflow: 'w', run: '1' })?.status;
      const names = (await run.history()).map(({ arrival }) => arrival.name);
      return { run, rows, status, isStored: names.includes('write'), close: () => holdfast.close() };
    }

    test('does not begin once its function is being undone', async () => {
      const { rows, status, isStored, close } = await overtaken('cancel');
      expect({ rows: rows(), status, isStored }).toEqual({ rows: [], status: 'cancelled', isStored: false });
      await close();
    });

    test('is under way for a pause, which lets it end', async () => {
      const { run, rows, status, isStored, close } = await overtaken('pause');
      expect({ rows: rows(), status, isStored }).toEqual({ rows: [['a', true]], status: 'paused', isStored: true });
      await run.resume();
      expect(await run.result()).toBe('a');
      await close();
    });
  });

  test('is told to the logger as any checkpoint is', async () => {
    const { database } = aDatabase();
    const told: unknown[] = [];
    const say = (details: object, message: string) => void (message === 'checkpoint' && told.push(details));
    const logger = { debug: say, info: say, warn: say, error: say };
    const { holdfast } = aHoldfast([workflowOf(write(put('a')))], { database, logger });
    await (await holdfast.start('w', { id: '1' })).result();
    expect(told).toMatchObject([{ kind: 'start' }, { kind: 'step', name: 'write' }, { kind: 'actor' }]);
    await holdfast.close();
  });
});

describe('a local write is refused', () => {
  const refusal = { code: 'TRANSACTION_UNSUPPORTED' };

  test('by a store without tables of the app; a stored result needs none', async () => {
    const { database } = aDatabase();
    const workflow = workflowOf(async ({ step, sleep }) => {
      const key = await step.transaction('write', ['photos'], put('a'));
      await sleep('a while', '1h');
      return key;
    });
    const first = aHoldfast([workflow], { database });
    await first.holdfast.start('w', { id: '1' });
    await settled();
    await first.holdfast.close();
    const { local: _, ...without } = database;
    const second = aHoldfast([workflow], { database: without, clock: first.clock });
    const other = await second.holdfast.start('w', { id: '2' });
    await expect(other.result()).rejects.toMatchObject({ cause: refusal });
    await settled();
    second.clock.advance(3_600_000);
    expect(await second.holdfast.run('w', '1').result()).toBe('a');
    await second.holdfast.close();
  });

  test('in an isolated workflow', async () => {
    const { database } = aDatabase();
    const world = isolated(write(put('a')), { database });
    const run = await world.holdfast.start('w', { id: '1' });
    await expect(run.result()).rejects.toMatchObject({ cause: refusal });
    await world.holdfast.close();
  });

  test('under plain createActor', async () => {
    const actor = createActor(fromSteps(write(put('a')) as never) as AnyActorLogic);
    const failed = new Promise((resolve) => actor.subscribe({ error: resolve }));
    actor.start();
    expect(await failed).toMatchObject(refusal);
  });

  test('for a table that is not there', async () => {
    const { database } = aDatabase();
    const workflow = workflowOf(({ step }) => step.transaction('write', ['photos', 'albums'], put('a')));
    const { holdfast } = aHoldfast([workflow], { database });
    const run = await holdfast.start('w', { id: '1' });
    await expect(run.result()).rejects.toMatchObject({ cause: { code: 'TRANSACTION_TABLE_UNKNOWN' } });
    await holdfast.close();
  });

  test.each<[string, Body]>([
    ['without tables', ({ step }) => step.transaction('write', [], put('a'))],
    ['with tables by another thing than their names', ({ step }) => step.transaction('write', [{}] as never, put('a'))],
    ['without a function', ({ step }) => step.transaction('write', ['photos'], undefined as never)],
    [
      'when its function calls a step',
      ({ step }) => step.transaction('write', ['photos'], () => step('inside', () => 1)),
    ],
  ])('%s', async (_, body) => {
    const { database, rows } = aDatabase();
    const { holdfast } = aHoldfast([workflowOf(body)], { database });
    const run = await holdfast.start('w', { id: '1' });
    await expect(run.result()).rejects.toMatchObject({ cause: { code: 'STEP_MISUSED' } });
    expect(rows()).toEqual([]);
    await holdfast.close();
  });
});
