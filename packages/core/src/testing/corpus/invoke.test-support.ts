import { assign, createMachine, forwardTo, fromPromise, fromTransition, sendTo, setup } from 'xstate';
import { fromSteps } from '../../define/from-steps.js';
import { type Entry, entry } from './entry.test-support.js';
import { mark, note } from './marks.test-support.js';

const double = fromPromise(async ({ input }: { input: number }) => {
  note('double', input);
  return input * 2;
});

const failing = fromPromise(async () => {
  note('failing');
  throw new Error('it failed');
});

const throwing = fromPromise(() => {
  note('throwing');
  throw new Error('at once');
});

/** Never settles. */
const endless = fromPromise(() => {
  note('endless');
  return new Promise<number>(() => {});
});

const counter = fromTransition(
  (state: { n: number }, event: { type: 'ADD'; by: number }) =>
    event.type === 'ADD' ? { n: state.n + event.by } : state,
  { n: 0 },
);

const onceFinal = setup({}).createMachine({
  initial: 'over',
  states: { over: { type: 'final', entry: mark('over at birth') } },
  output: 'at once',
});

const adder = fromSteps({ types: {} as { input: number } }, async ({ input, step }) => {
  const one = await step('one', () => {
    note('one');
    return input + 1;
  });
  return step('two', () => {
    note('two');
    return one + 1;
  });
});

const invokePromise = setup({ actors: { double }, types: { context: {} as { result?: number } } }).createMachine({
  context: {},
  initial: 'working',
  states: {
    working: {
      entry: mark('enter'),
      exit: mark('exit'),
      invoke: {
        src: 'double',
        input: 21,
        onDone: {
          target: 'over',
          actions: [assign({ result: ({ event }) => event.output }), mark('done', ({ context }) => context.result)],
        },
      },
    },
    over: { type: 'final', entry: mark('over') },
  },
  output: ({ context }) => context.result,
});

const rejects = (src: 'failing' | 'throwing') =>
  setup({ actors: { failing, throwing } }).createMachine({
    context: { error: '' },
    initial: 'working',
    states: {
      working: {
        invoke: {
          src,
          onDone: 'wrong',
          onError: {
            target: 'saved',
            actions: [assign({ error: ({ event }) => String(event.error) }), mark('caught')],
          },
        },
      },
      wrong: {},
      saved: { type: 'final' },
    },
    output: ({ context }) => context.error,
  });

const unhandled = setup({ actors: { failing } }).createMachine({
  initial: 'working',
  exit: mark('exit root'),
  states: { working: { invoke: { src: 'failing' }, exit: mark('exit working') } },
});

const inlineSources = createMachine({
  context: { sum: 0 },
  initial: 'first',
  states: {
    first: {
      invoke: {
        src: fromPromise(async () => {
          note('inline one');
          return 1;
        }),
        onDone: { target: 'second', actions: assign({ sum: ({ context, event }) => context.sum + event.output }) },
      },
    },
    second: {
      invoke: [
        {
          src: fromSteps(({ step }) =>
            step('inline', () => {
              note('inline step');
              return 10;
            }),
          ),
          onDone: { target: 'third', actions: assign({ sum: ({ context, event }) => context.sum + event.output }) },
        },
        { src: createMachine({ entry: mark('inline machine') }) },
      ],
    },
    third: { type: 'final', entry: mark('third', ({ context }) => context.sum) },
  },
  output: ({ context }) => context.sum,
});

