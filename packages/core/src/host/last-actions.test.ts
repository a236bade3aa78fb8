import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { crashEverywhere } from '../testing/crash-everywhere.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const ending = (entry: () => void) =>
  defineWorkflow({
    id: 'ending',
    version: 1,
    logic: setup({ actions: { tellTheServer: entry } }).createMachine({
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: { type: 'final', entry: 'tellTheServer' } },
    }),
  });

test('the actions of the last transition are performed, though their host dies before them', async () => {
  const { moments } = await crashEverywhere(
    ending(() => {}),
    { events: [{ type: 'GO' }], pairs: 'all' },
  );
  expect(moments).toContain('action tellTheServer');
});

test('a run is closed once they were performed, not before', async () => {
  const seen: (string | undefined)[] = [];
  const { holdfast, database } = aHoldfast([
    ending(() => seen.push(database.tables.head({ workflow: 'ending', run: 'r' })?.status)),
  ]);
  const run = await holdfast.start('ending', { id: 'r' });
  await run.send({ type: 'GO' });
  await run.result();
  expect(seen).toEqual(['running']);
});

test('one that throws fails the run', async () => {
  const { holdfast, database } = aHoldfast([
    ending(() => {
      throw new Error('no server');
    }),
  ]);
  const run = await holdfast.start('ending', { id: 'r' });
  await run.send({ type: 'GO' });
  await expect(run.result()).rejects.toMatchObject({ code: 'RUN_FAILED', cause: { message: 'no server' } });
  await settled();
  expect(database.tables.head({ workflow: 'ending', run: 'r' })?.status).toBe('failed');
});
