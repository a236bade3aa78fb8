import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const types = {} as { input: number };

test('each life has an empty journal, keys of its own, and one checkpoint that begins it', async () => {
  const keys = new Set<string>();
  const drawn = new Set<string>();
  const logic = fromSteps({ types }, async ({ input, step, uuid, continueWith }) => {
    await step('work', ({ idempotencyKey }) => void keys.add(idempotencyKey));
    drawn.add(uuid());
    if (input < 3) await continueWith(input + 1);
    return input;
  });
  const { holdfast, database } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })]);
  const run = await holdfast.start('w', { input: 1 });
  expect(await run.result()).toBe(3);
  expect([keys.size, drawn.size]).toEqual([3, 3]);
  const stored = database.tables.load({ workflow: 'w', run: run.id });
  expect([...(stored?.values.keys() ?? [])].filter((id) => id.startsWith('journal/'))).toEqual([]);
  const history = (await run.history()).map(({ seq, arrival, effects }) => [seq, arrival.kind, effects]);
  expect(history).toEqual([
    [1, 'start', ['start run']],
    [2, 'step', undefined],
    [3, 'continue', ['stop run', 'start run']],
    [4, 'step', undefined],
    [5, 'continue', ['stop run', 'start run']],
    [6, 'step', undefined],
    [7, 'actor', ['stop run']],
  ]);
  await holdfast.close();
});

test('what is under way is abandoned: its signal is aborted, its result is none of the next life', async () => {
  const signals: AbortSignal[] = [];
  let end: (value: string) => void = () => {};
  const logic = fromSteps({ types }, async ({ input, step, continueWith }) => {
    const slow = step('slow', ({ signal }) => {
      signals.push(signal);
      return new Promise<string>((resolve) => {
        end = resolve;
      });
    });
    if (input > 1) return slow;
    await step('quick', () => 1);
    return continueWith(2);
  });
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })]);
  const run = await holdfast.start('w', { input: 1 });
  const first = end;
  await settled();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  first('of the first life');
  await settled();
  end('of the second');
  expect(await run.result()).toBe('of the second');
  await holdfast.close();
});

test('invoked by a machine, it is the same actor in all its lives', async () => {
  const work = fromSteps({ types }, async ({ input, step, sleep, continueWith }) => {
    await step('work', () => input);
    await sleep('a while', '1m');
    return input < 4 ? continueWith(input + 1) : input;
  });
  const machine = setup({ actors: { work } }).createMachine({
    initial: 'on',
    states: {
      on: { invoke: { id: 'work', src: 'work', input: 1, onDone: { target: 'over' } } },
      over: { type: 'final' },
    },
    output: ({ event }) => (event as unknown as { output: number }).output,
  });
  const { holdfast, clock, errors } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic: machine })]);
  const run = await holdfast.start('w');
  for (let life = 1; life <= 4; life++) {
    await settled();
    clock.advance(60_000);
  }
  await run.result();
  const continued = (await run.history()).filter(({ arrival }) => arrival.kind === 'continue');
  expect(continued.map(({ arrival, effects }) => [arrival.name, effects])).toEqual(
    Array.from({ length: 3 }, () => ['work', ['stop work', 'start work']]),
  );
  expect(errors).toEqual([]);
  await holdfast.close();
});

test('a pause holds the next life up', async () => {
  let lives = 0;
  let go: () => void = () => {};
  const logic = fromSteps({ types }, async ({ input, step, continueWith }) => {
    lives++;
    await step('work', () => {
      if (input > 1) return;
      return new Promise<void>((resolve) => {
        go = resolve;
      });
    });
    return input < 2 ? continueWith(2) : input;
  });
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })]);
  const run = await holdfast.start('w', { input: 1 });
  await settled();
  await run.pause();
  go();
  await settled();
  expect(lives).toBe(1);
  await run.resume();
  expect(await run.result()).toBe(2);
  expect((await run.history()).filter(({ arrival }) => arrival.kind === 'continue')).toHaveLength(1);
  await holdfast.close();
});