const reentered = setup({ actors: { endless, double } }).createMachine({
  context: { times: 0 },
  initial: 'working',
  states: {
    working: {
      entry: [assign({ times: ({ context }) => context.times + 1 }), mark('enter', ({ context }) => context.times)],
      exit: mark('exit'),
      invoke: { src: 'endless', id: 'work' },
      on: { AGAIN: { target: 'working', reenter: true }, STAY: { target: 'working' }, GO: 'doubling' },
    },
    doubling: {
      invoke: { src: 'double', id: 'work', input: ({ context }) => context.times, onDone: 'over' },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.times,
});

const left = setup({ actors: { endless } }).createMachine({
  initial: 'working',
  states: {
    working: { invoke: { src: 'endless', onDone: 'wrong' }, on: { LEAVE: 'resting' }, exit: mark('left') },
    resting: { on: { BACK: 'working', END: 'over' } },
    wrong: {},
    over: { type: 'final' },
  },
});

const fromEvent = setup({
  actors: { double },
  types: { events: {} as { type: 'DOUBLE'; n: number } | { type: 'END' }, context: {} as { results: number[] } },
}).createMachine({
  context: { results: [] },
  initial: 'idle',
  states: {
    idle: { on: { DOUBLE: 'doubling', END: 'over' } },
    doubling: {
      invoke: {
        src: 'double',
        input: ({ event, context }) => (event.type === 'DOUBLE' ? event.n + context.results.length : 0),
        onDone: {
          target: 'idle',
          actions: assign({ results: ({ context, event }) => [...context.results, event.output] }),
        },
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.results,
});

const reducer = setup({
  actors: { counter },
  types: { events: {} as { type: 'ADD'; by: number } | { type: 'READ' } },
}).createMachine({
  context: { read: -1 },
  invoke: { src: 'counter', id: 'counter' },
  on: {
    ADD: { actions: sendTo('counter', ({ event }) => event) },
    READ: {
      actions: [
        assign({ read: ({ self }) => self.getSnapshot().children.counter?.getSnapshot().context.n ?? -2 }),
        mark('read', ({ context }) => context.read),
      ],
    },
  },
});

const forwards = setup({
  actors: { counter },
  types: { events: {} as { type: 'ADD'; by: number } | { type: 'END' } },
}).createMachine({
  context: { n: 0 },
  initial: 'counting',
  states: {
    counting: {
      invoke: {
        src: 'counter',
        id: 'counter',
        onSnapshot: { actions: assign({ n: ({ event }) => event.snapshot.context.n }) },
      },
      on: { ADD: { actions: [forwardTo('counter'), mark('forwarded', ({ event }) => event.by)] }, END: 'over' },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.n,
});

const leftAtOnce = setup({ actors: { onceFinal, endless } }).createMachine({
  initial: 'passing',
  states: {
    passing: {
      invoke: [
        { src: 'onceFinal', onDone: 'over' },
        { src: 'endless', onDone: 'wrong' },
      ],
    },
    wrong: {},
    over: { type: 'final', entry: mark('over') },
  },
});

const severalDone = setup({ actors: { double, failing } }).createMachine({
  context: { seen: [] as string[] },
  initial: 'working',
  states: {
    working: {
      invoke: [
        {
          src: 'double',
          id: 'a',
          input: 1,
          onDone: { actions: assign({ seen: ({ context, event }) => [...context.seen, `a ${event.output}`] }) },
        },
        {
          src: 'double',
          id: 'b',
          input: 2,
          onDone: { actions: assign({ seen: ({ context, event }) => [...context.seen, `b ${event.output}`] }) },
        },
        { src: 'failing', id: 'c', onError: { actions: assign({ seen: ({ context }) => [...context.seen, 'c'] }) } },
      ],
      always: { guard: ({ context }) => context.seen.length === 3, target: 'over' },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.seen,
});

const finalChild = setup({ actors: { onceFinal } }).createMachine({
  context: { got: '' },
  initial: 'working',
  states: {
    working: {
      entry: mark('enter'),
      invoke: { src: 'onceFinal', onDone: { target: 'over', actions: assign({ got: ({ event }) => event.output }) } },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.got,
});

const steps = setup({ actors: { adder } }).createMachine({
  context: { n: 0 },
  initial: 'adding',
  states: {
    adding: {
      invoke: {
        src: 'adder',
        id: 'adder',
        input: ({ context }) => context.n,
        onDone: { target: 'counted', actions: assign({ n: ({ event }) => event.output }) },
      },
    },
    counted: {
      entry: mark('counted', ({ context }) => context.n),
      always: [{ guard: ({ context }) => context.n < 5, target: 'adding' }, { target: 'over' }],
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.n,
});

const doneAtInit = setup({}).createMachine({
  initial: 'over',
  entry: mark('root'),
  states: { over: { type: 'final', entry: mark('over') } },
  output: { done: 'at init' },
});

const ticking = createMachine({ entry: mark('ticks'), after: { 1000: { actions: mark('tick') } } });

/** Entered anew, and not exited before: the history is that of its initial state, which it comes from. */
const enteredAnew = setup({ actors: { ticking } }).createMachine({
  initial: 'outer',
  states: {
    outer: {
      initial: 'inner',
      states: {
        inner: { invoke: { src: 'ticking', id: 'ticking' }, on: { BACK: '#back' } },
        back: { id: 'back', type: 'history' },
      },
    },
  },
});

export const invokes: readonly Entry[] = [
  entry('invoke: a promise is done', invokePromise),
  entry('invoke: a promise rejects', rejects('failing')),
  entry('invoke: a promise that rejects synchronously', rejects('throwing')),
  entry('invoke: a rejection that nobody handles', unhandled),
  entry('invoke: inline sources', inlineSources),
  entry('invoke: a state re-entered', reentered, {
    events: [{ type: 'AGAIN' }, { type: 'STAY' }, { type: 'AGAIN' }, { type: 'GO' }] as never,
  }),
  entry('invoke: left before it is done', left, {
    events: [{ type: 'LEAVE' }, { type: 'BACK' }, { type: 'LEAVE' }, { type: 'END' }] as never,
  }),
  entry('invoke: input of event and context', fromEvent, {
    events: [{ type: 'DOUBLE', n: 1 }, { type: 'DOUBLE', n: 2 }, { type: 'END' }],
  }),
  entry('invoke: transition logic', reducer, {
    events: [{ type: 'ADD', by: 2 }, { type: 'READ' }, { type: 'ADD', by: 3 }, { type: 'READ' }],
  }),
  entry('invoke: forwardTo and onSnapshot of transition logic', forwards, {
    events: [{ type: 'ADD', by: 2 }, { type: 'ADD', by: 3 }, { type: 'END' }],
  }),
  entry('invoke: several in one state', severalDone),
  entry(
    'invoke: entered and left at once',
    leftAtOnce,
    {},
    {
      differs: {
        why: 'A promise or step function that one arrival starts and stops has never begun.',
        plain: { marks: { actions: ['over at birth', 'over'], bodies: ['endless'] } },
        durable: { marks: { actions: ['over at birth', 'over'], bodies: [] } },
      },
    },
  ),
  entry(
    'invoke: under an id that is taken',
    enteredAnew,
    { events: [{ type: 'BACK' }] },
    {
      differs: {
        why: 'An actor that is started under an id which is taken replaces the one before.',
        plain: { marks: { actions: ['ticks', 'ticks', 'tick', 'tick'], bodies: [] } },
        durable: { marks: { actions: ['ticks', 'ticks', 'tick'], bodies: [] } },
      },
    },
  ),
  entry('invoke: a child that is final at once', finalChild),
  entry('invoke: a step function, several times', steps),
  entry('a machine that is done at init', doneAtInit),
];
