import { assign, fromPromise, setup } from 'xstate';
import { fromSteps } from '../../define/from-steps.js';
import { type Entry, entry } from './entry.test-support.js';
import { mark, note } from './marks.test-support.js';

const sleeper = fromSteps(async ({ step, sleep }) => {
  await step('before', () => note('before'));
  await sleep('an hour', '1h');
  await step('after', () => note('after'));
  return 'slept';
});

const stubborn = fromSteps(async ({ step, sleep }) =>
  Promise.all([
    step('stubborn', { retry: { attempts: 2, delay: '1s', onExhausted: 'pause' } }, ({ attempt }) => {
      note('stubborn', attempt);
      throw new Error(`try ${attempt}`);
    }),
    sleep('a while', '10s').then(() => step('beside', () => note('beside'))),
  ]),
);

const polite = setup({ actors: { clean: fromPromise(async () => note('clean')) } }).createMachine({
  context: { asked: 0 },
  initial: 'working',
  on: { 'holdfast.cancel': { target: '.leaving', actions: assign({ asked: ({ context }) => context.asked + 1 }) } },
  states: {
    working: { after: { 3600000: 'over' }, exit: mark('left') },
    leaving: { after: { 5000: 'cleaning' } },
    cleaning: { invoke: { src: 'clean', onDone: 'over' } },
    over: { type: 'final' },
  },
});

const stuck = setup({}).createMachine({
  initial: 'working',
  on: { 'holdfast.cancel': '.leaving' },
  states: { working: {}, leaving: { after: { 3600000: 'over' } }, over: { type: 'final' } },
});

const deaf = setup({}).createMachine({
  context: { any: 0 },
  on: { '*': { actions: assign({ any: ({ context }) => context.any + 1 }) } },
  initial: 'working',
  states: { working: { after: { 3600000: 'over' } }, over: { type: 'final' } },
});

/** Books, charges, and can't ship. */
const saga = fromSteps(async ({ step, sleep }) => {
  const booked = await step('book', { undo: ({ result }) => note('cancel', result) }, () => {
    note('book');
    return 'booked';
  });
  await step('look', () => note('look'));
  const charged = await step(
    'charge',
    {
      undo: {
        retry: { attempts: 3, delay: '1s' },
        perform: ({ result, attempt }) => {
          note('refund', [result, attempt]);
          if (attempt < 3) throw new Error('busy');
        },
      },
    },
    () => {
      note('charge');
      return 5;
    },
  );
  await sleep('a while', '1h');
  await step('ship', { undo: ({ completed }) => note('call back', completed) }, () => {
    note('ship');
    throw new Error(`no ship for ${booked} at ${charged}`);
  });
});

const noWayBack = fromSteps(async ({ step }) => {
  await step('go', { undo: { retry: { attempts: 1 }, perform: () => fail('go back') } }, () => note('go'));
  await step('fall', () => fail('fall'));
});

function fail(what: string): never {
  note(what);
  throw new Error(what);
}

const withSaga = setup({ actors: { saga } }).createMachine({
  initial: 'buying',
  states: {
    buying: {
      invoke: { src: 'saga', id: 'saga', onDone: 'over', onError: { target: 'sorry', actions: mark('sorry') } },
    },
    sorry: { after: { 1000: 'over' } },
    over: { type: 'final' },
  },
});

const isPaused = ({ run }: { run: { status: string } }) => run.status === 'paused';

export const controls: readonly Entry[] = [
  entry('controls: paused in a sleep, and resumed when it is over', sleeper, {
    events: [
      { control: 'pause', after: '10m' },
      { control: 'resume', after: '2h' },
    ] as never,
  }),
  entry('controls: paused before it begins, twice, and resumed', sleeper, {
    events: [{ control: 'pause' }, { control: 'pause' }, { control: 'resume', after: '1h' }] as never,
  }),
  entry('controls: cancelled in a sleep', sleeper, { events: [{ control: 'cancel', after: '10m' }] as never }),
  entry('controls: cancelled while it is paused', sleeper, {
    events: [{ control: 'pause', after: '10m' }, { control: 'cancel' }] as never,
  }),
  entry('controls: a machine that ends by itself when it is cancelled', polite, {
    events: [{ control: 'cancel', after: '10m' }, { control: 'cancel' }] as never,
  }),
  entry('controls: a machine that does not end in time', stuck, {
    events: [{ control: 'cancel', timeout: '10s', after: '10m' }] as never,
  }),
  entry('controls: a machine that takes any event is not asked', deaf, {
    events: [{ control: 'cancel', after: '10m' }] as never,
  }),
  entry('controls: paused by a step whose tries are used up, and tried anew', stubborn, {
    events: [
      { control: 'retry', when: isPaused, after: '1m' },
      { control: 'retry', when: isPaused },
      { control: 'terminate', when: isPaused },
    ] as never,
  }),
  entry('undo: what a cancelled function has done', saga, { events: [{ control: 'cancel', after: '10m' }] as never }),
  entry('undo: in a machine that is cancelled', withSaga, { events: [{ control: 'cancel', after: '10m' }] as never }),
  entry('undo: paused in the middle', saga, {
    events: [{ control: 'cancel', after: '10m' }, { control: 'pause' }, { control: 'resume', after: '10m' }] as never,
  }),
  entry('undo: an undo that can not be done pauses the run, until it is terminated', noWayBack, {
    events: [
      { control: 'retry', when: isPaused },
      { control: 'terminate', when: isPaused },
    ] as never,
  }),
  entry('controls: terminated', polite, { events: [{ control: 'terminate', after: '10m' }] as never }),
  entry('controls: terminated while it is paused', polite, {
    events: [{ control: 'pause', after: '10m' }, { control: 'terminate' }, { control: 'resume' }] as never,
  }),
];

/** Undos that need no control: plain XState knows them as well. */
export const undos: readonly Entry[] = [
  entry('undo: what a failed function has done', saga),
  entry('undo: in a machine', withSaga),
];
