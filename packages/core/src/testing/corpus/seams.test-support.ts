import { setup } from 'xstate';
import { defineWorkflow } from '../../define/define-workflow.js';
import { fromSteps } from '../../define/from-steps.js';
import { type Entry, entry } from './entry.test-support.js';
import { note } from './marks.test-support.js';

type Go = { type: 'GO'; n: number };
const types = {} as { input: { n: number }; events: Go };

/** Each life does something that can be undone, waits for an event, and begins the next. */
const lives = fromSteps({ types }, async ({ input, step, waitForEvent, continueWith }) => {
  await step('do', { undo: () => note('undo', input.n) }, () => note('do', input.n));
  const { n } = await waitForEvent('go', { type: 'GO', timeout: '1h' });
  if (n === 0) throw new Error('no more');
  return input.n === 3 ? n : continueWith({ n: input.n + 1 });
});

const looping = setup({ actors: { lives } }).createMachine({
  invoke: { src: 'lives', id: 'lives', input: { n: 1 }, onDone: '.over', onError: '.over' },
  initial: 'on',
  on: { GO: { actions: ({ event, self }) => self.getSnapshot().children.lives?.send(event as never) } },
  states: { on: {}, over: { type: 'final' } },
});

const part = defineWorkflow({
  id: 'seam-part',
  version: 1,
  logic: fromSteps({ types }, async ({ input, step, sleep }) => {
    await sleep('a while', '1m');
    return step('part', () => note('part', input.n));
  }),
});

/** Starts a child in each of its lives, and leaves the last one behind. */
const families = fromSteps({ types }, async ({ input, child, continueWith, sleep }) => {
  if (input.n < 3) {
    await child('part', part, { input });
    return continueWith({ n: input.n + 1 });
  }
  void child('left', part, { input });
  await sleep('a moment', '10s');
  return input.n;
});

const go = (n: number, after?: string) => ({ send: { type: 'GO', n }, ...(after ? { after } : {}) });

/** Where one thing meets another. */
export const seams: readonly Entry[] = [
  entry('seams: lives with undos and waits, the last of which fails', lives, {
    input: { n: 1 },
    events: [go(1), go(1), go(0, '10m')] as never,
  }),
  entry('seams: cancelled in its second life, while it waits', lives, {
    input: { n: 1 },
    events: [go(1), { control: 'cancel', after: '10m' }, go(2)] as never,
  }),
  entry('seams: paused while it waits, sent what it waits for, and resumed', lives, {
    input: { n: 2 },
    events: [{ control: 'pause' }, go(1, '10m'), go(2), { control: 'resume', after: '2h' }] as never,
  }),
  entry('seams: a machine that hands events on to the lives of its function', looping, {
    events: [go(1), go(1, '1m'), go(7, '1m')] as never,
  }),
  entry('seams: a child in each life', families, { input: { n: 1 }, workflows: [part] }, { crash: { untimed: true } }),
];
