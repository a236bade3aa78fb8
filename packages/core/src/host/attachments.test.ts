import { describe, expect, test } from 'vitest';
import { assign, cancel, createMachine, fromPromise, raise, setup } from 'xstate';
import { inspectRun } from '../decide/inspect-run.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyWorkflow } from '../define/workflow.js';
import type { StoredRun } from '../records/records.js';
import { createMemoryDatabase, createMemoryStore, type MemoryDatabase } from '../store/memory-store.js';
import type { Op, Store } from '../store/store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const MIB = 1 << 20;
const RUN = { workflow: 'w', run: 'r' };

/** A page over a database, and what it writes: characters of text, bytes of attachments. */
function aPage(logic: AnyWorkflow['logic'], database: MemoryDatabase = createMemoryDatabase()) {
  const store = createMemoryStore({ database });
  const written = { text: 0, bytes: 0 };
  const attached: string[] = [];
  const count = (op: Op) => {
    if (op.op === 'put') written.text += op.value.text.length;
    if (op.op !== 'attach') return;
    attached.push(op.id);
    written.bytes += op.blob instanceof Blob ? op.blob.size : (op.blob as ArrayBuffer).byteLength;
  };
  const counted: Store = {
    ...store,
    commit(checkpoint) {
      checkpoint.ops.forEach(count);
      return store.commit(checkpoint);
    },
  };
  const page = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { database, store: counted });
  const stored = async () => [...((await store.load(RUN))?.attachments.keys() ?? [])];
  return { ...page, run: page.holdfast.run('w', 'r'), written, attached, stored };
}

/** The context, once it is as asked for. */
function contextOf({ run }: Pick<ReturnType<typeof aPage>, 'run'>, is = (_: Held) => true): Promise<Held> {
  return new Promise((resolve) => {
    run.subscribe(({ context }) => {
      if (context && is(context as Held)) resolve(context as Held);
    });
  });
}

const filled = (byte: number, size = MIB) => new Uint8Array(size).fill(byte).buffer as ArrayBuffer;

interface Held {
  held: unknown;
  picture?: unknown;
  n: number;
}

/** Holds what it is sent, counts, lets go. */
const holder = setup({
  types: {
    context: {} as Held,
    events: {} as { type: 'HOLD'; held: unknown } | { type: 'COUNT' | 'DROP' | 'CHANGE' | 'BREAK' },
  },
}).createMachine({
  context: { held: undefined, n: 0 },
  on: {
    HOLD: { actions: assign({ held: ({ event }) => event.held }) },
    COUNT: { actions: assign({ n: ({ context }) => context.n + 1 }) },
    DROP: { actions: assign({ held: undefined }) },
    CHANGE: {
      actions: assign(({ context }) => {
        new Uint8Array(context.held as ArrayBuffer)[5] = 99;
        return { n: context.n + 1 };
      }),
    },
    BREAK: {
      actions: assign({
        held: undefined,
        n: () => {
          throw Object.assign(new Error('broken'), { shot: new Blob(['shot']) });
        },
      }),
    },
  },
});
const processed = { until: 'processed' } as const;

describe.each([
  ['a large ArrayBuffer', () => filled(1)],
  ['a view of one', () => new Float64Array(filled(1))],
  ['a Blob', () => new Blob([filled(1)])],
])('%s in a context', (_, make) => {
  test('is stored once, and no transition after that writes it again, before a reload and after', async () => {
    const first = aPage(holder);
    await first.holdfast.start('w', { id: 'r' });
    await first.run.send({ type: 'HOLD', held: make() }, processed);
    const [id] = await first.stored();
    for (let i = 0; i < 3; i++) await first.run.send({ type: 'COUNT' }, processed);
    // It came with the event, which was stored before; no checkpoint writes it.
    expect(first.written.bytes).toBe(0);
    await first.holdfast.close();
    const second = aPage(holder, first.database);
    for (let i = 0; i < 3; i++) await second.run.send({ type: 'COUNT' }, processed);
    expect(second.written.bytes).toBe(0);
    expect(first.written.text + second.written.text).toBeLessThan(10_000);
    expect(await second.stored()).toEqual([id]);
    await second.holdfast.close();
  });

  test('is removed in the checkpoint that lets go of it', async () => {
    const page = aPage(holder);
    await page.holdfast.start('w', { id: 'r' });
    await page.run.send({ type: 'HOLD', held: make() }, processed);
    expect(await page.stored()).toHaveLength(1);
    await page.run.send({ type: 'DROP' }, processed);
    expect(await page.stored()).toEqual([]);
    await page.holdfast.close();
  });
});

