import { assign, cancel, createMachine, raise, sendParent, sendTo, setup } from 'xstate';
import { type Entry, entry } from './entry.test-support.js';
import { mark } from './marks.test-support.js';

const DAY_MS = 86_400_000;

const afters = setup({
  types: { context: {} as { wait: number } },
  delays: { named: 300, counted: ({ context }: { context: { wait: number } }) => context.wait },
}).createMachine({
  context: { wait: 700 },
  initial: 'fixed',
  states: {
    fixed: { after: { 200: { target: 'named', actions: mark('fixed') } } },
    named: { after: { named: { target: 'counted', actions: mark('named') } } },
    counted: { after: { counted: { target: 'over', actions: mark('counted') } } },
    over: { type: 'final' },
  },
});

const guarded = setup({ types: { context: {} as { n: number } } }).createMachine({
  context: { n: 0 },
  initial: 'ticking',
  states: {
    ticking: {
      after: {
        100: [
          {
            guard: ({ context }) => context.n < 2,
            target: 'ticking',
            reenter: true,
            actions: [assign({ n: ({ context }) => context.n + 1 }), mark('tick', ({ context }) => context.n)],
          },
          { target: 'over' },
        ],
        150: 'wrong',
      },
    },
    wrong: {},
    over: { type: 'final' },
  },
  output: ({ context }) => context.n,
});

const cancelled = setup({}).createMachine({
  initial: 'on',
  states: {
    on: {
      after: { 1000: 'late' },
      on: {
        START: { actions: [raise({ type: 'ALARM' }, { delay: 500, id: 'alarm' }), mark('armed')] },
        STOP: { actions: [cancel('alarm'), mark('cancelled')] },
        ALARM: 'alarmed',
      },
    },
    alarmed: { entry: mark('alarmed') },
    late: { type: 'final' },
  },
});

