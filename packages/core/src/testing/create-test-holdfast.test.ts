import { describe, expect, expectTypeOf, test } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createTestHoldfast } from './create-test-holdfast.js';

const upload = defineWorkflow({
  id: 'upload',
  version: 1,
  logic: fromSteps({ types: {} as { input: { files: string[] } } }, async ({ input, step, sleep }) => {
    const hashes = await step.all(input.files, { name: 'hash' }, async (): Promise<string> => {
      throw new Error('This needs a worker.');
    });
    await sleep('rest', '3d');
    const answer = await step('upload', async (): Promise<string> => {
      throw new Error('This needs the network.');
    });
    return { hashes, answer };
  }),
});

const steps = {
  hash: (file: string, _context: unknown, index: number) => `${index}:${file}`,
  upload: () => 'ok',
};

const approval = defineWorkflow({
  id: 'approval',
  version: 1,
  logic: setup({
    types: { context: {} as { by: string }, events: {} as { type: 'APPROVE'; by: string } },
    actors: { tell: fromPromise(async (): Promise<string> => 'told the server') },
  }).createMachine({
    context: { by: '' },
    initial: 'telling',
    states: {
      telling: { invoke: { src: 'tell', onDone: 'waiting', onError: 'broken' } },
      waiting: { on: { APPROVE: { target: 'done', actions: assign({ by: ({ event }) => event.by }) } } },
      done: { type: 'final' },
      broken: {},
    },
  }),
});

describe('createTestHoldfast', () => {
  test('stand-ins take the place of steps; time passes when it is told to', async () => {
    const holdfast = createTestHoldfast({ workflows: [upload], steps });
    const run = await holdfast.start('upload', { input: { files: ['a', 'b'] } });
    run.subscribe(() => {});
    await holdfast.advance('2d');
    expect(run.getSnapshot().run.status).toBe('waiting');
    await holdfast.advance('1d');
    const result = await run.result();
    expect(result).toEqual({ hashes: ['0:a', '1:b'], answer: 'ok' });
    expectTypeOf(result).toEqualTypeOf<{ hashes: string[]; answer: string }>();
    await holdfast.close();
  });

  test('a crash costs the step in flight, and calls under way are made again', async () => {
    let performed = 0;
    const { promise, resolve } = deferred<string>();
    const holdfast = createTestHoldfast({
      workflows: [upload],
      steps: { ...steps, upload: () => (++performed === 1 ? promise : 'second') },
    });
    const run = await holdfast.start('upload', { input: { files: [] } });
    const result = run.result();
    await holdfast.advance('3d');
    await holdfast.crash();
    resolve('first');
    expect(await result).toEqual({ hashes: [], answer: 'second' });
    expect(performed).toBe(2);
    const other = holdfast.start('upload', { id: 'other', input: { files: [] } });
    await holdfast.crash();
    expect((await other).id).toBe('other');
  });

  test('errors that nobody else is told of are thrown by settle', async () => {
    const holdfast = createTestHoldfast({ workflows: [upload], connectivity: brokenNetwork, steps });
    await holdfast.start('upload', { input: { files: ['a'] } });
    await expect(holdfast.settle()).resolves.toBeUndefined();
    const told: unknown[] = [];
    const telling = createTestHoldfast({ workflows: [upload], steps, onError: (error) => told.push(error) });
    await telling.settle();
    expect(told).toEqual([]);
  });

  test('after close, calls are refused', async () => {
    const holdfast = createTestHoldfast({ workflows: [upload], steps });
    await holdfast.close();
    await expect(holdfast.start('upload', { input: { files: [] } })).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('workflow.provide', () => {
  test('gives the same workflow with other implementations', async () => {
    const broken = approval.provide({
      actors: {
        tell: fromPromise(async (): Promise<string> => {
          throw new Error('no server');
        }),
      },
    });
    expect([broken.id, broken.version]).toEqual(['approval', 1]);
    expectTypeOf(broken).toEqualTypeOf(approval);
    const holdfast = createTestHoldfast({ workflows: [broken] });
    const run = await holdfast.start('approval');
    run.subscribe(() => {});
    await holdfast.settle();
    expect(run.getSnapshot().value).toBe('broken');
  });

  test('is refused by a step function, and for implementations of the wrong kind', () => {
    expect(() => upload.provide({} as never)).toThrow('nothing can be provided');
    // @ts-expect-error there is no such actor
    approval.provide({ actors: { tall: fromPromise(async () => 'x') } });
  });
});

const brokenNetwork = { online: () => false, subscribe: () => () => {} };

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
