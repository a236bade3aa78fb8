import {
  assign,
  type EventObject,
  enqueueActions,
  forwardTo,
  fromCallback,
  fromEventObservable,
  fromObservable,
  type Subscribable,
  sendTo,
  setup,
} from 'xstate';
import { type Entry, entry } from './entry.test-support.js';
import { mark, note } from './marks.test-support.js';

const RESTART = { liveActors: 'restart' } as const;

/** Answers what it is asked, and says when it is closed. */
const socket = fromCallback<EventObject & { n?: number }>(({ sendBack, receive }) => {
  note('open');
  receive((event) => {
    if (event.type === 'PING') sendBack({ type: 'PONG', n: event.n });
  });
  return () => note('closed');
});

/** Sends one after the other at once, then completes. */
const values = <T>(...all: T[]) =>
  ({
    subscribe(observer: { next?: (value: T) => void; complete?: () => void }) {
      for (const value of all) observer.next?.(value);
      observer.complete?.();
      return { unsubscribe() {} };
    },
  }) as Subscribable<T>;

const asking = setup({
  types: { context: {} as { pongs: number[] }, events: {} as { type: 'PING' | 'PONG' | 'CLOSE'; n: number } },
  actors: { socket },
}).createMachine({
  context: { pongs: [] },
  initial: 'open',
  states: {
    open: {
      invoke: { src: 'socket', id: 'socket' },
      on: {
        PING: { actions: [mark('pings', ({ event }) => event.n), forwardTo('socket')] },
        PONG: {
          actions: [assign({ pongs: ({ context, event }) => [...context.pongs, event.n] }), mark('pong')],
        },
        CLOSE: 'closed',
      },
    },
    closed: { type: 'final' },
  },
  output: ({ context }) => context.pongs,
});

const reopened = setup({ types: { context: {} as { pongs: number } }, actors: { socket } }).createMachine({
  context: { pongs: 0 },
  initial: 'open',
  on: { PONG: { actions: assign({ pongs: ({ context }) => context.pongs + 1 }) } },
  states: {
    open: {
      invoke: { src: 'socket', id: 'socket' },
      entry: sendTo('socket', { type: 'PING' }),
      on: { AGAIN: { target: 'open', reenter: true }, CLOSE: 'closed' },
    },
    closed: { type: 'final', entry: mark('closed') },
  },
  output: ({ context }) => context.pongs,
});

const greeting = setup({
  actors: {
    greeter: fromCallback(({ sendBack }) => {
      note('greets');
      sendBack({ type: 'HELLO' });
    }),
  },
}).createMachine({
  initial: 'waiting',
  states: { waiting: { invoke: { src: 'greeter' }, on: { HELLO: 'greeted' } }, greeted: { type: 'final' } },
});

const streaming = setup({
  types: { context: {} as { seen: unknown[] } },
  actors: { numbers: fromObservable(() => values(1, 2, 3)) },
}).createMachine({
  context: { seen: [] },
  initial: 'streaming',
  states: {
    streaming: {
      invoke: {
        src: 'numbers',
        onSnapshot: {
          actions: assign({ seen: ({ context, event }) => [...context.seen, event.snapshot.context ?? null] }),
        },
        onDone: 'over',
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.seen,
});

const clicks = setup({
  types: { context: {} as { clicks: number } },
  actors: { clicks: fromEventObservable(() => values({ type: 'CLICK' }, { type: 'CLICK' })) },
}).createMachine({
  context: { clicks: 0 },
  initial: 'counting',
  states: {
    counting: {
      invoke: { src: 'clicks', onDone: 'over' },
      on: { CLICK: { actions: assign({ clicks: ({ context }) => context.clicks + 1 }) } },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.clicks,
});

const broken = setup({
  actors: {
    broken: fromCallback(() => {
      note('breaks');
      throw new Error('no socket here');
    }),
  },
}).createMachine({
  initial: 'open',
  states: { open: { invoke: { src: 'broken', onError: 'failed' } }, failed: { type: 'final', entry: mark('failed') } },
});

/** Not live, but resumable only by running its collector once more. */
const queued = setup({
  types: { context: {} as { n: number }, events: {} as { type: 'GO'; by: number } | { type: 'END' } },
  guards: { isBig: ({ context }) => context.n > 2 },
}).createMachine({
  context: { n: 0 },
  initial: 'a',
  states: {
    a: {
      on: {
        GO: {
          actions: enqueueActions(({ enqueue, event, check }) => {
            enqueue.assign({ n: ({ context }) => context.n + event.by });
            enqueue((args) => mark('first', ({ context }) => context.n)(args));
            if (check('isBig')) enqueue(mark('big'));
            enqueue(enqueueActions(({ enqueue: inner }) => inner(mark('nested'))));
          }),
        },
        END: 'b',
      },
    },
    b: { type: 'final' },
  },
});

/** Live actors, and inline functions that are queued. */
export const live: readonly Entry[] = [
  entry(
    'live: a callback answers what it is asked',
    asking,
    {
      events: [
        { type: 'PING', n: 1 },
        { type: 'PING', n: 2 },
        { type: 'CLOSE', n: 0 },
      ],
    },
    RESTART,
  ),
  entry(
    'live: a callback is opened anew, and sent to at its birth',
    reopened,
    { events: [{ type: 'AGAIN' }, { type: 'CLOSE' }] },
    RESTART,
  ),
  entry('live: a callback speaks first', greeting, {}, { ...RESTART, repeats: true }),
  entry('live: an observable', streaming, {}, { ...RESTART, repeats: true }),
  entry('live: an event observable', clicks, {}, { ...RESTART, repeats: true }),
  entry('live: a callback that throws', broken, {}, RESTART),
  entry('actions: inline ones, queued, and nested', queued, {
    events: [{ type: 'GO', by: 2 }, { type: 'GO', by: 5 }, { type: 'END' }],
  }),
];
