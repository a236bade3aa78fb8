import { assign, createMachine, fromPromise, sendTo, setup, spawnChild } from 'xstate';
import { fromSteps } from '../../define/from-steps.js';
import { type Entry, entry } from './entry.test-support.js';
import { mark, note } from './marks.test-support.js';

const failing = fromPromise(async () => {
  note('failing');
  throw new Error('it failed');
});

const failingSteps = fromSteps(({ step }) =>
  step('bad', () => {
    note('bad');
    throw new RangeError('a step failed');
  }),
);

const grandchild = setup({ actors: { failing } }).createMachine({
  initial: 'on',
  states: { on: { invoke: { src: 'failing', id: 'failing' }, exit: mark('grandchild leaves') } },
});
const child = setup({ actors: { grandchild } }).createMachine({
  invoke: { src: 'grandchild', id: 'grandchild' },
  exit: mark('child exits'),
});

const fromGrandchild = (handled: boolean) =>
  setup({ actors: { child } }).createMachine({
    context: { error: '' },
    initial: 'on',
    states: {
      on: {
        invoke: {
          src: 'child',
          id: 'child',
          ...(handled
            ? { onError: { target: 'saved', actions: assign({ error: ({ event }) => String(event.error) }) } }
            : {}),
        },
      },
      saved: { entry: mark('saved'), type: 'final' },
    },
    output: ({ context }) => context.error,
  });

const stepsFail = setup({ actors: { failingSteps } }).createMachine({
  context: { error: '' },
  initial: 'on',
  states: {
    on: {
      invoke: {
        src: 'failingSteps',
        onError: { target: 'saved', actions: assign({ error: ({ event }) => String(event.error) }) },
      },
    },
    saved: { type: 'final' },
  },
  output: ({ context }) => context.error,
});

const throws = (what: string): never => {
  throw new Error(`${what} throws`);
};

const throwingGuard = createMachine({
  initial: 'a',
  states: { a: { on: { GO: { guard: () => throws('a guard'), target: 'b' } } }, b: {} },
});

const throwingAssign = createMachine({
  context: { n: 0 },
  initial: 'a',
  states: {
    a: {
      exit: mark('exit a'),
      on: { GO: { target: 'b', actions: [mark('before'), assign({ n: () => throws('an assign') }), mark('after')] } },
    },
    b: {},
  },
});

const throwingAction = createMachine({
  initial: 'a',
  states: {
    a: {
      exit: mark('exit a'),
      on: { GO: { target: 'b', actions: [mark('before'), () => throws('an action'), mark('after')] } },
    },
    b: { entry: mark('b') },
  },
});

const throwingContext = createMachine({ context: () => throws('a context') });
const throwingOutput = createMachine({
  initial: 'a',
  states: { a: { on: { GO: 'b' } }, b: { type: 'final', entry: mark('b') } },
  output: () => throws('an output'),
});

const badChild = createMachine({
  initial: 'a',
  states: { a: { on: { GO: { guard: () => throws('the guard of a child'), target: 'b' } } }, b: {} },
});

const childThrows = setup({ actors: { badChild } }).createMachine({
  context: { error: '' },
  initial: 'on',
  states: {
    on: {
      invoke: {
        src: 'badChild',
        id: 'bad',
        onError: { target: 'saved', actions: assign({ error: ({ event }) => String(event.error) }) },
      },
      on: { GO: { actions: [sendTo('bad', { type: 'GO' }), mark('sent')] } },
    },
    saved: { type: 'final', entry: mark('saved') },
  },
  output: ({ context }) => context.error,
});

const elsewhere = setup({ actors: { failing } }).createMachine({
  context: { seen: '' },
  initial: 'here',
  states: {
    here: { on: { GO: { target: 'there', actions: spawnChild('failing', { id: 'work' }) } } },
    there: {
      on: {
        'xstate.error.actor.work': { target: 'told', actions: assign({ seen: ({ event }) => String(event.error) }) },
      },
    },
    told: { type: 'final' },
  },
  output: ({ context }) => context.seen,
});

const custom = fromPromise(async () => {
  throw Object.assign(new Error('no money', { cause: new Error('empty') }), { code: 'E_MONEY', amount: 5 });
});

const customError = setup({ actors: { custom } }).createMachine({
  context: { error: undefined as unknown },
  initial: 'on',
  states: {
    on: {
      invoke: { src: 'custom', onError: { target: 'saved', actions: assign({ error: ({ event }) => event.error }) } },
    },
    saved: {
      on: {
        READ: {
          target: 'over',
          actions: mark('read', ({ context }) => [
            context.error.code,
            context.error.amount,
            context.error.cause.message,
          ]),
        },
      },
    },
    over: { type: 'final' },
  },
});

const retried = setup({ actors: { failing } }).createMachine({
  context: { tries: 0 },
  initial: 'trying',
  states: {
    trying: {
      entry: assign({ tries: ({ context }) => context.tries + 1 }),
      invoke: {
        src: 'failing',
        onError: [{ guard: ({ context }) => context.tries < 3, target: 'pausing' }, { target: 'given up' }],
      },
    },
    pausing: { after: { 1000: 'trying' } },
    'given up': { type: 'final', entry: mark('given up') },
  },
  output: ({ context }) => context.tries,
});

const go = { events: [{ type: 'GO' }] as never };

export const failures: readonly Entry[] = [
  entry('failures: of a grandchild, handled', fromGrandchild(true)),
  entry('failures: of a grandchild, not handled', fromGrandchild(false)),
  entry('failures: of a step function', stepsFail),
  entry('failures: a guard throws', throwingGuard, go),
  entry('failures: an assign throws', throwingAssign, go),
  entry('failures: an action throws', throwingAction, go, {
    differs: {
      why: 'Actions are performed after the checkpoint of their transition: one that throws does not undo it.',
      plain: { value: 'a' },
      durable: { value: 'b' },
    },
  }),
  entry('failures: the context throws', throwingContext),
  entry('failures: the output throws', throwingOutput, go),
  entry('failures: a guard of a child throws', childThrows, go),
  entry('failures: of a child while its parent is elsewhere', elsewhere, go),
  entry('failures: an error with fields and a cause', customError, { events: [{ type: 'READ' }] as never }),
  entry('failures: tried again after a while', retried),
];
