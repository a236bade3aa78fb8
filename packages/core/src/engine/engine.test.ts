import { describe, expect, test } from 'vitest';
import {
  type AnyActorRef,
  type AnyStateMachine,
  assign,
  cancel,
  createActor,
  createMachine,
  emit,
  enqueueActions,
  forwardTo,
  fromPromise,
  fromTransition,
  log,
  not,
  raise,
  SimulatedClock,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import { fromSteps } from '../define/from-steps.js';
import { EngineWorld } from '../testing/engine-world.test-support.js';

type Note = (...what: unknown[]) => void;
type Scenario = (note: Note) => { machine: AnyStateMachine; input?: unknown };
type Move = (world: EngineWorld) => unknown;
const send =
  (type: string, more: object = {}): Move =>
  (world) =>
    world.send({ type, ...more });
const advance =
  (ms: number): Move =>
  (world) =>
    world.advance(ms);
const resolve =
  (path: string, output?: unknown): Move =>
  (world) =>
    world.resolve(path, output);
const reject =
  (path: string, error: unknown): Move =>
  (world) =>
    world.reject(path, error);

const promise = fromPromise(async () => undefined as unknown);
const toggle = createMachine({ initial: 'off', states: { off: { on: { FLIP: 'on' } }, on: { on: { FLIP: 'off' } } } });

const ref = (actor: unknown) => actor as AnyActorRef;

interface Case {
  readonly scenario: Scenario;
  readonly moves: readonly Move[];
  /** Whether XState's own interpreter can run the same: without leaves. */
  readonly pure?: boolean;
}

const counter: Scenario = (note) => ({
  machine: setup({
    actions: { named: ({ context, event }, params: { n: number }) => note('named', context.n, event.type, params.n) },
    guards: { small: ({ context }) => (context as { n: number }).n < 3 },
    types: { context: {} as { n: number; list: number[] } },
  }).createMachine({
    context: { n: 0, list: [] },
    initial: 'counting',
    entry: () => note('root entry'),
    states: {
      counting: {
        entry: [
          ({ context }) => note('entry before', context.n),
          assign({ n: ({ context }) => context.n + 1 }),
          ({ context }) => note('entry after', context.n),
        ],
        exit: () => note('exit'),
        on: {
          ADD: [
            {
              guard: 'small',
              reenter: true,
              target: 'counting',
              actions: [
                { type: 'named', params: ({ context }) => ({ n: context.n * 10 }) },
                assign({ list: ({ context }) => [...context.list, context.n] }),
                function inline({ context }) {
                  note('inline', context.list);
                },
              ],
            },
            { target: 'full' },
          ],
          'LOG.*': { actions: ({ event }) => note('wildcard', event) },
        },
        always: { guard: not('small'), target: 'full', actions: () => note('always') },
      },
      full: { type: 'final', entry: () => note('full') },
    },
    exit: () => note('root exit'),
    output: ({ context }) => context.list,
  }),
});

const nested: Scenario = (note) => ({
  machine: createMachine({
    id: 'player',
    type: 'parallel',
    states: {
      disk: {
        initial: 'stopped',
        states: {
          stopped: { on: { PLAY: 'playing.hist', DEEP: 'playing.deep' }, entry: () => note('stopped') },
          playing: {
            initial: 'song',
            entry: () => note('playing'),
            exit: () => note('not playing'),
            on: { STOP: 'stopped' },
            states: {
              song: {
                initial: 'a',
                entry: () => note('song'),
                states: {
                  a: { on: { NEXT: 'b' } },
                  b: { entry: () => note('b'), on: { NEXT: '#player.disk.playing.ad' } },
                },
              },
              ad: {
                initial: { target: 'x', actions: () => note('initial action') },
                states: { x: { on: { NEXT: 'y' } }, y: {} },
              },
              hist: { type: 'history', target: 'song' },
              deep: { type: 'history', history: 'deep', target: 'ad' },
            },
          },
        },
      },
      volume: {
        initial: 'normal',
        states: {
          normal: { tags: ['audible'], on: { STOP: { actions: () => note('volume heard') }, MUTE: 'muted' } },
          muted: { on: { MUTE: 'normal' }, always: { guard: ({ event }) => event.type === 'DEEP', target: 'normal' } },
        },
      },
    },
  }),
});

const timers: Scenario = (note) => ({
  machine: setup({
    types: { context: {} as { wait: number; seen: string[] } },
    delays: { named: ({ context }) => context.wait * 2, dynamic: ({ context }) => context.wait / 10 },
  }).createMachine({
    context: { wait: 100, seen: [] },
    initial: 'a',
    on: {
      LATER: { actions: raise({ type: 'RAISED' }, { delay: 70, id: 'later' }) },
      NEVER_MIND: { actions: cancel('later') },
      TWICE: { actions: [raise({ type: 'ANON', n: 1 }, { delay: 10 }), raise({ type: 'ANON', n: 2 }, { delay: 5 })] },
      RAISED: { actions: [() => note('raised'), assign({ seen: ({ context }) => [...context.seen, 'raised'] })] },
      ANON: { actions: ({ event }) => note('anon', event.n) },
    },
    states: {
      a: { after: { 50: 'b' }, on: { RESTART: { target: 'a', reenter: true } } },
      b: { after: { named: { target: 'c', actions: () => note('named delay') } }, exit: () => note('exit b') },
      c: {
        after: [{ delay: ({ context }: { context: { wait: number } }) => context.wait / 10, target: 'd' }] as never,
      },
      d: { after: { 20: [{ guard: () => false, target: 'a' }, { target: 'e' }] } },
      e: { type: 'final' },
    },
  }),
});

const family: Scenario = (note) => {
  const grandchild = createMachine({
    id: 'grandchild',
    initial: 'waiting',
    entry: () => note('grandchild here'),
    states: {
      waiting: { on: { FINISH: 'over' }, after: { 500: 'over' } },
      over: { type: 'final', entry: [() => note('grandchild over'), sendParent({ type: 'GRANDCHILD_SAYS' })] },
    },
    output: { from: 'grandchild' },
  });
  const child = setup({
    actors: { grandchild },
    types: { input: {} as { name: string }, context: {} as { name: string; heard: number } },
  }).createMachine({
    id: 'child',
    context: ({ input }) => ({ name: input.name, heard: 0 }),
    initial: 'working',
    invoke: {
      src: 'grandchild',
      id: 'small',
      onDone: {
        actions: [
          ({ event }) => note('child: done', event.output),
          sendParent(({ context }) => ({ type: 'CHILD_SAYS', heard: context.heard })),
        ],
      },
    },
    states: {
      working: {
        on: {
          PING: {
            actions: [
              assign({ heard: ({ context }) => context.heard + 1 }),
              sendParent(({ context }) => ({ type: 'PONG', heard: context.heard })),
            ],
          },
          FINISH: { actions: forwardTo('small') },
          GRANDCHILD_SAYS: { actions: () => note('child: grandchild says') },
          QUIT: 'quit',
        },
      },
      quit: { type: 'final' },
    },
    output: ({ context }) => context,
  });
  return {
    machine: setup({
      actors: { child },
      types: { context: {} as { pongs: number[]; outputs: unknown[] } },
    }).createMachine({
      id: 'parent',
      context: { pongs: [], outputs: [] },
      initial: 'home',
      states: {
        home: {
          invoke: {
            src: 'child',
            id: 'kid 1/2',
            systemId: 'kid',
            input: { name: 'ann' },
            onDone: {
              target: 'alone',
              actions: assign({ outputs: ({ context, event }) => [...context.outputs, event.output] }),
            },
          },
          on: {
            PING: { actions: sendTo('kid 1/2', { type: 'PING' }) },
            PING_SYSTEM: { actions: sendTo(({ system }) => system.get('kid'), { type: 'PING' }) },
            PING_LATER: { actions: sendTo('kid 1/2', { type: 'PING' }, { delay: 40, id: 'ping' }) },
            PONG: {
              actions: [
                assign({ pongs: ({ context, event }) => [...context.pongs, event.heard] }),
                ({ context }) => note('pongs', context.pongs),
              ],
            },
            FINISH: { actions: forwardTo('kid 1/2') },
            CHILD_SAYS: { actions: ({ event }) => note('parent: child says', event.heard) },
            QUIT: { actions: sendTo('kid 1/2', { type: 'QUIT' }) },
            LEAVE: 'alone',
          },
        },
        alone: { on: { BACK: 'home', PONG: { actions: () => note('a pong too late') } } },
      },
    }),
  };
};

const spawning: Scenario = (note) => ({
  machine: setup({
    actors: { toggle },
    types: { context: {} as { refs: unknown[]; byName: Map<string, unknown>; me: unknown } },
  }).createMachine({
    context: ({ self }) => ({ refs: [], byName: new Map(), me: self }),
    on: {
      ADD: { actions: assign({ refs: ({ context, spawn }) => [...context.refs, spawn('toggle')] }) },
      NAMED: {
        actions: assign({
          byName: ({ context, spawn, event }) =>
            new Map(context.byName).set(event.name, {
              deep: [spawn('toggle', { id: event.name, systemId: event.name })],
            }),
        }),
      },
      CHILD: { actions: spawnChild('toggle', { id: 'static' }) },
      UNNAMED: { actions: spawnChild('toggle') },
      STOP: { actions: stopChild(({ event }) => event.name) },
      STOP_REF: { actions: stopChild(({ context }) => ref(context.refs[0])) },
      FLIP: { actions: sendTo(({ context, event }) => ref(context.refs[event.n]), { type: 'FLIP' }) },
      FLIP_STATIC: { actions: sendTo('static', { type: 'FLIP' }) },
      FLIP_SYSTEM: { actions: sendTo(({ system, event }) => system.get(event.name), { type: 'FLIP' }) },
      FLIP_DEEP: {
        actions: sendTo(({ context, event }) => ref((context.byName.get(event.name) as { deep: unknown[] }).deep[0]), {
          type: 'FLIP',
        }),
      },
      LATER: { actions: sendTo(({ context }) => ref(context.refs[0]), { type: 'FLIP' }, { delay: 30 }) },
      SELF: {
        actions: sendTo(
          ({ context }) => ref(context.me),
          ({ self }) => ({ type: 'HELLO', from: self }),
        ),
      },
      HELLO_LATER: { actions: raise(({ self }) => ({ type: 'HELLO', from: self }), { delay: 5 }) },
      HELLO: {
        actions: [
          ({ event, self }) => note('hello', event.from === self),
          sendTo(({ event }) => event.from, { type: 'HELLO_BACK' }),
        ],
      },
      HELLO_BACK: { actions: ({ self }) => note('hello back', self.id) },
      LOOK: {
        actions: ({ context, self }) => {
          const { children } = self.getSnapshot() as { children: Record<string, AnyActorRef> };
          const values = Object.entries(children).map(([id, child]) => [id, child.getSnapshot().value]);
          note(
            values,
            context.refs.map((actor) => ref(actor).id),
            context.refs.map((actor) => ref(actor).getSnapshot().value),
          );
        },
      },
    },
  }),
});

const snapshots: Scenario = (note) => ({
  machine: setup({ actors: { toggle }, types: { context: {} as { last: unknown } } }).createMachine({
    context: { last: undefined },
    invoke: {
      src: 'toggle',
      id: 'lamp',
      onSnapshot: {
        actions: [
          ({ event }) =>
            note('snapshot', event.snapshot.value, event.snapshot.matches('on'), event.snapshot.hasTag('x')),
          assign({ last: ({ event }) => event.snapshot.value }),
        ],
      },
    },
    on: { FLIP: { actions: sendTo('lamp', { type: 'FLIP' }) } },
  }),
});

const reducers: Scenario = (note) => ({
  machine: setup({
    actors: {
      tally: fromTransition((total: number, event: { type: 'ADD'; n: number }) => total + event.n, 0),
    },
  }).createMachine({
    invoke: {
      src: 'tally',
      id: 'tally',
      onSnapshot: { actions: ({ event }) => note('total', (event.snapshot as { context: number }).context) },
    },
    on: { ADD: { actions: forwardTo('tally') } },
  }),
});

const enqueued: Scenario = (note) => ({
  machine: setup({
    types: { context: {} as { n: number }, emitted: {} as { type: string; n: number } },
    actions: { note: ({ context }, params: string) => note(params, context.n) },
  }).createMachine({
    context: { n: 0 },
    on: {
      GO: {
        actions: enqueueActions(({ enqueue, check, context }) => {
          enqueue({ type: 'note', params: 'before' });
          enqueue.assign({ n: context.n + 1 });
          enqueue({ type: 'note', params: 'after' });
          if (check(({ context }) => context.n > 1)) enqueue.raise({ type: 'MORE' });
          enqueue.emit({ type: 'went', n: context.n });
        }),
      },
      MORE: {
        actions: [
          { type: 'note', params: 'more' },
          emit(({ context }) => ({ type: 'more', n: context.n })),
          log('logged', 'label'),
        ],
      },
    },
  }),
});

const chats: Scenario = (note) => {
  const ponger = createMachine({
    types: {} as { events: { type: 'PING'; from: AnyActorRef; n: number } },
    on: {
      PING: {
        actions: sendTo(
          ({ event }) => event.from,
          ({ event }) => ({ type: 'PONG', n: event.n }),
        ),
      },
    },
  });
  const pinger = setup({
    types: {
      input: {} as { partner: AnyActorRef; times: number },
      context: {} as { partner: AnyActorRef; times: number },
    },
  }).createMachine({
    context: ({ input }) => input,
    initial: 'ready',
    states: {
      ready: {
        on: {
          START: {
            target: 'on',
            actions: sendTo(
              ({ context }) => context.partner,
              ({ self }) => ({ type: 'PING', n: 0, from: self }),
            ),
          },
        },
      },
      on: {
        on: {
          PONG: [
            { guard: ({ context, event }) => event.n >= context.times, target: 'over' },
            {
              actions: sendTo(
                ({ context }) => context.partner,
                ({ event, self }) => ({ type: 'PING', n: event.n + 1, from: self }),
              ),
            },
          ],
        },
      },
      over: { type: 'final', entry: () => note('chat over') },
    },
  });
  return {
    machine: setup({ actors: { pinger, ponger } }).createMachine({
      context: ({ spawn }) => {
        const partner = spawn('ponger', { id: 'ponger' });
        return { pinger: spawn('pinger', { id: 'pinger', input: { partner, times: 20 } }) };
      },
      on: {
        START: { actions: sendTo('pinger', { type: 'START' }) },
        'xstate.done.actor.pinger': { actions: ({ event }) => note(event.type) },
      },
    }),
  };
};

const invokes: Scenario = (note) => ({
  machine: setup({
    actors: { promise, steps: fromSteps(async () => 1), broken: promise },
    types: { context: {} as { got: unknown[]; parent?: unknown } },
  }).createMachine({
    context: { got: [] },
    initial: 'idle',
    states: {
      idle: { on: { GO: 'working' } },
      working: {
        entry: () => note('working'),
        invoke: [
          {
            src: 'promise',
            input: ({ self, context }) => ({ parent: self, got: context.got }),
            onDone: {
              target: 'stepping',
              actions: assign({ got: ({ context, event }) => [...context.got, event.output] }),
            },
            onError: { target: 'idle', actions: ({ event }) => note('failed', (event.error as Error).message) },
          },
          { src: 'broken', id: 'other', onError: { actions: () => note('other failed') } },
        ],
        on: { AGAIN: { target: 'working', reenter: true }, STOP: 'idle' },
      },
      stepping: {
        invoke: {
          src: 'steps',
          id: 'steps',
          onDone: { target: 'inline', actions: ({ event }) => note('steps', event.output) },
        },
        after: { 1000: { target: 'idle', actions: () => note('too slow') } },
      },
      inline: { invoke: { src: fromPromise(async () => 1), onDone: 'over' } },
      over: { type: 'final' },
    },
    output: ({ context }) => context.got,
  }),
});

const finals: Scenario = (note) => {
  const instant = createMachine({
    initial: 'over',
    states: { over: { type: 'final', entry: () => note('instant over') } },
    output: 'at once',
  });
  return {
    machine: setup({ actors: { instant } }).createMachine({
      initial: 'a',
      states: {
        a: { on: { GO: 'b' } },
        b: {
          entry: () => note('b'),
          invoke: {
            src: 'instant',
            onDone: { target: 'c', actions: ({ event }) => note('instant says', event.output) },
          },
          exit: () => note('exit b'),
        },
        c: {
          type: 'parallel',
          states: {
            x: { initial: 'x1', states: { x1: { type: 'final' } } },
            y: { initial: 'y1', states: { y1: { on: { GO: 'y2' } }, y2: { type: 'final' } } },
          },
          onDone: 'd',
        },
        d: { type: 'final' },
      },
    }),
  };
};

const CASES: Record<string, Case> = {
  'actions, assign, guards, always, final': {
    scenario: counter,
    moves: [send('LOG.a', { x: 1 }), send('ADD'), send('UNKNOWN'), send('ADD'), send('ADD'), send('ADD')],
    pure: true,
  },
  'parallel, nested, history shallow and deep, initial actions': {
    scenario: nested,
    moves: [
      'PLAY',
      'NEXT',
      'STOP',
      'PLAY',
      'STOP',
      'DEEP',
      'NEXT',
      'NEXT',
      'MUTE',
      'STOP',
      'DEEP',
      'NEXT',
      'STOP',
      'PLAY',
    ].map((type) => send(type)),
    pure: true,
  },
  'after: static, named, dynamic, guarded; delayed raise; cancel': {
    scenario: timers,
    moves: [
      advance(30),
      send('RESTART'),
      advance(30),
      send('LATER'),
      advance(25),
      send('TWICE'),
      advance(60),
      send('LATER'),
      send('NEVER_MIND'),
      advance(130),
      advance(100),
    ],
    pure: true,
  },
  'machines in machines: sendTo, sendParent, forwardTo, delays, systemId, output': {
    scenario: family,
    moves: [
      send('PING'),
      send('PING_SYSTEM'),
      send('PING_LATER'),
      advance(39),
      send('LEAVE'),
      advance(10),
      send('BACK'),
      send('PING'),
      send('PING_LATER'),
      advance(50),
      send('FINISH'),
      send('QUIT'),
      send('BACK'),
      advance(600),
    ],
    pure: true,
  },
  'spawned actors, references in contexts and events, stop and respawn': {
    scenario: spawning,
    moves: [
      send('ADD'),
      send('ADD'),
      send('FLIP', { n: 1 }),
      send('LOOK'),
      send('NAMED', { name: 'kitchen' }),
      send('FLIP_DEEP', { name: 'kitchen' }),
      send('FLIP_SYSTEM', { name: 'kitchen' }),
      send('FLIP_DEEP', { name: 'kitchen' }),
      send('CHILD'),
      send('FLIP_STATIC'),
      send('STOP', { name: 'static' }),
      send('CHILD'),
      send('LOOK'),
      send('STOP', { name: 'kitchen' }),
      send('NAMED', { name: 'kitchen' }),
      send('LATER'),
      send('SELF'),
      send('HELLO_LATER'),
      advance(100),
      send('LOOK'),
    ],
    pure: true,
  },
  onSnapshot: { scenario: snapshots, moves: [send('FLIP'), send('FLIP'), send('FLIP')], pure: true },
  'transition actors': { scenario: reducers, moves: [send('ADD', { n: 1 }), send('ADD', { n: 41 })], pure: true },
  'enqueueActions, emit, log': { scenario: enqueued, moves: [send('GO'), send('GO')], pure: true },
  'a chat of two actors that know each other by reference': { scenario: chats, moves: [send('START')], pure: true },
  'final at once, parallel done': { scenario: finals, moves: [send('GO'), send('GO')], pure: true },
  'invoke: promises, steps, inline, several at a time, again': {
    scenario: invokes,
    moves: [
      send('GO'),
      reject('other', new Error('x')),
      send('AGAIN'),
      reject('0.(machine).working', new Error('no')),
      send('GO'),
      send('STOP'),
      send('GO'),
      resolve('0.(machine).working', { n: 1 }),
      advance(1000),
      send('GO'),
      resolve('0.(machine).working', 2),
      resolve('steps', 3),
      resolve('0.(machine).inline'),
    ],
  },
};

/** Plays a scenario on the engine. */
function play({ scenario, moves }: Case, restores: 'never' | 'after every turn') {
  const notes: unknown[] = [];
  const { machine, input } = scenario((...what) => void notes.push(JSON.stringify(what)));
  const world = new EngineWorld(machine, { input, restores });
  for (const move of moves) move(world);
  return { world, notes, trace: world.trace };
}

/** Plays it on XState's own interpreter: the moves as far as it knows them. */
function playOriginal({ scenario, moves }: Case) {
  const notes: unknown[] = [];
  const { machine, input } = scenario((...what) => void notes.push(JSON.stringify(what)));
  const clock = new SimulatedClock();
  const actor = createActor(machine, { clock, input, logger: () => {} } as never);
  const emitted: unknown[] = [];
  actor.on('*', (event) => void emitted.push(event));
  const values: unknown[] = [];
  const look = () => {
    const { value, status, output } = actor.getSnapshot();
    values.push({ value, status, output });
  };
  actor.start();
  look();
  const world = {
    send(event: never) {
      actor.send(event);
      look();
    },
    advance(ms: number) {
      for (let i = 0; i < ms; i++) clock.increment(1);
      look();
    },
  };
  for (const move of moves) move(world as never);
  return { notes, values, emitted };
}

describe.each(Object.entries(CASES))('%s', (_, it) => {
  test('restored after every turn, it does the same', () => {
    const whole = play(it, 'never');
    const torn = play(it, 'after every turn');
    expect(torn.trace).toEqual(whole.trace);
    expect(torn.notes).toEqual(whole.notes);
    expect(torn.world.emitted).toEqual(whole.world.emitted);
    expect(whole.trace.length).toBeGreaterThan(it.moves.length / 2);
  });

  if (!it.pure) return;
  test("XState's interpreter does the same", () => {
    const ours = play(it, 'never');
    const { notes, values, emitted } = playOriginal(it);
    expect(renumber(ours.notes)).toEqual(renumber(notes));
    expect(ours.world.emitted).toEqual(emitted);
    const { value, status, output } = ours.world.view;
    expect({ value, status, output }).toEqual(values.at(-1));
    expect(notes.length + values.length).toBeGreaterThan(2);
  });
});

/** XState counts automatic ids over all systems: what matters is which are the same, and which came first. */
function renumber(notes: readonly unknown[]): unknown {
  const text = JSON.stringify(notes);
  const numbers = [...new Set(Array.from(text.matchAll(/x:(\d+)/g), ([, n]) => Number(n)))].sort((a, b) => a - b);
  return JSON.parse(text.replace(/x:(\d+)/g, (_, n) => `x:${numbers.indexOf(Number(n))}`));
}
