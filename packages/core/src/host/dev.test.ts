import { describe, expect, test } from 'vitest';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { StepsContext } from '../define/steps-logic.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { createHost } from './host.js';

const types = {} as { input: string };

describe("onMismatch: 'restart'", () => {
  const work = (step: string, seen: string[] = []) =>
    defineWorkflow({
      id: 'w',
      version: 1,
      logic: fromSteps({ types }, async (context) => {
        seen.push(await context.step(step, ({ idempotencyKey }) => `${context.input} ${idempotencyKey}`));
        await context.step('hold', () => (step === 'old' ? new Promise(() => {}) : 1));
        return seen.length;
      }),
    });

  /** A run of one code, taken up by a host with another. */
  async function changed(dev?: { onMismatch: 'restart' }) {
    const database = createMemoryDatabase();
    const before: string[] = [];
    const first = aHoldfast([work('old', before)], { database });
    const run = await first.holdfast.start('w', { id: '1', input: 'photos' });
    await settled();
    await first.holdfast.close();
    const seen: string[] = [];
    const second = aHoldfast([work('new', seen)], { database, ...(dev ? { dev } : {}) });
    await settled();
    second.clock.advance(10_000);
    await settled();
    return { ...second, run, before, seen };
  }

  test('a run that its code no longer fits starts anew with its input, and that is told', async () => {
    const { holdfast, errors, before, seen } = await changed({ onMismatch: 'restart' });
    expect(await holdfast.run('w', '1').result()).toBe(1);
    expect(errors).toMatchObject([{ code: 'RUN_RESTARTED', cause: { code: 'JOURNAL_MISMATCH' } }]);
    expect(seen[0]).toMatch(/^photos /);
    expect(seen).not.toEqual(before);
    await holdfast.close();
  });

  test('without it, it is parked', async () => {
    const { holdfast, errors, seen } = await changed();
    expect([errors, seen]).toMatchObject([[{ code: 'JOURNAL_MISMATCH' }], []]);
    await holdfast.close();
  });
});

describe('checkDeterminism', () => {
  /** What is told of a function, with a world outside that changes. */
  async function told(body: (context: StepsContext, outside: () => number) => Promise<unknown>): Promise<unknown[]> {
    let calls = 0;
    const logic = fromSteps((context) => body(context, () => ++calls));
    const workflow = defineWorkflow({ id: 'w', version: 1, logic });
    const { holdfast, errors } = aHoldfast([workflow], { dev: { checkDeterminism: true } });
    const run = await holdfast.start('w');
    await run.result().catch(() => {});
    await settled(80);
    await holdfast.close();
    return errors;
  }

  const diverged = (message: RegExp, ...steps: string[]) => [
    { code: 'STEPS_DIVERGED', message: expect.stringMatching(message), details: { steps } },
  ];

  test.each<[string, Parameters<typeof told>[0], unknown[]]>([
    [
      'a step named by what is outside',
      async ({ step }, outside) => step(`at ${outside()}`, () => 1),
      diverged(/it asks for "at 2", which it had not/, 'at 2'),
    ],
    [
      'another way',
      async ({ step }, outside) => {
        if (outside() === 1) await step('once', () => 1);
      },
      diverged(/it does not ask for "once"/, 'once'),
    ],
    [
      'another order',
      async ({ step }, outside) => {
        const names = outside() === 1 ? ['a', 'b'] : ['b', 'a'];
        for (const name of names) await step(name, () => 1);
      },
      diverged(/it asks for "a" later/, 'a'),
    ],
    ['another output', async ({ step }, outside) => [await step('a', () => 1), outside()], diverged(/another end/)],
    [
      'another error',
      async (_, outside) => {
        throw new Error(`no ${outside()}`);
      },
      diverged(/another end/),
    ],
    [
      'a step in the body of another',
      async ({ step }) =>
        step('outer', async () => {
          await Promise.resolve();
          return step('inner', () => 1);
        }),
      diverged(/"inner", which was called in the body of another step/, 'inner'),
    ],
  ])('tells of %s', async (_, body, expected) => {
    expect(await told(body)).toMatchObject(expected);
  });

  test('tells of nothing where there is nothing to tell: parallel steps, races, failures, draws, lives', async () => {
    let performed = 0;
    const errors = await told(async ({ input, step, random, uuid, now, sleep, continueWith }) => {
      await Promise.allSettled([step('a', () => ++performed), step('b', () => Promise.reject(new Error('b')))]);
      await step.all([1, 2, 3], { name: 'all', concurrency: 2, minSuccessful: 0 }, (n) => n % 2 || Promise.reject(n));
      await Promise.race([sleep('long', '1h'), step(`quick ${uuid()}`, () => random() + now())]);
      if (input === undefined) return continueWith({} as never);
      return [performed, random()].length;
    });
    expect([errors, performed]).toEqual([[], 2]);
  });
});

test.each([null, 5, { onMismatch: 'restrat' }, { checkDeterminism: 'yes' }, { onMissmatch: 'park' }])(
  'dev: %j is refused',
  (dev) => {
    const make = () => createHost({ store: {} as never, workflows: [], dev: dev as never });
    expect(make).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  },
);
