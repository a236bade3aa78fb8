import { afterEach, expect, test, vi } from 'vitest';
import { encode } from '../codec/index.js';
import { Instants } from '../decide/instants.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { StepsContext } from '../define/steps-logic.js';
import { journalId } from '../steps/journal.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const FEW = 40;
const TIMES = 10;
/** Of ten times the steps: a heap costs a little more than that, a search among all of them a hundred times. */
const MOST = 25;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Turns of the event loop that `work` asks for, and looks at ids: what a search, or a wait that asks again and again, is made of. */
async function counted(work: () => Promise<void>): Promise<{ turns: number; looks: number }> {
  const turns = vi.spyOn(globalThis as unknown as { setImmediate: (work: () => void) => unknown }, 'setImmediate');
  const looks = vi.spyOn(String.prototype, 'startsWith');
  await work();
  const counts = { turns: turns.mock.calls.length, looks: looks.mock.calls.length };
  vi.restoreAllMocks();
  return counts;
}

type Body = (context: StepsContext, n: number) => Promise<unknown>;
const numbers = (n: number) => Array.from({ length: n }, (_, i) => i);

const inARow: Body = async ({ step }, n) => {
  for (let i = 0; i < n; i++) await step(`step ${i}`, () => i);
};
const sleeps: Body = ({ sleep }, n) => Promise.all(numbers(n).map((i) => sleep(`nap ${i}`, 1000 + i)));
/** Half of it is done when its host is gone. */
const half =
  (done: boolean): Body =>
  ({ step }, n) =>
    step.all(numbers(n), { name: 'item' }, (i) => (done || i < n / 2 ? i : new Promise<number>(() => {})));

async function play(body: Body, n: number, again?: Body): Promise<void> {
  const database = createMemoryDatabase();
  const workflow = (of: Body) =>
    defineWorkflow({ id: 'w', version: 1, logic: fromSteps((context) => of(context, n).then(() => n)) });
  const { holdfast, clock } = aHoldfast([workflow(body)], { database });
  const run = await holdfast.start('w', { id: '1' });
  const seq = () => database.tables.head({ workflow: 'w', run: '1' })?.seq ?? 0;
  const still = async () => {
    for (let before = -1; before < seq(); ) {
      before = seq();
      await settled(4);
    }
  };
  await still();
  if (!again) {
    for (let i = 0; clock.nextAt !== undefined && i < 5; i++) {
      clock.advance(n * 1000);
      await still();
    }
    expect(await run.result()).toBe(n);
  }
  await holdfast.close();
  if (!again) return;
  const second = aHoldfast([workflow(again)], { database });
  expect(await second.holdfast.run('w', '1').result()).toBe(n);
  await second.holdfast.close();
}

test.each<[string, Body, Body?]>([
  ['steps one after the other', inARow],
  ['sleeps at a time', sleeps],
  ['a restore in the middle of step.all', half(false), half(true)],
])('ten times the steps are about ten times the work: %s', async (_, body, again) => {
  const few = await counted(() => play(body, FEW, again));
  const many = await counted(() => play(body, FEW * TIMES, again));
  expect(many.turns).toBeLessThan(MOST * Math.max(few.turns, FEW));
  expect(many.looks).toBeLessThan(MOST * Math.max(few.looks, FEW));
});

test('the earliest of many instants is known without comparing all', () => {
  let compared = 0;
  const at = (ms: number) => ({ valueOf: () => ms + 0 * compared++ }) as unknown as number;
  const work = (n: number) => {
    compared = 0;
    const instants = new Instants();
    for (let i = 0; i < n; i++) instants.set(`${i}`, at((i * 7919) % n));
    for (let { first } = instants; first; { first } = instants) instants.delete(first.key);
    return compared;
  };
  expect(work(1000)).toBeLessThan(MOST * work(100));
});

test('a function of ten thousand steps is restored from one read of the store and of each result, and performs none again', async () => {
  const n = 10_000;
  const database = createMemoryDatabase();
  const hold: Body = ({ step }) => step('hold', () => new Promise(() => {}));
  const first = aHoldfast([workflowOf(hold, n)], { database });
  await first.holdfast.start('w', { id: '1' });
  await settled();
  await first.holdfast.close();
  const entry = { kind: 'step', status: 'completed', attempts: 1, startedAt: 0, endedAt: 0 } as const;
  const ops = numbers(n).map((i) => ({
    op: 'put' as const,
    id: journalId({ path: '', incarnation: 1 }, `step ${i}`),
    value: { text: encode({ ...entry, order: i + 1, output: i }, 'entry').text },
  }));
  database.tables.apply({ workflow: 'w', run: '1' }, ops);
  const store = createMemoryStore({ database });
  const loads: string[] = [];
  const load: typeof store.load = (address) => {
    loads.push(address.run);
    return store.load(address);
  };
  let performed = 0;
  const last: Body = async (context, steps) => {
    await inARow(context, steps);
    return context.step('hold', () => ++performed);
  };
  const parse = vi.spyOn(JSON, 'parse');
  const second = aHoldfast([workflowOf(last, n)], { store: { ...store, load } });
  while (performed === 0) await settled(1);
  expect([performed, loads]).toEqual([1, ['1']]);
  expect(parse.mock.calls.length).toBeLessThan(n + 100);
  expect(await second.holdfast.run('w', '1').result()).toBe(n);
  await second.holdfast.close();
});

function workflowOf(body: Body, n: number) {
  return defineWorkflow({ id: 'w', version: 1, logic: fromSteps((context) => body(context, n).then(() => n)) });
}