test('an ArrayBuffer that is changed in place is stored anew, and comes back as it was changed', async () => {
  const first = aPage(holder);
  await first.holdfast.start('w', { id: 'r' });
  await first.run.send({ type: 'HOLD', held: filled(1) }, processed);
  const [before] = await first.stored();
  await first.run.send({ type: 'CHANGE' }, processed);
  const [after, ...more] = await first.stored();
  expect(more).toEqual([]);
  expect(after).not.toBe(before);
  await first.holdfast.close();
  const second = aPage(holder, first.database);
  await second.run.send({ type: 'COUNT' }, processed);
  const { held } = await contextOf(second, ({ n }) => n === 2);
  expect([...new Uint8Array(held as ArrayBuffer, 4, 3)]).toEqual([1, 99, 1]);
  expect(await second.stored()).toEqual([after]);
  await second.holdfast.close();
});

test('what a step gave and an assign puts into the context is one attachment', async () => {
  const steps = fromSteps(({ step }) => step('draw', () => new Blob([filled(3)])));
  const logic = setup({ actors: { steps } }).createMachine({
    context: { picture: undefined as unknown },
    initial: 'drawing',
    states: {
      drawing: {
        invoke: {
          src: 'steps',
          onDone: { target: 'drawn', actions: assign({ picture: ({ event }) => event.output }) },
        },
      },
      drawn: {},
    },
  });
  const page = aPage(logic);
  await page.holdfast.start('w', { id: 'r' });
  await contextOf(page, ({ picture }) => picture !== undefined);
  expect(page.attached).toHaveLength(1);
  expect(await page.stored()).toEqual(page.attached);
  await page.holdfast.close();
});

test('what was let go of, and comes back, is stored anew', async () => {
  const own = new Blob(['own']);
  const logic = createMachine({
    context: { held: own as Blob | undefined, n: 0 },
    on: {
      DROP: { actions: assign({ held: undefined }) },
      BACK: { actions: assign({ held: own, n: 1 }) },
    },
  });
  const first = aPage(logic);
  await first.holdfast.start('w', { id: 'r' });
  await first.run.send({ type: 'DROP' }, processed);
  expect(await first.stored()).toEqual([]);
  await first.run.send({ type: 'BACK' }, processed);
  await first.holdfast.close();
  const second = aPage(logic, first.database);
  const { held } = await contextOf(second, ({ n }) => n === 1);
  expect(await (held as Blob).text()).toBe('own');
  await second.holdfast.close();
});

test('a run that is ended while it is not in memory leaves none of what its steps gave', async () => {
  let tellDrawn: () => void = () => {};
  const drawn = new Promise<void>((resolve) => {
    tellDrawn = resolve;
  });
  const logic = fromSteps(async ({ step, sleep }) => {
    await step('draw', () => new Blob(['drawn']));
    tellDrawn();
    await sleep('long', '1d');
  });
  const first = aPage(logic);
  await first.holdfast.start('w', { id: 'r' });
  await drawn;
  await first.run.pause();
  expect(await first.stored()).toHaveLength(1);
  await first.holdfast.close();
  const second = aPage(logic, first.database);
  await second.run.terminate();
  expect(await second.stored()).toEqual([]);
  await second.holdfast.close();
});

test('lives of a step function that follow each other leave no attachments behind', async () => {
  const logic = fromSteps(
    { types: {} as { input: { n: number; last?: Blob } } },
    async ({ input: { n, last }, step, continueWith }) => {
      const made = await step('make', () => new Blob([`${n} after ${last?.size}`]));
      return n < 5 ? continueWith({ n: n + 1, last: made }) : 'done';
    },
  );
  const page = aPage(logic);
  const run = await page.holdfast.start('w', { id: 'r', input: { n: 0 } });
  expect(await run.result()).toBe('done');
  expect(page.attached).toHaveLength(6);
  expect((await page.stored()).length).toBeLessThan(2);
  await page.holdfast.close();
});

