import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { HoldfastError } from '../errors/index.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { ManualClock } from '../testing/manual-clock.js';
import { loggedStore } from './logged-store.js';
import type { Logger } from './logger.js';

/** Keeps what it is told, as `info run started {"workflow":"w"}`, but for the level `debug`. */
function aLog() {
  const lines: string[] = [];
  const level = (name: string) => (details: object, message: string) => {
    const { err, store: _, ...rest } = details as { err?: unknown; store?: unknown };
    const error = err === undefined ? '' : ` ${(err as Error).message}`;
    lines.push(`${name} ${message} ${JSON.stringify(rest)}${error}`);
  };
  const logger: Logger = { debug: () => {}, info: level('info'), warn: level('warn'), error: level('error') };
  return { lines, logger };
}

const steps = defineWorkflow({
  id: 'w',
  version: 1,
  logic: fromSteps({ types: {} as { input: { tries: number } } }, async ({ input, step }) => {
    await step('flaky', { retry: { attempts: 2, delay: 0 } }, ({ attempt }) => {
      if (attempt <= input.tries) throw new Error('no luck');
    });
  }),
});

test('what a run does is told once, in its order', async () => {
  const { lines, logger } = aLog();
  const { holdfast, host, clock } = aHoldfast([steps], { logger });
  const run = await holdfast.start('w', { id: '1', input: { tries: 1 } });
  await settled();
  clock.advance(0);
  await run.result();
  await host.close();
  expect(lines).toEqual([
    'info owns the store {"epoch":1,"afterCrash":false}',
    'info run started {"workflow":"w","run":"1"}',
    'warn a try of a step failed {"workflow":"w","run":"1","step":"flaky","attempt":1,"outcome":"retrying"} no luck',
    'info run done {"workflow":"w","run":"1","status":"done"}',
  ]);
});

test('a run that fails says why', async () => {
  const { lines, logger } = aLog();
  const { holdfast } = aHoldfast([steps], { logger });
  const run = await holdfast.start('w', { id: '1', input: { tries: 2 } });
  await expect(run.result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
  expect(lines.slice(-2)).toEqual([
    'warn a try of a step failed {"workflow":"w","run":"1","step":"flaky","attempt":2,"outcome":"failed"} no luck',
    'warn run failed {"workflow":"w","run":"1","status":"failed"} no luck',
  ]);
});

test('what retention removes is told', async () => {
  const { lines, logger } = aLog();
  const { holdfast, clock } = aHoldfast([steps], { logger, retention: '1d' });
  await (await holdfast.start('w', { id: '1', input: { tries: 0 } })).result();
  await settled();
  clock.advance(2 * 24 * 60 * 60 * 1000);
  await settled();
  clock.advance(2 * 24 * 60 * 60 * 1000);
  await settled();
  expect(lines.at(-1)).toBe('info run pruned {"workflow":"w","run":"1"}');
});

test('pause, resume and delete are told, a second pause is not', async () => {
  const { lines, logger } = aLog();
  const waits = fromSteps({ types: {} as { events: { type: 'GO' } } }, async ({ waitForEvent }) => {
    await waitForEvent('go', { type: 'GO' });
  });
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic: waits })], { logger });
  const run = await holdfast.start('w', { id: '1' });
  await settled();
  await run.pause();
  await run.pause();
  await run.resume();
  await run.delete();
  expect(lines.slice(2)).toEqual([
    'info run paused {"workflow":"w","run":"1","reasons":["person"]}',
    'info run resumed {"workflow":"w","run":"1"}',
    'info run deleted {"workflow":"w","run":"1"}',
  ]);
});

test('a run that is paused because tries were used up is a warning', async () => {
  const { lines, logger } = aLog();
  const logic = fromSteps({ types: {} }, async ({ step }) => {
    await step('s', { retry: { attempts: 1, onExhausted: 'pause' } }, () => {
      throw new Error('out of order');
    });
  });
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { logger });
  await holdfast.start('w', { id: '1' });
  await settled();
  expect(lines.slice(2)).toEqual([
    'warn a try of a step failed {"workflow":"w","run":"1","step":"s","attempt":1,"outcome":"exhausted"} out of order',
    'warn run paused {"workflow":"w","run":"1","reasons":["exhausted"]}',
  ]);
});

