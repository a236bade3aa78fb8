import { expect, test } from 'vitest';
import { createMachine, emit, fromPromise, setup } from 'xstate';
import { encodedValues } from '../client/encoded-values.js';
import { createClient } from '../client/holdfast.js';
import type { HostLink, Notice } from '../client/protocol.js';
import { encode, encodeError } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { HoldfastError } from '../errors/index.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const failed = () => new HoldfastError('STORE_FAILED', { message: 'The disk hiccuped.', retryable: true });
const waiter = defineWorkflow({
  id: 'w',
  version: 1,
  logic: createMachine({ initial: 'on', states: { on: { on: { END: 'off' } }, off: { type: 'final' } } }),
});

/** A store whose call of that name fails as often as told. */
function failing(inner: Store, method: 'list' | 'inbox' | 'load' | 'commit') {
  const trouble = { times: 0 };
  const call = inner[method] as (...args: unknown[]) => Promise<unknown>;
  const store: Store = {
    ...inner,
    [method]: async (...args: unknown[]) => {
      if (trouble.times-- > 0) throw failed();
      return call(...args);
    },
  };
  return { store, trouble };
}

test.each(['list', 'inbox'] as const)(
  'a new owner whose %s fails once takes up what is there all the same',
  async (method) => {
    const database = createMemoryDatabase();
    const first = aHoldfast([waiter], { database });
    await first.holdfast.start('w', { id: '1' });
    await settled();
    await first.holdfast.close();
    const body = { text: encode({ type: 'END' }, 'event').text };
    const row = { workflow: 'w', run: '1', lane: 'event', id: 'e', acceptedAt: first.clock.now(), body } as const;
    await createMemoryStore({ database }).accept({ kind: 'inbox', row });
    const { store, trouble } = failing(createMemoryStore({ database }), method);
    trouble.times = 1;
    const second = aHoldfast([waiter], { database, store, clock: first.clock });
    await settled();
    expect(second.errors).toMatchObject([{ code: 'STORE_FAILED' }]);
    second.clock.advance(1000);
    await settled();
    expect(database.tables.head({ workflow: 'w', run: '1' })?.status).toBe('done');
    await second.holdfast.close();
  },
);

test('a start whose answer was lost is taken up when it is repeated', async () => {
  const database = createMemoryDatabase();
  const inner = createMemoryStore({ database });
  let lost = true;
  const store: Store = {
    ...inner,
    async accept(acceptance) {
      const accepted = await inner.accept(acceptance);
      if (!lost) return accepted;
      lost = false;
      throw failed();
    },
  };
  const { holdfast } = aHoldfast([waiter], { database, store });
  await settled();
  await expect(holdfast.start('w', { id: '1' })).rejects.toMatchObject({ code: 'STORE_FAILED' });
  await holdfast.start('w', { id: '1' });
  await settled();
  expect(database.tables.head({ workflow: 'w', run: '1' })?.status).toBe('waiting');
  await holdfast.close();
});

test('an emitted event that no client can be told does not throw the run away', async () => {
  let performed = 0;
  const logic = setup({
    actors: { work: fromPromise(() => new Promise(() => void performed++)) },
  }).createMachine({
    initial: 'on',
    states: { on: { entry: emit({ type: 'NEWS', data: () => {} } as never), invoke: { src: 'work' } } },
  });
  const { holdfast, clock, errors } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })]);
  await holdfast.start('w', { id: '1' });
  await settled();
  clock.advance(5000);
  await settled();
  expect(performed).toBe(1);
  expect(errors).toMatchObject([{ code: 'VALUE_NOT_STORABLE' }]);
  await holdfast.close();
});

test('the wait between two tries grows while commits go on failing', async () => {
  const { store, trouble } = failing(createMemoryStore(), 'commit');
  trouble.times = 1000;
  const { holdfast, clock, errors } = aHoldfast([waiter], { store });
  await settled();
  await holdfast.start('w', { id: '1' });
  await settled();
  for (const [i, waitMs] of [1000, 2000, 4000, 8000, 16_000, 30_000].entries()) {
    clock.advance(waitMs - 1);
    await settled();
    expect(errors).toHaveLength(i + 1);
    clock.advance(1);
    await settled();
    expect(errors).toHaveLength(i + 2);
  }
  trouble.times = 0;
  clock.advance(30_000);
  await settled();
  trouble.times = 1;
  void holdfast.run('w', '1').send({ type: 'END' } as never);
  await settled();
  const before = errors.length;
  clock.advance(1000);
  await holdfast.run('w', '1').result();
  expect(errors).toHaveLength(before);
  await holdfast.close();
});

test('a parked run whose deletion fails once is deleted at the next try', async () => {
  const database = createMemoryDatabase();
  const first = aHoldfast([waiter], { database });
  await first.holdfast.start('w', { id: '1' });
  await settled();
  await first.holdfast.close();
  const { store, trouble } = failing(createMemoryStore({ database }), 'commit');
  const newer = { ...waiter, version: 2 };
  const second = aHoldfast([newer], { database, store, clock: first.clock });
  await settled();
  trouble.times = 1;
  const deleted = second.holdfast.run('w', '1').delete();
  await settled();
  expect(second.errors).toMatchObject([{ code: 'VERSION_UNFIT' }, { code: 'STORE_FAILED' }]);
  second.clock.advance(1000);
  await deleted;
  expect(database.tables.head({ workflow: 'w', run: '1' })).toBeUndefined();
  await second.holdfast.close();
});

