import { describe, expect, test } from 'vitest';
import type { StepsContext } from '../define/steps-logic.js';
import { StepsWorld, settle } from '../testing/steps-world.test-support.js';

const ITEMS = [0, 1, 2, 3, 4, 5];

/** Sends each item but those that fail; `begun` are those tried. */
function sends(failing: readonly number[], minSuccessful: number, concurrency = 1) {
  const begun: number[] = [];
  const body = ({ step }: StepsContext) =>
    step.all(ITEMS, { name: 'send', concurrency, minSuccessful }, async (n) => {
      begun.push(n);
      if (failing.includes(n)) throw new Error(`no ${n}`);
      return n * 10;
    });
  return { begun, body };
}

describe('minSuccessful', () => {
  test('gives what each item came to, in their order', async () => {
    const { body } = sends([1, 3], 4, 3);
    const sent = (value: number) => ({ status: 'fulfilled', value });
    const failed = (n: number) => ({ status: 'rejected', reason: new Error(`no ${n}`) });
    const expected = [sent(0), failed(1), sent(20), failed(3), sent(40), sent(50)];
    const world = new StepsWorld();
    expect(await world.output(body)).toEqual(expected);
    expect(await world.output(body)).toEqual(expected);
  });

  test('rejects as soon as too few can succeed, and begins no further item', async () => {
    const { begun, body } = sends([1, 3], 5);
    const world = new StepsWorld();
    for (let i = 0; i < 2; i++) {
      await expect(world.output(body)).rejects.toMatchObject({
        code: 'STEP_ALL_FAILED',
        details: { step: 'send', failed: 2, items: 6, minSuccessful: 5 },
        cause: { message: 'no 3' },
      });
    }
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  test('of 0 never rejects', async () => {
    const { begun, body } = sends(ITEMS, 0, 2);
    const results = (await new StepsWorld().output(body)) as { status: string }[];
    expect(results.map(({ status }) => status)).toEqual(ITEMS.map(() => 'rejected'));
    expect(begun).toEqual(ITEMS);
  });

  test('of no items', async () => {
    const none = ({ step }: StepsContext) => step.all([], { name: 'send', minSuccessful: 0 }, () => 1);
    expect(await new StepsWorld().output(none)).toEqual([]);
  });

  test('counts an item as failed after its retries', async () => {
    const world = new StepsWorld();
    const tries: string[] = [];
    const retry = { attempts: 2, delay: 0 };
    const output = await world.output(({ step }) =>
      step.all(['a', 'b'], { name: 'send', retry, minSuccessful: 2 }, (item, { attempt }) => {
        tries.push(`${item}${attempt}`);
        if (item === 'a' && attempt === 1) throw new Error('once');
      }),
    );
    expect(output).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }]);
    expect(tries.sort()).toEqual(['a1', 'a2', 'b1']);
  });

  test('progress counts those that succeeded', async () => {
    const session = new StepsWorld().run(sends([1], 0).body);
    await settle();
    const counts = session.records.flatMap(({ progress }) => progress ?? []);
    expect(counts).toEqual([1, 2, 3, 4, 5].map((done) => ({ done, total: 6 })));
  });

  test.each([7, -1, 1.5, Number.NaN, '3', Infinity])('refused: %s', async (minSuccessful) => {
    const { begun, body } = sends([], minSuccessful as number);
    await expect(new StepsWorld().output(body)).rejects.toMatchObject({ code: 'STEP_MISUSED' });
    expect(begun).toEqual([]);
  });
});
