import { expect, test } from 'vitest';
import type { StepsContext } from '../define/steps-logic.js';
import { StepsWorld, settle } from '../testing/steps-world.test-support.js';

/** Runs a body to its end, and another against the journal that it wrote. */
async function changed(before: (context: StepsContext) => Promise<unknown>, after: typeof before) {
  const world = new StepsWorld();
  await world.output(before);
  const session = world.run(after);
  await settle();
  return { world, session };
}

test.each<[string, (context: StepsContext) => Promise<unknown>, string[]]>([
  ['a renamed step', async ({ step }) => step('charge card', () => 1), ['charge']],
  [
    'a removed step',
    async ({ step }) => {
      await step('mail', () => 1);
    },
    ['charge'],
  ],
  [
    'a step put in before it',
    async ({ step }) => {
      await step('log', () => 1);
      await step('charge', () => 1);
    },
    ['charge'],
  ],
])('after %s nothing new begins: its run is parked before', async (_, after, lost) => {
  const { world, session } = await changed(({ step }) => step('charge', () => 1), after);
  expect([session.begun(), session.misfits]).toEqual([0, []]);
  world.clock.advance(10_000);
  await settle();
  expect(session.misfits).toMatchObject([{ code: 'JOURNAL_MISMATCH', details: { steps: lost } }]);
  expect(session.misfits[0]?.message).toMatch(/goes on to/);
  expect([session.begun(), session.records, session.outcomes]).toEqual([0, [], []]);
});

test('a branch may take its time to ask for its stored result: what is new waits for it', async () => {
  let load: () => void = () => {};
  const body = async ({ step }: StepsContext) => {
    const branch = async () => {
      await new Promise<void>((resolve) => {
        load = resolve;
      });
      return step('stored', () => 'stored');
    };
    return Promise.all([branch(), step('new', () => 'new')]);
  };
  const world = new StepsWorld();
  await world.output(({ step }) => step('stored', () => 'stored'));
  const session = world.run(body);
  await settle();
  expect([session.begun(), session.execution.quiet]).toEqual([0, false]);
  load();
  await settle();
  expect([session.misfits, session.outcomes]).toEqual([[], [{ output: ['stored', 'new'] }]]);
});

test('what a migration put in holds nothing up', async () => {
  const world = new StepsWorld();
  const entry = { kind: 'step', status: 'completed', attempts: 1, startedAt: 0, endedAt: 0 } as const;
  world.journal.set('charge', { ...entry, order: 3.5, output: 'by the migration' });
  const body = async ({ step }: StepsContext) => [await step('first', () => 1), await step('charge', () => 2)];
  expect(await world.output(body)).toEqual([1, 'by the migration']);
});
