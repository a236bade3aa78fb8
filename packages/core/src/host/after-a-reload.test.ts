import { afterEach, describe, expect, test } from 'vitest';
import { type AnyActorRef, assign, createMachine, fromPromise, sendTo, setup, spawnChild } from 'xstate';
import { createClient } from '../client/holdfast.js';
import { linkLocally } from '../client/local-link.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { CrashWorld, type MortalHost } from '../testing/crash-world.test-support.js';
import { aHoldfast } from '../testing/local.test-support.js';

const broken = (): never => {
  throw new Error('broken');
};
const open: { close(): Promise<void> }[] = [];

/** Pages that follow each other on one database. */
function pages() {
  const database = createMemoryDatabase();
  return async (workflow: AnyWorkflow) => {
    const page = aHoldfast([workflow], { database });
    open.push(page.holdfast);
    await page.host.owned;
    return page;
  };
}

afterEach(async () => {
  for (const holdfast of open.splice(0)) await holdfast.close();
});

describe('a run that failed is still failed, with its error', () => {
  const cases: [string, AnyWorkflow][] = [
    ['its context factory threw', defineWorkflow({ id: 'w', version: 1, logic: createMachine({ context: broken }) })],
    [
      'a guard threw',
      defineWorkflow({ id: 'w', version: 1, logic: createMachine({ always: { guard: broken, actions: () => {} } }) }),
    ],
    [
      'its output mapper threw',
      defineWorkflow({
        id: 'w',
        version: 1,
        logic: createMachine({ initial: 'a', states: { a: { type: 'final' } }, output: broken }),
      }),
    ],
    ['a step function threw', defineWorkflow({ id: 'w', version: 1, logic: fromSteps(async () => broken()) })],
    [
      'a promise rejected',
      defineWorkflow({
        id: 'w',
        version: 1,
        logic: createMachine({ invoke: { src: fromPromise(async () => broken()) } }),
      }),
    ],
    ['an action threw', defineWorkflow({ id: 'w', version: 1, logic: createMachine({ entry: broken }) })],
  ];

  test.each(cases)('%s', async (_, workflow) => {
    const page = pages();
    const failure = { code: 'RUN_FAILED', cause: { message: expect.stringMatching(/broken$/) } };
    const { holdfast } = await page(workflow);
    const run = await holdfast.start('w', { id: 'r' });
    await expect(run.result()).rejects.toMatchObject(failure);
    await holdfast.close();
    const again = await page(workflow);
    await expect(again.holdfast.run('w', 'r').result()).rejects.toMatchObject(failure);
  });
});

test('a reference that a child keeps of its parent, and an actor without an id, work on', async () => {
  const child = setup({
    types: { input: {} as { parent: AnyActorRef }, context: {} as { parent: AnyActorRef } },
  }).createMachine({
    context: ({ input }) => input,
    on: { CALL: { actions: sendTo(({ context }) => context.parent, { type: 'CALLED' }) } },
  });
  const { promise, resolve: finish } = deferred<void>();
  const slow = fromPromise(() => promise);
  const logic = setup({ actors: { child, slow } }).createMachine({
    context: { called: 0, done: 0 },
    entry: spawnChild('slow'),
    invoke: { src: 'child', id: 'child', input: ({ self }) => ({ parent: self }) },
    on: {
      CALL: { actions: sendTo('child', { type: 'CALL' }) },
      CALLED: { actions: assign({ called: ({ context }) => context.called + 1 }) },
      'xstate.done.actor.*': { actions: assign({ done: ({ context }) => context.done + 1 }) },
    },
  });
  const workflow = defineWorkflow({ id: 'w', version: 1, logic });
  const page = pages();
  const first = await page(workflow);
  await first.holdfast.start('w', { id: 'r' });
  await first.holdfast.close();
  const { holdfast } = await page(workflow);
  const run = holdfast.run('w', 'r');
  const { promise: seen, resolve } = deferred<unknown>();
  run.subscribe(({ context }) => {
    if ((context as { done: number } | undefined)?.done) resolve(context);
  });
  await run.send({ type: 'CALL' }, { until: 'processed' });
  finish();
  expect(await seen).toEqual({ called: 1, done: 1 });
});

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