test('a run that failed shows the state of its last checkpoint, not the one that could not be stored', async () => {
  const database = createMemoryDatabase();
  const logic = setup({ actions: { tell: () => {} } }).createMachine({
    initial: 'on',
    states: {
      on: { on: { GO: { target: 'off', actions: { type: 'tell', params: () => ({ no: () => {} }) } as never } } },
      off: {},
    },
  });
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { database });
  const run = await holdfast.start('w', { id: '1' });
  const values: unknown[] = [];
  run.subscribe(({ value }) => values.push(value));
  await run.send({ type: 'GO' } as never, { until: 'processed' });
  await expect(run.result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
  expect(values.at(-1)).toBe('on');
  expect((await run.history()).at(-1)).toMatchObject({ status: 'failed', value: 'on' });
  await holdfast.close();
});

/** An owner may die between its commit and the word it sends to the others. */
test('who waits for an event to be processed learns of it from the next owner at the latest', async () => {
  const database = createMemoryDatabase();
  const first = aHoldfast([waiter], { database });
  await settled();
  const deaf: Store = { ...createMemoryStore({ database }), watch: () => () => {} };
  const second = aHoldfast([waiter], { database, store: deaf, clock: first.clock });
  await first.holdfast.start('w', { id: '1' });
  let processed = false;
  void second.holdfast
    .run('w', '1')
    .send({ type: 'WHAT' } as never, { until: 'processed' })
    .then(() => {
      processed = true;
    });
  await settled();
  expect(database.tables.inbox()).toEqual([]);
  expect(processed).toBe(false);
  await first.holdfast.close();
  await settled();
  expect(processed).toBe(true);
  await second.holdfast.close();
});

test('a run that waits is told as such after a snapshot could not be read once', async () => {
  const { store, trouble } = failing(createMemoryStore(), 'load');
  const { holdfast, clock } = aHoldfast([waiter], { store });
  const run = await holdfast.start('w', { id: '1' });
  await settled();
  clock.advance(5000);
  trouble.times = 1;
  const statuses: string[] = [];
  run.subscribe(({ run: { status } }) => statuses.push(status));
  await expect.poll(() => statuses).toEqual(['waiting']);
  await holdfast.close();
});

/** A store that is not given while there is `error`, and whose ownership can be taken. */
function aFickleStore(error: HoldfastError | undefined) {
  const inner = createMemoryStore();
  const fickle = { error, asked: 0, lose: new AbortController() };
  const store: Store = {
    ...inner,
    async acquire(options) {
      fickle.asked++;
      if (fickle.error) throw fickle.error;
      fickle.lose = new AbortController();
      return { ...(await inner.acquire(options)), lost: fickle.lose.signal };
    },
  };
  return { store, fickle };
}

test('a store that can not be had is asked for less and less often, until it was had', async () => {
  const { store, fickle } = aFickleStore(failed());
  const { holdfast, host, clock } = aHoldfast([waiter], { store });
  const untilAsked = async (waits: readonly number[]) => {
    for (const waitMs of waits) {
      const { asked } = fickle;
      clock.advance(waitMs - 1);
      await settled();
      expect(fickle.asked).toBe(asked);
      clock.advance(1);
      await settled();
      expect(fickle.asked).toBe(asked + 1);
    }
  };
  await settled();
  await untilAsked([1000, 2000, 4000, 8000, 16_000, 30_000]);
  fickle.error = undefined;
  await untilAsked([30_000]);
  expect(host.ownership).toBe('owner');
  fickle.error = failed();
  fickle.lose.abort(failed());
  await settled();
  await untilAsked([1000, 2000]);
  await holdfast.close();
});

test('a store that was owned and refuses for good is told', async () => {
  const { store, fickle } = aFickleStore(undefined);
  const { holdfast, host, errors } = aHoldfast([waiter], { store });
  await settled();
  fickle.error = new HoldfastError('STORE_FORMAT', { message: 'Written by newer code.' });
  fickle.lose.abort(fickle.error);
  await settled();
  expect(host.ownership).toBe('standby');
  expect(errors).toEqual([fickle.error]);
  await holdfast.close();
});

test('what is lost ends each wait for a result with that error, and what comes later is another matter', async () => {
  let tell: (notice: Notice) => void = () => {};
  const link = {
    values: encodedValues,
    closed: new Promise<never>(() => {}),
    call: async () => undefined,
    listen: ({ notice }: { notice: typeof tell }) => {
      tell = notice;
    },
    close: async () => {},
  } as unknown as HostLink;
  const run = createClient(link).run('w', '1');
  const lost = new HoldfastError('STORE_LOST', { message: 'It is gone.' });
  const before = run.result();
  tell({ kind: 'lost', error: encodeError(lost) });
  await expect(before).rejects.toMatchObject({ code: 'STORE_LOST' });
  let ended = false;
  void run.result().finally(() => {
    ended = true;
  });
  await settled();
  expect(ended).toBe(false);
});

test('a host that can not know whether its epoch was raised asks for the store again', async () => {
  const database = createMemoryDatabase();
  const inner = createMemoryStore({ database });
  let lost = true;
  const store: Store = {
    ...inner,
    async acquire(options) {
      if (!lost) return inner.acquire(options);
      lost = false;
      throw new HoldfastError('STORE_FAILED', { message: 'The connection is lost.', retryable: false });
    },
  };
  const { holdfast, clock, errors } = aHoldfast([waiter], { database, store });
  await holdfast.start('w', { id: '1' });
  await settled();
  expect(errors).toMatchObject([{ code: 'STORE_FAILED' }]);
  clock.advance(1000);
  await settled();
  expect(database.tables.head({ workflow: 'w', run: '1' })?.status).toBe('waiting');
  await holdfast.close();
});
