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
    const world = aHoldfast([workflowOf(write(body))], { database });
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

  test('that met trouble of the store is written once the store is well, and once', async () => {
    const { database, rows } = aDatabase();
    const inner = createMemoryStore({ database });
    const transact = inner.transact as NonNullable<Store['transact']>;
    let well = false;
    const keys: string[] = [];
    const store: Store = {
      ...inner,
      async transact(claim, perform, conclude) {
        if (well) return transact(claim, perform, conclude);
        well = true;
        return transact(claim, perform, (result) => {
          conclude(result);
          throw new HoldfastError('STORE_FULL', { message: 'Full.', retryable: true });
        });
      },
    };
    const body = (open: MemoryTransaction) => {
      keys.push('performed');
      return put(`${open.table('photos').size}`)(open);
    };
    const { holdfast, clock, errors } = aHoldfast([workflowOf(write(body))], { database, store });
    const run = await holdfast.start('w', { id: '1' });
    await settled();
    expect(rows()).toEqual([]);
    expect(errors).toMatchObject([{ code: 'STORE_FULL' }]);
    clock.advance(60_000);
    expect(await run.result()).toBe('0');
    expect(keys).toEqual(['performed', 'performed']);
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

  test('does not begin once its function is being undone', async () => {
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
    let cancel: () => Promise<unknown> = async () => {};
    const store: Store = {
      ...inner,
      // The control is there before the write, which it overtakes.
      async commit(checkpoint) {
        await inner.commit(checkpoint);
        if (!checkpoint.ops.some((op) => op.op === 'history' && op.row.arrival.name === 'first')) return;
        ask();
        await settled();
        void cancel();
        await settled();
      },
    };
    const { holdfast } = aHoldfast([workflow], { database, store });
    const run = holdfast.run('w', '1');
    cancel = () => run.cancel();
    await holdfast.start('w', { id: '1' });
    await settled(40);
    expect(database.tables.head({ workflow: 'w', run: '1' })?.status).toBe('cancelled');
    expect(rows()).toEqual([]);
    await holdfast.close();
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
