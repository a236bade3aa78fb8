import { setup } from 'xstate';
import { fromSteps } from '../../define/from-steps.js';
import type { MemoryTables, MemoryTransaction } from '../../store/memory-tables.js';
import type { World } from '../scenario.js';
import { type Entry, entry } from './entry.test-support.js';

const types = {} as { store: { local?: { tables: 'sums' | 'log'; transaction: MemoryTransaction } } };

/** A table whose one row counts what has been written to it: what happened twice, or not at all, shows. */
function world(): World {
  const tables: MemoryTables = new Map([
    ['sums', new Map([['all', 0]])],
    ['log', new Map()],
  ]);
  return { tables, observe: () => [...tables].map(([name, rows]) => [name, [...rows]]) };
}

/** Takes two turns, as a database does: another owner may come in between. */
async function add(transaction: MemoryTransaction, n: number): Promise<number> {
  const sums = transaction.table('sums');
  const sum = (sums.get('all') as number) + n;
  await Promise.resolve();
  sums.set('all', sum);
  transaction.table('log').set(transaction.table('log').size + 1, n);
  return sum;
}

const sums = fromSteps({ types }, async ({ step, sleep }) => {
  let sum = await step.transaction('add 1', ['sums', 'log'], (open) => add(open, 1));
  const n = await step('fetch', () => 10);
  sum += await step.transaction('add what was fetched', ['sums', 'log'], (open) => add(open, n));
  await sleep('a while', '1m');
  return sum + (await step.transaction('add 100', ['sums', 'log'], (open) => add(open, 100)));
});

const lanes = fromSteps({ types }, async ({ step }) => {
  const parts = [1, 2, 3].map((n) => step.transaction(`add ${n}`, ['sums', 'log'], (open) => add(open, n)));
  return Promise.all([...parts, step('beside', () => 4)]);
});

const refused = fromSteps({ types }, async ({ step }) => {
  const failing = step.transaction('half', ['sums', 'log'], async (open) => {
    await add(open, 1000);
    throw new Error('changed its mind');
  });
  const why = await failing.catch((error: Error) => error.message);
  const tooMuch = step.transaction('no data', ['sums', 'log'], async (open) => {
    await add(open, 1000);
    return () => 'a function';
  });
  const code = await tooMuch.catch((error: { code?: string }) => error.code);
  return [why, code, await step.transaction('whole', ['sums', 'log'], (open) => add(open, 1))];
});

const undone = fromSteps({ types }, async ({ step }) => {
  await step('outside', { undo: () => {} }, () => 'there');
  await step.transaction('inside', ['sums', 'log'], (open) => add(open, 5));
  throw new Error('no further');
});

const machine = setup({ actors: { sums } }).createMachine({
  initial: 'first',
  states: {
    first: { invoke: { src: 'sums', onDone: 'second' } },
    second: { invoke: { src: 'sums', onDone: 'over' } },
    over: { type: 'final' },
  },
});

/** Steps that write to the app's own tables: each of them exactly once. */
export const localWrites: readonly Entry[] = [
  entry('local writes: between steps and sleeps', sums, { world }),
  entry('local writes: side by side', lanes, { world }, { crash: { unordered: true } }),
  entry('local writes: what fails leaves no row', refused, { world }),
  entry('local writes: of a function that is undone', undone, { world }),
  entry('local writes: paused and resumed', sums, {
    world,
    events: [{ control: 'pause' }, { control: 'resume', after: '1h' }] as never,
  }),
  entry('local writes: in a machine', machine, { world }),
];