test('an event that the schema refuses is told', async () => {
  const { lines, logger } = aLog();
  const database = createMemoryDatabase();
  const under = (schema: z.ZodType<object>) =>
    defineWorkflow({
      id: 'w',
      version: 1,
      logic: fromSteps({ schemas: { events: { GO: schema } } }, async ({ waitForEvent }) => {
        await waitForEvent('go', { type: 'GO' });
      }),
    });
  const holder = await createMemoryStore({ database }).acquire();
  const older = aHoldfast([under(z.object({}))], { database });
  await older.host.start({ workflow: 'w', run: '1', callId: 'k', input: encode(undefined, 'input'), ifExists: 'join' });
  const event = encode({ type: 'GO' }, 'event');
  await older.host.send({ workflow: 'w', run: '1', id: 'e', event, until: 'accepted' });
  await older.host.close();
  await holder.release();
  aHoldfast([under(z.object({ n: z.number() }))], { database, logger });
  await settled();
  expect(lines).toContain('warn an event was refused {"workflow":"w","run":"1","event":"GO"}');
});

test('ownership that is lost to another host is told once', async () => {
  const { lines, logger } = aLog();
  const database = createMemoryDatabase();
  const { holdfast, host } = aHoldfast([steps], { database, logger });
  await host.owned;
  database.epoch++;
  for (const id of ['1', '2']) await holdfast.start('w', { id, input: { tries: 0 } });
  await settled();
  expect(lines.filter((line) => line.includes('no more'))).toEqual([
    'warn owns the store no more {"epoch":1} Epoch 1 was fenced by epoch 2.',
  ]);
});

test('trouble goes to onError alone where there is one, to the logger where there is none', async () => {
  const database = createMemoryDatabase();
  const first = aHoldfast([steps], { database });
  await first.host.owned;
  await first.host.start({
    workflow: 'w',
    run: '1',
    callId: 'k',
    input: encode({ tries: 9 }, 'input'),
    ifExists: 'join',
  });
  await first.host.close();
  const told: unknown[] = [];
  for (const onError of [(error: unknown) => void told.push(error), undefined]) {
    const { lines, logger } = aLog();
    const host = aHoldfast([], { database: await unfinished(), logger, onError } as never);
    await settled();
    const parked = lines.filter((line) => line.includes('WORKFLOW_UNKNOWN'));
    expect([parked.length, told.length]).toEqual(onError ? [0, 1] : [1, 1]);
    expect(parked.every((line) => line.startsWith('warn '))).toBe(true);
    await host.host.close();
  }
});

/** A database with a run that waits to be taken up. */
async function unfinished() {
  const database = createMemoryDatabase();
  const holder = await createMemoryStore({ database }).acquire();
  const { host } = aHoldfast([steps], { database, clock: new ManualClock() });
  const input = encode({ tries: 0 }, 'input');
  await host.start({ workflow: 'w', run: '1', callId: 'k', input, ifExists: 'join' });
  await host.close();
  await holder.release();
  return database;
}

test('a logger that throws changes nothing', async () => {
  const complaint = vi.spyOn(console, 'error').mockImplementation(() => {});
  const broken = () => {
    throw new Error('disk of the log is full');
  };
  const logger = { debug: broken, info: broken, warn: broken, error: broken };
  const { holdfast } = aHoldfast([steps], { logger });
  const run = await holdfast.start('w', { id: '1', input: { tries: 0 } });
  await run.result();
  expect(complaint).toHaveBeenCalled();
  complaint.mockRestore();
});

test('a loss that shows in several commits and in the right itself is told once', async () => {
  const { lines, logger } = aLog();
  const lost = new AbortController();
  const fenced = () => Promise.reject(new HoldfastError('STORE_FENCED', { message: 'Fenced.' }));
  const inner = createMemoryStore();
  const store = loggedStore(
    {
      ...inner,
      acquire: async () => ({ epoch: 1, afterCrash: true, lost: lost.signal, release: async () => {} }),
      commit: fenced,
    },
    logger,
  );
  const { epoch } = await store.acquire();
  const checkpoint = { workflow: 'w', run: '1', epoch, after: 0, durability: 'strict', ops: [] } as const;
  for (let i = 0; i < 2; i++) await expect(store.commit(checkpoint)).rejects.toMatchObject({ code: 'STORE_FENCED' });
  lost.abort();
  expect(lines).toEqual([
    'info owns the store, after a crash {"epoch":1,"afterCrash":true}',
    'warn owns the store no more {"epoch":1} Fenced.',
  ]);
});
