import { describe, expect, test } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import { type Fault, faultyStore, type StoreOperation } from './faulty-store.js';
import { aHoldfast } from './local.test-support.js';
import { ManualClock } from './manual-clock.js';
import { settle } from './settle.js';

const address = { workflow: 'order', run: 'o' };

let performed: string[] = [];
const order = defineWorkflow({
  id: 'order',
  version: 1,
  logic: setup({
    types: { context: {} as { total: number } },
    actors: {
      count: fromSteps(async ({ step, sleep }) => {
        const one = await step('one', () => performed.push('one') && 1);
        await sleep('nap', '1m');
        return one + (await step('two', () => performed.push('two') && 2));
      }),
      ask: fromPromise(async () => 4),
    },
    actions: { tell: () => void performed.push('tell') },
  }).createMachine({
    context: { total: 0 },
    initial: 'counting',
    states: {
      counting: {
        invoke: {
          src: 'count',
          onDone: { target: 'asking', actions: assign({ total: ({ event }) => event.output }) },
        },
      },
      asking: {
        invoke: {
          src: 'ask',
          onDone: {
            target: 'waiting',
            actions: assign({ total: ({ context, event }) => context.total + event.output }),
          },
        },
      },
      waiting: { on: { GO: 'resting' } },
      resting: { after: { 1000: 'done' } },
      done: { type: 'final', entry: 'tell' },
    },
    output: ({ context }) => context.total,
  }),
});

/** Leads the order to its end over a store with these faults; a call that fails is made again, as a client would. */
async function lead(faults: readonly Fault[]) {
  performed = [];
  const database = createMemoryDatabase();
  const clock = new ManualClock();
  const store = faultyStore(createMemoryStore({ database }), faults, { clock });
  const { holdfast } = aHoldfast([order], { database, store, clock });
  const insist = async (call: () => Promise<unknown>) => {
    let state = 'failed';
    while (state !== 'done') {
      if (state === 'failed') {
        state = 'under way';
        const end = (how: string) => () => {
          state = how;
        };
        call().then(end('done'), end('failed'));
      }
      await quiet();
      if (state === 'under way') clock.advance(100);
    }
  };
  const quiet = () => settle(() => ({ activity: store.operations.length + performed.length, underWay: new Set() }), 0);
  const pass = async (done: () => boolean) => {
    for (let i = 0; i < 1000; i++) {
      await quiet();
      if (done()) return;
      if (clock.nextAt === undefined) throw new Error('Nothing is due any more.');
      clock.advance(Math.max(clock.nextAt - clock.now(), 0));
    }
    throw new Error('It never ends.');
  };
  await insist(() => holdfast.start('order', { id: 'o' }));
  const head = () => database.tables.head(address);
  const waits = () => database.tables.load(address)?.values.get('state')?.text.includes('"waiting"') ?? false;
  await pass(waits);
  await insist(() => holdfast.run('order', 'o').send({ type: 'GO' }, { id: 'go' }));
  await pass(() => head()?.closedAt !== undefined);
  const history = database.tables.history(address);
  const output = database.tables.load(address)?.values.get('state')?.text;
  await holdfast.close();
  return {
    operations: [...store.operations],
    status: head()?.status,
    seqs: history.map(({ seq }) => seq),
    kinds: history.map(({ arrival }) => `${arrival.kind} ${arrival.name ?? ''}`),
    done: output?.includes('"done"'),
    performed: [...performed],
  };
}

describe('a store that fails', async () => {
  const calm = await lead([]);
  const writes: StoreOperation[] = ['commit', 'accept'];
  const reads: StoreOperation[] = ['acquire', 'load', 'list', 'inbox'];
  const faults = [...writes, ...reads].flatMap((operation) => {
    const count = calm.operations.filter((other) => other === operation).length;
    const hows: Fault['how'][] = writes.includes(operation) ? ['fail', 'lose', 'delay'] : ['fail', 'delay'];
    return Array.from({ length: count }, (_, index) => index + 1).flatMap((nth) =>
      hows.map((how): Fault => ({ operation, nth, how, ms: 500 })),
    );
  });

  test('the undisturbed run performs each step once', () => {
    expect(calm).toMatchObject({ status: 'done', performed: ['one', 'two', 'tell'] });
    expect(faults.length).toBeGreaterThan(40);
  });

  test.each(faults)('%o: the run ends as if nothing had happened', async (fault) => {
    const { operations: _, performed: effects, ...ended } = await lead([fault]);
    const { operations: __, performed: calmEffects, ...expected } = calm;
    expect(ended).toEqual(expected);
    // What was in flight when its commit failed happens once more, and in its place.
    expect([...new Set(effects)]).toEqual(calmEffects);
    expect(effects.length).toBeLessThanOrEqual(calmEffects.length + 1);
  });
});

describe('faultyStore', () => {
  test('a fault without an operation counts all of them', async () => {
    const store = faultyStore(createMemoryStore(), [{ nth: 2, how: 'fail' }]);
    await store.list();
    await expect(store.load(address)).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: true });
    expect(store.operations).toEqual(['list', 'load']);
  });

  test('what it loses took place, what hangs took place and never answers', async () => {
    const database = createMemoryDatabase();
    const faults: Fault[] = [
      { operation: 'accept', nth: 1, how: 'lose', error: new Error('lost') },
      { operation: 'accept', nth: 2, how: 'hang' },
    ];
    const store = faultyStore(createMemoryStore({ database }), faults);
    const start = (run: string) =>
      store.accept({
        kind: 'start',
        input: { text: '1' },
        row: {
          workflow: 'w',
          run,
          key: run,
          version: 1,
          seq: 0,
          status: 'queued',
          reasons: [],
          createdAt: 1,
          updatedAt: 1,
        },
      });
    await expect(start('lost')).rejects.toThrow('lost');
    let answered = false;
    void start('hung').then(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve));
    expect(answered).toBe(false);
    expect(database.tables.list().rows.map(({ run }) => run)).toEqual(['hung', 'lost']);
  });

  test.each([
    { nth: 0, how: 'fail' },
    { nth: 1, how: 'explode' },
    { nth: 1, how: 'delay', ms: 5 },
    { nth: 1, how: 'fail', operation: 'commmit' },
  ] as Fault[])('refuses %o', (fault) => {
    expect(() => faultyStore(createMemoryStore(), [fault])).toThrow('faultyStore');
  });
});
