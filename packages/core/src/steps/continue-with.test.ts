import { describe, expect, test } from 'vitest';
import type { StepsContext } from '../define/steps-logic.js';
import { StepsWorld, settle } from '../testing/steps-world.test-support.js';

type Context = StepsContext<unknown>;

describe('a life ends at the call of continueWith', () => {
  test('whatever the function does about it: nothing of it is run any more', async () => {
    const world = new StepsWorld();
    const seen: string[] = [];
    const { lives, outcomes, records } = world.run(async ({ step, continueWith }: Context) => {
      try {
        await continueWith(2);
        seen.push('after');
      } catch {
        seen.push('caught');
      } finally {
        seen.push('finally');
        await step('cleanup', () => 1);
      }
    });
    await settle();
    expect([lives, outcomes, records, seen]).toEqual([[2], [], [], []]);
  });

  test('not awaited, it still comes before the end of the function, and before any step', async () => {
    const world = new StepsWorld();
    const { lives, outcomes, records } = world.run(async ({ step, sleep, continueWith }: Context) => {
      void continueWith(2);
      void continueWith(3);
      await new Promise((resolve) => setTimeout(resolve));
      void sleep('nap', '1s');
      void step('late', () => 1);
      return 'returned';
    });
    await settle();
    expect([lives, outcomes, records]).toEqual([[2], [], []]);
  });

  test('its input is that of the call', async () => {
    const world = new StepsWorld();
    const next = { ids: [1] };
    const { lives } = world.run(async ({ continueWith }: Context) => {
      const continued = continueWith(next);
      next.ids.push(2);
      return continued;
    });
    await settle();
    expect(lives).toEqual([{ ids: [1] }]);
  });
});

describe('it is refused', () => {
  test('with what can not be stored: the function goes on', async () => {
    const world = new StepsWorld();
    const session = world.run(({ continueWith }: Context) => continueWith(() => 1).catch(({ code }) => code));
    await settle();
    expect([session.lives, session.outcomes]).toEqual([[], [{ output: 'VALUE_NOT_STORABLE' }]]);
  });

  test('after the end of the function', async () => {
    const world = new StepsWorld();
    let late: Context['continueWith'] = () => new Promise(() => {});
    const session = world.run(async ({ continueWith }: Context) => {
      late = continueWith;
    });
    await settle();
    await expect(late(2)).rejects.toMatchObject({ code: 'STEP_MISUSED' });
    expect(session.lives).toEqual([]);
  });

  test('while results are stored that were not asked for: the code is another', async () => {
    const world = new StepsWorld();
    await world.output(({ step }) => step('renamed', () => 1));
    const { lives, misfits } = world.run(({ continueWith }: Context) => continueWith(2));
    await settle();
    expect([lives, misfits.map(({ code }) => code)]).toEqual([[], ['JOURNAL_MISMATCH']]);
  });
});
