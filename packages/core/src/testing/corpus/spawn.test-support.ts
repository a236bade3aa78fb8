import {
  type ActorRefFrom,
  type AnyActorRef,
  assign,
  createMachine,
  enqueueActions,
  fromPromise,
  fromTransition,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import { fromSteps } from '../../define/from-steps.js';
import { type Entry, entry } from './entry.test-support.js';
import { mark, note } from './marks.test-support.js';

const square = fromPromise(async ({ input }: { input: number }) => {
  note('square', input);
  return input * input;
});

const endless = fromPromise(({ input }: { input: string }) => {
  note('endless', input);
  return new Promise<number>(() => {});
});

const tally = fromTransition((n: number, event: { type: 'UP' }) => (event.type === 'UP' ? n + 1 : n), 10);

const stepper = fromSteps({ types: {} as { input: string } }, ({ input, step }) =>
  step('stamp', () => {
    note('stamp', input);
    return `${input}!`;
  }),
);

const echo = setup({ types: { input: {} as { name: string } } }).createMachine({
  context: ({ input }) => ({ name: input.name, heard: 0 }),
  initial: 'listening',
  states: {
    listening: {
      entry: mark('born', ({ context }) => context.name),
      exit: mark('dies', ({ context }) => context.name),
      on: {
        PING: {
          actions: [
            assign({ heard: ({ context }) => context.heard + 1 }),
            sendParent(({ context }) => ({ type: 'PONG', from: context.name, heard: context.heard })),
          ],
        },
        END: 'over',
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.heard,
});

type Pong = { type: 'PONG'; from: string; heard: number };

const spawnsPromise = setup({ actors: { square } }).createMachine({
  context: { got: 0 },
  entry: [spawnChild('square', { id: 'nine', input: 3 }), mark('spawned')],
  initial: 'waiting',
  states: {
    waiting: {
      on: {
        'xstate.done.actor.nine': { target: 'over', actions: assign({ got: ({ event }) => event.output as number }) },
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.got,
});

const spawnsAll = setup({
  actors: { square, tally, stepper, echo },
  types: { events: {} as { type: 'GO' } | Pong },
}).createMachine({
  context: { pongs: [] as string[], done: 0 },
  on: {
    GO: {
      actions: [
        spawnChild('square', { id: 'square', input: 4 }),
        spawnChild('tally', { id: 'tally' }),
        spawnChild('stepper', { id: 'stepper', input: 'page' }),
        spawnChild('echo', { id: 'echo', input: { name: 'echo' } }),
        sendTo('tally', { type: 'UP' }),
        sendTo('echo', { type: 'PING' }),
        mark('all spawned'),
      ],
    },
    PONG: { actions: assign({ pongs: ({ context, event }) => [...context.pongs, `${event.from} ${event.heard}`] }) },
    ['xstate.done.actor.*' as '*']: { actions: assign({ done: ({ context }) => context.done + 1 }) },
  },
});

const refsInContext = setup({
  actors: { echo },
  types: {
    context: {} as { team: { list: ActorRefFrom<typeof echo>[]; byName: Record<string, AnyActorRef> }; log: string[] },
    events: {} as { type: 'HIRE'; name: string } | { type: 'ALL' } | { type: 'ONE'; name: string } | Pong,
  },
}).createMachine({
  context: { team: { list: [], byName: {} }, log: [] },
  on: {
    HIRE: {
      actions: assign({
        team: ({ context, event, spawn }) => {
          const ref = spawn('echo', { id: `echo ${event.name}`, input: { name: event.name } });
          return {
            list: [...context.team.list, ref],
            byName: { ...context.team.byName, [event.name]: ref },
          };
        },
      }),
    },
    ALL: {
      actions: enqueueActions(({ context, enqueue }) => {
        for (const ref of context.team.list) enqueue.sendTo(ref, { type: 'PING' });
      }),
    },
    ONE: { actions: sendTo(({ context, event }) => context.team.byName[event.name] as AnyActorRef, { type: 'PING' }) },
    PONG: {
      actions: [
        assign({ log: ({ context, event }) => [...context.log, `${event.from} ${event.heard}`] }),
        mark('pong', ({ event }) => event.from),
      ],
    },
  },
});

const atBirth = setup({ actors: { echo }, types: { events: {} as { type: 'GO' } | Pong } }).createMachine({
  context: ({ spawn }) => ({ child: spawn('echo', { id: 'first', input: { name: 'first' } }), pongs: 0 }),
  initial: 'on',
  states: {
    on: {
      on: {
        GO: { actions: sendTo(({ context }) => context.child, { type: 'PING' }) },
        PONG: [
          { guard: ({ context }) => context.pongs === 1, target: 'over' },
          { actions: assign({ pongs: ({ context }) => context.pongs + 1 }) },
        ],
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.pongs,
});

const autoIds = setup({
  actors: { echo },
  types: {
    context: {} as { refs: AnyActorRef[]; ids: string[] },
    events: {} as { type: 'MORE' } | { type: 'PING' } | Pong,
  },
}).createMachine({
  context: { refs: [], ids: [] },
  on: {
    MORE: {
      actions: [
        assign(({ context, spawn }) => {
          const ref = spawn('echo', { input: { name: `n${context.refs.length}` } });
          return { refs: [...context.refs, ref] };
        }),
        mark('ids', ({ context }) => new Set(context.refs.map(({ id }: AnyActorRef) => id)).size),
      ],
    },
    PING: {
      actions: enqueueActions(({ context, enqueue }) => {
        for (const ref of context.refs) enqueue.sendTo(ref, { type: 'PING' });
      }),
    },
    PONG: { actions: assign({ ids: ({ context, event }) => [...context.ids, event.from] }) },
  },
});

const respawned = setup({
  actors: { endless, echo },
  types: { events: {} as { type: 'GO' } | { type: 'PING' } | Pong },
}).createMachine({
  context: { heard: [] as number[] },
  entry: [
    spawnChild('endless', { id: 'work', input: 'first' }),
    spawnChild('echo', { id: 'echo', input: { name: 'one' } }),
  ],
  on: {
    PING: { actions: sendTo('echo', { type: 'PING' }) },
    PONG: { actions: assign({ heard: ({ context, event }) => [...context.heard, event.heard] }) },
    GO: {
      actions: [
        stopChild('work'),
        spawnChild('endless', { id: 'work', input: 'second' }),
        stopChild('echo'),
        spawnChild('echo', { id: 'echo', input: { name: 'two' } }),
        sendTo('echo', { type: 'PING' }),
        mark('respawned'),
      ],
    },
  },
});

const systemIds = setup({
  actors: { echo },
  types: { events: {} as { type: 'NEXT' } | { type: 'PING' } | Pong },
}).createMachine({
  context: { log: [] as string[] },
  initial: 'one',
  on: {
    PING: { actions: sendTo(({ system }) => system.get('speaker'), { type: 'PING' }) },
    PONG: { actions: assign({ log: ({ context, event }) => [...context.log, event.from] }) },
  },
  states: {
    one: { invoke: { src: 'echo', systemId: 'speaker', input: { name: 'one' } }, on: { NEXT: 'two' } },
    two: { invoke: { src: 'echo', systemId: 'speaker', input: { name: 'two' } }, on: { NEXT: 'one' } },
  },
});

const nested = (depth: number): ReturnType<typeof createMachine> =>
  createMachine({
    initial: 'on',
    states: {
      on: {
        entry: mark(`enter ${depth}`),
        exit: mark(`exit ${depth}`),
        ...(depth > 0 ? { invoke: { src: nested(depth - 1), id: 'child', onDone: 'over' } } : {}),
        on: { GO: depth > 0 ? { actions: sendTo('child', { type: 'GO' }) } : 'over' },
      },
      over: { type: 'final', entry: mark(`over ${depth}`) },
    },
    output: depth,
  });

const stopsAll = setup({ actors: { echo, endless } }).createMachine({
  initial: 'on',
  exit: mark('exit root'),
  states: {
    on: {
      entry: [
        spawnChild('echo', { id: 'echo', input: { name: 'echo' } }),
        spawnChild('endless', { id: 'work', input: 'work' }),
      ],
      on: { PONG: {}, STOP: { actions: [stopChild('echo'), mark('stopped')] }, END: 'over' },
    },
    over: { type: 'final' },
  },
});

const doneElsewhere = setup({ actors: { echo } }).createMachine({
  context: { seen: [] as string[] },
  initial: 'here',
  states: {
    here: { entry: spawnChild('echo', { id: 'echo', input: { name: 'echo' } }), on: { LEAVE: 'there' } },
    there: {
      on: {
        END: { actions: sendTo('echo', { type: 'END' }) },
        'xstate.done.actor.echo': { target: 'told', actions: assign({ seen: ['echo is done'] }) },
      },
    },
    told: { type: 'final' },
  },
  output: ({ context }) => context.seen,
});

export const spawns: readonly Entry[] = [
  entry('spawn: a promise at the entry', spawnsPromise),
  entry('spawn: one of every kind', spawnsAll, { events: [{ type: 'GO' }] }),
  entry('spawn: references nested in the context', refsInContext, {
    events: [
      { type: 'HIRE', name: 'ann' },
      { type: 'HIRE', name: 'bob' },
      { type: 'ALL' },
      { type: 'ONE', name: 'ann' },
    ],
  }),
  entry('spawn: in the initial context', atBirth, { events: [{ type: 'GO' }, { type: 'GO' }] }),
  entry('spawn: automatic ids', autoIds, {
    events: [{ type: 'MORE' }, { type: 'MORE' }, { type: 'PING' }, { type: 'MORE' }, { type: 'PING' }],
  }),
  entry('spawn: stopped and spawned again in one macrostep', respawned, {
    events: [{ type: 'PING' }, { type: 'GO' }, { type: 'PING' }],
  }),
  entry('spawn: a systemId that is used again', systemIds, {
    events: [{ type: 'PING' }, { type: 'NEXT' }, { type: 'PING' }, { type: 'NEXT' }, { type: 'PING' }],
  }),
  entry('spawn: children of children of children', nested(3), { events: [{ type: 'GO' }] as never }),
  entry('spawn: children stopped, and left behind by the end', stopsAll, {
    events: [{ type: 'STOP' }, { type: 'END' }] as never,
  }),
  entry('spawn: a child is done while its parent is elsewhere', doneElsewhere, {
    events: [{ type: 'LEAVE' }, { type: 'END' }] as never,
  }),
];
