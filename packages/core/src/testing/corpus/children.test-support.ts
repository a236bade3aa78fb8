import { setup } from 'xstate';
import { defineWorkflow } from '../../define/define-workflow.js';
import { fromSteps } from '../../define/from-steps.js';
import { type Entry, entry } from './entry.test-support.js';
import { note } from './marks.test-support.js';

const part = defineWorkflow({
  id: 'part',
  version: 1,
  logic: fromSteps({ types: {} as { input: { n: number } } }, async ({ input, step, sleep }) => {
    await step('begin', { undo: () => note('undo part', input.n) }, () => note('begin', input.n));
    await sleep('a while', `${input.n}m`);
    if (input.n === 3) throw new Error('three');
    return step('end', () => {
      note('end', input.n);
      return input.n * 10;
    });
  }),
});

const parent = fromSteps(async ({ child, step }) => {
  const settled = await Promise.allSettled([1, 2, 3].map((n) => child(`part ${n}`, part, { input: { n } })));
  const results = settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code));
  return step('sum', () => results);
});

const waits = fromSteps(async ({ child, step }) => {
  await step('before', { undo: () => note('undo before') }, () => note('before'));
  return child('part', part, { input: { n: 60 } });
});

const leaves = setup({ actors: { waits } }).createMachine({
  initial: 'on',
  states: {
    on: { invoke: { src: 'waits', id: 'waits' }, after: { 60000: 'off' } },
    off: { after: { 60000: 'over' } },
    over: { type: 'final' },
  },
});

const workflows = [part];

/** They need a host: plain XState has no other runs. */
export const children: readonly Entry[] = [
  entry('children: three at a time, one of which fails', parent, { workflows }, { crash: { unordered: true } }),
  entry(
    'children: cancelled with their parent',
    waits,
    { workflows, events: [{ control: 'cancel', after: '10m' }] as never },
    // After two crashes the parent, a suspect, has its probation before its child is brought back.
    { crash: { untimed: true } },
  ),
  entry('children: of a function that is left', leaves, { workflows }),
];