test('a File stays one attachment through reloads', async () => {
  const logic = createMachine({
    types: {} as { input: { file: File }; context: { file: File; n: number } },
    context: ({ input }) => ({ file: input.file, n: 0 }),
    on: { COUNT: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
  });
  const workflow = defineWorkflow({ id: 'w', version: 1, logic });
  const page = pages();
  const first = await page(workflow);
  await first.holdfast.start('w', { id: 'r', input: { file: new File(['abc'], 'a.txt') } });
  await first.holdfast.close();
  for (let i = 0; i < 3; i++) {
    const { holdfast } = await page(workflow);
    await holdfast.run('w', 'r').send({ type: 'COUNT' }, { until: 'processed' });
    await holdfast.close();
  }
  const { store } = await page(workflow);
  const stored = await store.load({ workflow: 'w', run: 'r' });
  expect(stored?.attachments.size).toBe(1);
});

describe('a run that is over', () => {
  test('can still be read by a version that came after it', async () => {
    const page = pages();
    const first = await page(defineWorkflow({ id: 'w', version: 1, logic: fromSteps(async () => 42) }));
    await (await first.holdfast.start('w', { id: 'r' })).result();
    await first.holdfast.close();
    const { holdfast, store } = await page(defineWorkflow({ id: 'w', version: 2, logic: fromSteps(async () => 43) }));
    const run = holdfast.run('w', 'r');
    expect(await run.result()).toBe(42);
    await run.send({ type: 'LATE' }, { until: 'processed' });
    expect((await store.load({ workflow: 'w', run: 'r' }))?.row).toMatchObject({ version: 1, status: 'done' });
    expect(await run.result()).toBe(42);
  });

  test('and by code that no longer has the state in which it ended', async () => {
    const ending = (name: string) =>
      createMachine({ id: 'm', initial: name, states: { [name]: { type: 'final' } }, output: name });
    const page = pages();
    const first = await page(defineWorkflow({ id: 'w', version: 1, logic: ending('old') }));
    await (await first.holdfast.start('w', { id: 'r' })).result();
    await first.holdfast.close();
    const { holdfast } = await page(defineWorkflow({ id: 'w', version: 1, logic: ending('fresh') }));
    const run = holdfast.run('w', 'r');
    expect(await run.result()).toBe('old');
    expect(run.getSnapshot().value).toBe('old');
  });
});

test('what an assign computed at random is what was stored: it is never computed again', async () => {
  let computed = 0;
  const logic = createMachine({
    context: () => ({ born: ++computed, drawn: 0 }),
    on: { DRAW: { actions: assign({ drawn: () => ++computed }) }, END: '.end' },
    initial: 'on',
    states: { on: {}, end: { type: 'final' } },
    output: ({ context }) => context,
  });
  const workflow = defineWorkflow({ id: 'w', version: 1, logic });
  const page = pages();
  const first = await page(workflow);
  const run = await first.holdfast.start('w', { id: 'r' });
  await run.send({ type: 'DRAW' }, { until: 'processed' });
  await first.holdfast.close();
  const second = await page(workflow);
  await second.holdfast.run('w', 'r').send({ type: 'END' });
  expect(await second.holdfast.run('w', 'r').result()).toEqual({ born: 1, drawn: 2 });
  expect(computed).toBe(2);
});

test('the actions of the last transition are performed, though the host died before them', async () => {
  const noted: string[] = [];
  const logic = createMachine({
    initial: 'on',
    states: { on: { on: { END: 'end' } }, end: { type: 'final', entry: () => noted.push('end') } },
    exit: () => noted.push('exit'),
  });
  const world = new CrashWorld([defineWorkflow({ id: 'w', version: 1, logic })]);
  const drive = async (host: MortalHost) => {
    const client = createClient(linkLocally(host.host));
    void client.start('w', { id: 'r' }).then((run) => run.send({ type: 'END' }, { id: 'end' }));
    await world.settle();
  };
  const first = world.boot({ crash: { write: 4, when: 'after' } });
  await drive(first);
  expect(noted).toEqual([]);
  expect(world.head('w', 'r')).toMatchObject({ seq: 2, status: 'running' });
  const second = world.boot();
  await drive(second);
  expect(noted).toEqual(['end', 'exit']);
  expect(world.head('w', 'r')).toMatchObject({ seq: 2, status: 'done' });
  await second.kill();
});
