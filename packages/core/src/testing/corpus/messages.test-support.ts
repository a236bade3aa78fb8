import { type AnyActorRef, assign, forwardTo, fromPromise, sendParent, sendTo, setup, stopChild } from 'xstate';
import { type Entry, entry } from './entry.test-support.js';
import { mark, note } from './marks.test-support.js';

type Ball = { type: 'BALL'; n: number };

/** Sends each ball back, one higher, until it is high enough. */
const player = setup({
  types: {
    input: {} as { to: string; until: number },
    context: {} as { to: string; until: number; balls: number[] },
    events: {} as Ball,
  },
}).createMachine({
  context: ({ input }) => ({ ...input, balls: [] }),
  initial: 'playing',
  states: {
    playing: {
      on: {
        BALL: [
          {
            guard: ({ context, event }) => event.n >= context.until,
            target: 'over',
            actions: mark('last', ({ event }) => event.n),
          },
          {
            actions: [
              assign({ balls: ({ context, event }) => [...context.balls, event.n] }),
              mark('ball', ({ event }) => event.n),
              sendTo(
                ({ system, context }) => system.get(context.to) as AnyActorRef,
                ({ event }) => ({ type: 'BALL', n: event.n + 1 }),
              ),
            ],
          },
        ],
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.balls,
});

const chat = setup({ actors: { player } }).createMachine({
  context: { balls: [] as number[] },
  initial: 'on',
  states: {
    on: {
      invoke: [
        {
          src: 'player',
          id: 'ann',
          systemId: 'ann',
          input: { to: 'bob', until: 8 },
          onDone: { target: 'over', actions: assign({ balls: ({ event }) => event.output }) },
        },
        {
          src: 'player',
          id: 'bob',
          systemId: 'bob',
          input: { to: 'ann', until: 8 },
          onDone: { target: 'over', actions: assign({ balls: ({ event }) => event.output }) },
        },
      ],
      on: { SERVE: { actions: sendTo('ann', { type: 'BALL', n: 1 }) } },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.balls,
});

const asker = setup({
  types: { context: {} as { answers: string[] }, events: {} as { type: 'ANSWER'; text: string } },
}).createMachine({
  context: { answers: [] },
  initial: 'asking',
  states: {
    asking: {
      entry: [sendParent({ type: 'QUESTION', text: 'one?' }), mark('asked')],
      on: {
        ANSWER: [
          {
            guard: ({ context }) => context.answers.length < 2,
            target: 'asking',
            reenter: true,
            actions: assign({ answers: ({ context, event }) => [...context.answers, event.text] }),
          },
          { target: 'over' },
        ],
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.answers,
});

const twoWay = setup({ actors: { asker } }).createMachine({
  context: { n: 0, answers: [] as string[] },
  initial: 'on',
  states: {
    on: {
      invoke: {
        src: 'asker',
        id: 'asker',
        onDone: { target: 'over', actions: assign({ answers: ({ event }) => event.output }) },
      },
      on: {
        QUESTION: {
          actions: [
            assign({ n: ({ context }) => context.n + 1 }),
            mark('answers', ({ context }) => context.n),
            sendTo('asker', ({ context }) => ({ type: 'ANSWER', text: `answer ${context.n}` })),
          ],
        },
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.answers,
});

/** Passes on, two levels down. */
const leaf = setup({ types: { events: {} as { type: 'SAY'; text: string } } }).createMachine({
  on: {
    SAY: {
      actions: [
        mark('leaf', ({ event }) => event.text),
        sendParent(({ event }) => ({ type: 'HEARD', text: event.text })),
      ],
    },
  },
});
const middle = setup({ actors: { leaf } }).createMachine({
  invoke: { src: 'leaf', id: 'leaf' },
  on: { SAY: { actions: forwardTo('leaf') }, HEARD: { actions: [mark('middle'), sendParent(({ event }) => event)] } },
});
const forwarded = setup({
  actors: { middle },
  types: { context: {} as { heard: string[] }, events: {} as { type: 'SAY' | 'HEARD'; text: string } },
}).createMachine({
  context: { heard: [] },
  invoke: { src: 'middle', id: 'middle' },
  on: {
    SAY: { actions: [forwardTo('middle'), mark('forwarded')] },
    HEARD: { actions: [assign({ heard: ({ context, event }) => [...context.heard, event.text] }), mark('heard')] },
  },
});

const selfSending = setup({ types: { context: {} as { n: number } } }).createMachine({
  context: { n: 0 },
  initial: 'on',
  states: {
    on: {
      on: {
        GO: {
          actions: [
            ({ self }) => self.send({ type: 'AGAIN' }),
            mark('sent to itself'),
            ({ self, context }) => self.send({ type: 'AGAIN', was: context.n }),
          ],
        },
        AGAIN: [
          { guard: ({ context }) => context.n > 3, target: 'over' },
          { actions: [assign({ n: ({ context }) => context.n + 1 }), mark('again', ({ context }) => context.n)] },
        ],
      },
    },
    over: { type: 'final' },
  },
});

const watched = setup({ types: { context: {} as { n: number } } }).createMachine({
  context: { n: 0 },
  initial: 'low',
  tags: 'watched',
  states: {
    low: { on: { UP: { target: 'high', actions: assign({ n: ({ context }) => context.n + 1 }) } } },
    high: { tags: 'high', on: { UP: { actions: assign({ n: ({ context }) => context.n + 1 }) }, END: 'over' } },
    over: { type: 'final' },
  },
});

const watching = setup({ actors: { watched } }).createMachine({
  context: { seen: [] as string[] },
  initial: 'on',
  states: {
    on: {
      invoke: {
        src: 'watched',
        id: 'watched',
        onSnapshot: {
          actions: [
            assign({
              seen: ({ context, event: { snapshot } }) => [
                ...context.seen,
                `${snapshot.value} ${snapshot.context.n} ${snapshot.hasTag('high' as never)} ${snapshot.matches('high')}`,
              ],
            }),
            mark('snapshot', ({ event }) => event.snapshot.value),
          ],
        },
        onDone: 'over',
      },
      on: {
        UP: { actions: sendTo('watched', { type: 'UP' }) },
        END: { actions: sendTo('watched', { type: 'END' }) },
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.seen,
});

const tellsParent = fromPromise<string, { parent: AnyActorRef }>(async ({ input }) => {
  note('tells');
  input.parent.send({ type: 'HALFWAY' });
  return 'told';
});

const told = setup({ actors: { tellsParent } }).createMachine({
  context: { seen: [] as string[] },
  initial: 'on',
  states: {
    on: {
      invoke: {
        src: 'tellsParent',
        input: ({ self }) => ({ parent: self }),
        onDone: { target: 'over', actions: assign({ seen: ({ context, event }) => [...context.seen, event.output] }) },
      },
      on: { HALFWAY: { actions: assign({ seen: ({ context }) => [...context.seen, 'halfway'] }) } },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.seen,
});

const toTheGone = setup({ actors: { leaf } }).createMachine({
  context: ({ spawn }) => ({ ref: spawn('leaf', { id: 'leaf' }) }),
  on: {
    HEARD: { actions: mark('heard') },
    SAY: { actions: sendTo(({ context }) => context.ref as AnyActorRef, { type: 'SAY', text: 'x' }) },
    STOP: { actions: [stopChild(({ context }) => context.ref), mark('stopped')] },
  },
});

export const messages: readonly Entry[] = [
  entry('messages: two children that chat', chat, { events: [{ type: 'SERVE' }] as never }),
  entry('messages: a child asks, its parent answers', twoWay),
  entry('messages: forwarded two levels down, and told two levels up', forwarded, {
    events: [
      { type: 'SAY', text: 'a' },
      { type: 'SAY', text: 'b' },
    ],
  }),
  entry('messages: an action sends to its own actor', selfSending, {
    events: [{ type: 'GO' }, { type: 'GO' }, { type: 'GO' }] as never,
  }),
  entry('messages: onSnapshot of a machine', watching, {
    events: ['UP', 'UP', 'END'].map((type) => ({ type })) as never,
  }),
  entry('messages: a promise tells its parent before it is done', told, {}, { repeats: true }),
  entry('messages: to a child that is gone', toTheGone, {
    events: ['SAY', 'STOP', 'SAY'].map((type) => ({ type })) as never,
  }),
];