const delayedRaise = setup({}).createMachine({
  context: { seen: [] as string[] },
  entry: [
    raise({ type: 'B' }, { delay: 20 }),
    raise({ type: 'A' }, { delay: 10 }),
    raise({ type: 'C' }, { delay: ({ context }) => 30 + context.seen.length }),
    raise({ type: 'NOW' }),
  ],
  initial: 'on',
  states: {
    on: {
      on: {
        '*': {
          actions: [
            assign({ seen: ({ context, event }) => [...context.seen, event.type] }),
            mark('got', ({ event }) => event.type),
          ],
        },
        C: 'over',
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.seen,
});

const child = setup({}).createMachine({
  context: { n: 0 },
  initial: 'on',
  states: {
    on: {
      on: {
        POKE: { actions: [assign({ n: ({ context }) => context.n + 1 }), mark('poked', ({ context }) => context.n)] },
      },
      after: { 250: 'over' },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.n,
});

const delayedSendTo = setup({ actors: { child } }).createMachine({
  context: { pokes: 0 },
  initial: 'on',
  states: {
    on: {
      entry: [
        sendTo('child', { type: 'POKE' }, { delay: 100 }),
        sendTo('child', { type: 'POKE' }, { delay: 200, id: 'second' }),
        sendTo('child', { type: 'POKE' }, { delay: 210, id: 'third' }),
        sendTo('child', { type: 'POKE' }, { delay: 300 }),
      ],
      after: { 150: { actions: cancel('third') } },
      invoke: {
        src: 'child',
        id: 'child',
        onDone: { target: 'over', actions: assign({ pokes: ({ event }) => event.output }) },
      },
    },
    over: { after: { 500: 'end' } },
    end: { type: 'final' },
  },
  output: ({ context }) => context.pokes,
});

const faraway = setup({}).createMachine({
  initial: 'sleeping',
  states: {
    sleeping: { after: { [60 * DAY_MS]: 'awake' }, on: { LOOK: { actions: mark('looked') } } },
    awake: { entry: mark('awake'), after: { [400 * DAY_MS]: 'over' } },
    over: { type: 'final' },
  },
});

const raced = setup({}).createMachine({
  initial: 'open',
  states: {
    open: { on: { PAY: 'paid' }, after: { 1000: 'expired' } },
    paid: { entry: mark('paid'), type: 'final' },
    expired: { entry: mark('expired'), on: { PAY: { actions: mark('too late') } } },
  },
});

const atOnce = (most: number) =>
  setup({}).createMachine({
    context: { n: 0 },
    entry: Array.from({ length: most }, (_, i) => raise({ type: 'DUE', i }, { delay: 1000, id: `timer ${i}` })),
    initial: 'on',
    states: {
      on: {
        on: { DUE: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
        always: { guard: ({ context }) => context.n === most, target: 'over' },
      },
      over: { type: 'final' },
    },
    output: ({ context }) => context.n,
  });

const inOrder = (name: string) => [
  mark(name),
  assign({ order: ({ context }: { context: { order: string[] } }) => [...context.order, name] }),
];

const sameInstant = createMachine({
  context: { order: [] as string[] },
  type: 'parallel',
  states: {
    left: { initial: 'a', states: { a: { after: { 100: 'b' } }, b: { entry: inOrder('left') } } },
    right: { initial: 'a', states: { a: { after: { 100: 'b' } }, b: { entry: inOrder('right') } } },
  },
  after: { 100: { actions: inOrder('root') } },
} as never);

const zero = setup({}).createMachine({
  initial: 'a',
  states: {
    a: { entry: mark('a'), after: { 0: 'b' } },
    b: { entry: [mark('b'), raise({ type: 'GO' }, { delay: 0 })], on: { GO: 'c' } },
    c: { entry: mark('c'), type: 'final' },
  },
});

const left = setup({}).createMachine({
  context: { n: 0 },
  initial: 'a',
  states: {
    a: { after: { 100: 'wrong' }, on: { GO: 'b' } },
    b: { after: { 100: 'over' }, on: { BACK: 'a' } },
    wrong: {},
    over: { type: 'final' },
  },
});

const beat = setup({}).createMachine({
  initial: 'on',
  exit: mark('stopped'),
  states: { on: { after: { 100: { actions: sendParent({ type: 'BEAT' }) } } } },
});

const stoppedByItsMessage = setup({ actors: { beat } }).createMachine({
  context: { beats: 0 },
  initial: 'beating',
  states: {
    beating: {
      invoke: { src: 'beat', id: 'beat' },
      always: { guard: ({ context }) => context.beats === 3, target: 'over' },
      on: {
        BEAT: { target: 'beating', reenter: true, actions: assign({ beats: ({ context }) => context.beats + 1 }) },
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.beats,
});

export const timers: readonly Entry[] = [
  entry('timers: after, fixed, named and counted', afters),
  entry('timers: a guarded after that re-enters', guarded),
  entry('timers: a delayed raise is cancelled', cancelled, {
    events: [{ type: 'START' }, { send: { type: 'STOP' }, after: 499 }] as never,
  }),
  entry('timers: a delayed raise that is not', cancelled, { events: [{ type: 'START' }] as never }),
  entry('timers: delayed raises come by their deadlines', delayedRaise),
  entry('timers: delayed sendTo, cancelled, and after the child', delayedSendTo),
  entry('timers: over 24.8 days', faraway, {
    events: [{ type: 'LOOK' }, { send: { type: 'LOOK' }, after: '59d' }] as never,
  }),
  entry('timers: an event just before a deadline', raced, { events: [{ send: { type: 'PAY' }, after: 999 }] as never }),
  entry('timers: an event just after a deadline', raced, { events: [{ send: { type: 'PAY' }, after: 1001 }] as never }),
  entry('timers: a thousand due at once', atOnce(1000), {}, { big: true }),
  entry('timers: ten due at once', atOnce(10)),
  entry('timers: of one instant, in regions', sameInstant),
  entry('timers: due at once', zero),
  entry('timers: of a child that its own message stops, and of the next', stoppedByItsMessage),
  entry('timers: of states that were left', left, {
    events: [
      { send: { type: 'GO' }, after: 50 },
      { send: { type: 'BACK' }, after: 50 },
      { send: { type: 'GO' }, after: 99 },
    ] as never,
  }),
];
