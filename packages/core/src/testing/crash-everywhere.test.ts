import { describe, expect, test } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyServices } from '../define/steps-logic.js';
import { isHoldfastError } from '../errors/index.js';
import { crashEverywhere, findDifferences } from './crash-everywhere.js';
import type { World } from './scenario.js';

interface BankServices extends AnyServices {
  charge(amount: number, key: string): number;
}

/** A bank that charges once per key, or, when it is careless, at each call. */
function aBank({ careless = false } = {}): World {
  const charges = new Map<string, number>();
  return {
    services: {
      charge: (amount: number, key: string) => charges.set(careless ? `${charges.size}` : key, amount).size,
    },
    observe: () => [...charges.values()],
  };
}

const transfer = defineWorkflow({
  id: 'transfer',
  version: 1,
  logic: fromSteps({ types: {} as { services: BankServices } }, async ({ step, sleep }) => {
    await step('charge', ({ services, idempotencyKey }) => void services.charge(5, idempotencyKey));
    await sleep('settle', '1h');
    return step('receipt', () => 'paid 5');
  }),
});

describe('crashEverywhere', () => {
  test('finds nothing in a workflow that hands its key over', async () => {
    const { moments, singles, pairs, differences } = await crashEverywhere(transfer, { world: () => aBank() });
    expect(moments).toEqual([
      'accept start',
      'commit after 0',
      'step charge',
      'commit after 1',
      'commit after 2',
      'commit after 3',
      'step receipt',
      'commit after 4',
      'commit after 5',
    ]);
    expect(singles).toBe(2 * moments.length);
    expect(pairs).toBeGreaterThanOrEqual(100);
    expect(differences).toEqual([]);
  });

  test('lets no time pass while a long journal is gone through again', async () => {
    const logic = fromSteps(async ({ step }) => {
      for (let n = 0; n < 40; n++) await step(`step ${n}`, () => n);
    });
    const long = defineWorkflow({ id: 'long', version: 1, logic });
    await crashEverywhere(long, { singles: 20, pairs: 20 });
  });

  test('finds the step that is not idempotent, names its moment, and replays it', async () => {
    const world = () => aBank({ careless: true });
    const error = await crashEverywhere(transfer, { world }).catch((error: unknown) => error);
    expect(isHoldfastError(error, 'CRASH_DIFFERS')).toBe(true);
    const { message, details } = error as { message: string; details: { replay: string; where: string } };
    expect(details).toMatchObject({ replay: '3-after', where: 'just after moment 3 (step charge)' });
    expect(message).toContain('world that observe() saw');
    const { singles, differences } = await findDifferences(transfer, { world, replay: details.replay });
    expect([singles, differences.length]).toEqual([1, 1]);
    expect((await findDifferences(transfer, { world, replay: '3-before' })).differences).toEqual([]);
  });

  test('finds a step function that is not deterministic outside of its steps', async () => {
    let lives = 0;
    const moody = defineWorkflow({
      id: 'moody',
      version: 1,
      logic: fromSteps(async ({ step }) => {
        const first = await step('first', () => 1);
        lives++;
        return step(lives % 2 ? 'odd' : 'even', () => first);
      }),
    });
    const { differences } = await findDifferences(moody, { pairs: 0 });
    expect(differences.length).toBeGreaterThan(0);
  });

  test('finds an outcome that depends on how often an action was performed', async () => {
    const counted = defineWorkflow({
      id: 'counted',
      version: 1,
      logic: setup({}).createMachine({
        initial: 'a',
        states: { a: { on: { GO: 'b' } }, b: { type: 'final', entry: () => void performed.push('entry') } },
      }),
    });
    let performed: string[] = [];
    const world = () => {
      performed = [];
      const mine = performed;
      return { observe: () => mine.length };
    };
    const { differences } = await findDifferences(counted, { events: [{ type: 'GO' }], world, pairs: 0 });
    const singles = differences.map(({ where }) => where).filter((where) => !where.includes('successor'));
    expect(singles).toEqual([
      'just after moment 5 (action (machine).b entry 0)',
      'just before moment 6 (commit after 2)',
    ]);
  });

  test('an event that waits for a state is sent once the state is there, and time passes until it is', async () => {
    const order = defineWorkflow({
      id: 'order',
      version: 1,
      logic: setup({ actors: { prepare: fromPromise(async () => 7) } }).createMachine({
        context: { prepared: 0 },
        initial: 'preparing',
        states: {
          preparing: {
            invoke: {
              src: 'prepare',
              onDone: { target: 'resting', actions: assign({ prepared: ({ event }) => event.output }) },
            },
          },
          resting: { after: { 3000000000: 'approving' } },
          approving: { on: { APPROVE: 'done' } },
          done: { type: 'final' },
        },
      }),
    });
    const events = [
      { send: { type: 'APPROVE' }, when: (snapshot: { value: unknown }) => snapshot.value === 'approving' },
    ];
    expect((await crashEverywhere(order, { events })).differences).toEqual([]);
  });

  test('says so when the undisturbed run does not get to its end', async () => {
    const stuck = defineWorkflow({
      id: 'stuck',
      version: 1,
      logic: setup({}).createMachine({ initial: 'a', states: { a: {} } }),
    });
    await expect(crashEverywhere(stuck, { until: () => false })).rejects.toThrow('`until` does not hold');
    const events = [{ send: { type: 'GO' }, when: () => false }];
    await expect(crashEverywhere(stuck, { events })).rejects.toThrow('event 1 (GO)');
  });

  test('refuses a replay that names no crash', async () => {
    await expect(crashEverywhere(transfer, { world: () => aBank(), replay: 'seven' })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });
});