describe('what came with an event', () => {
  test('stays as long as the event waits, whatever is removed meanwhile', async () => {
    const logic = createMachine({
      context: { held: new Blob(['own']) as unknown },
      initial: 'busy',
      states: {
        busy: {
          entry: assign({ held: undefined }),
          invoke: { src: fromPromise(() => new Promise<void>(() => {})) },
        },
      },
      on: { HOLD: { actions: assign({ held: ({ event }) => event.held }) } },
    });
    const first = aPage(logic);
    await first.holdfast.start('w', { id: 'r' });
    await first.run.pause();
    await first.run.send({ type: 'HOLD', held: new Blob(['of the event']) });
    await settled();
    expect(await first.stored()).toHaveLength(1);
    await first.holdfast.close();
    const second = aPage(logic, first.database);
    await second.run.resume();
    const { held } = await contextOf(second, ({ held }) => held !== undefined);
    expect(await (held as Blob).text()).toBe('of the event');
    await second.holdfast.close();
  });

  test('goes with an event that nothing keeps, also after the end of the run', async () => {
    const logic = createMachine({ initial: 'on', states: { on: { on: { END: 'end' } }, end: { type: 'final' } } });
    const page = aPage(logic);
    await page.holdfast.start('w', { id: 'r' });
    await page.run.send({ type: 'IGNORED', blob: new Blob(['x']) }, processed);
    expect(await page.stored()).toEqual([]);
    await page.run.send({ type: 'END' }, processed);
    await page.run.send({ type: 'LATE', blob: new Blob(['x']) }, processed);
    expect(await page.stored()).toEqual([]);
    await page.holdfast.close();
  });
});

test('a run that fails keeps what its last state refers to, and what its error does', async () => {
  const first = aPage(holder);
  await first.holdfast.start('w', { id: 'r' });
  await first.run.send({ type: 'HOLD', held: new Blob(['kept']) }, processed);
  await first.run.send({ type: 'BREAK' }, processed);
  await first.holdfast.close();
  const second = aPage(holder, first.database);
  const error = await second.run.result().catch((reason: unknown) => reason);
  const { held } = await contextOf(second);
  expect(await (held as Blob).text()).toBe('kept');
  const shot = findBlob(error);
  expect(await shot?.text()).toBe('shot');
  await second.holdfast.close();
});

test('a decision that fails the run leaves what is stored as it was, with all that it refers to', async () => {
  const logic = setup({
    types: { context: {} as { text: string }, events: {} as { type: 'LATER'; blob: Blob } | { type: 'FILL' } },
  }).createMachine({
    context: { text: '' },
    entry: raise({ type: 'LATER', blob: new Blob(['later']) }, { delay: 1000, id: 'later' }),
    on: { FILL: { actions: [cancel('later'), assign({ text: 'x'.repeat(5 * MIB) })] } },
  });
  const page = aPage(logic);
  await page.holdfast.start('w', { id: 'r' });
  await page.run.send({ type: 'FILL' }, processed);
  const stored = await page.store.load(RUN);
  expect(stored?.row.status).toBe('failed');
  expect(inspectRun(stored as StoredRun).timers).toMatchObject([{ event: 'LATER' }]);
  await page.holdfast.close();
});

function findBlob(error: unknown): Blob | undefined {
  for (let at = error as { shot?: Blob; cause?: unknown } | undefined; at; at = at.cause as typeof at) {
    if (at.shot) return at.shot;
  }
  return undefined;
}

test('deletion, restart and their like leave none', async () => {
  const page = aPage(holder);
  await page.holdfast.start('w', { id: 'r', input: new Blob(['input']) });
  await page.run.send({ type: 'HOLD', held: filled(1) }, processed);
  expect(await page.stored()).toHaveLength(2);
  await page.holdfast.start('w', { id: 'r', input: new Blob(['again']), ifExists: 'restart' });
  await settled();
  expect(await page.stored()).toHaveLength(1);
  await page.run.delete();
  expect(await page.stored()).toEqual([]);
  await page.holdfast.close();
});
