import { assign, createMachine, emit, enqueueActions, log, raise, setup } from 'xstate';
import { type Entry, entry } from './entry.test-support.js';
import { mark } from './marks.test-support.js';

const region = (name: string) => ({
  initial: 'off',
  states: {
    off: { on: { [`${name}.ON`]: 'on' }, exit: mark(`${name} leaves off`) },
    on: {
      entry: mark(`${name} on`),
      exit: mark(`${name} leaves on`),
      initial: 'slow',
      states: {
        slow: { on: { FAST: 'fast' } },
        fast: { entry: mark(`${name} fast`), on: { [`${name}.END`]: 'end' } },
        end: { type: 'final' as const },
      },
      onDone: 'over',
    },
    over: { type: 'final' as const },
  },
});

const parallel = createMachine({
  type: 'parallel',
  states: { left: region('LEFT'), right: region('RIGHT') },
  onDone: { actions: mark('both are over') },
  output: 'both',
} as never);

const history = createMachine({
  initial: 'off',
  states: {
    off: { on: { DEEP: 'on.deep', SHALLOW: 'on.shallow', DEFAULT: 'on.fallback' } },
    on: {
      initial: 'one',
      entry: mark('on'),
      on: { OFF: 'off' },
      states: {
        one: { on: { NEXT: 'two' } },
        two: {
          entry: mark('two'),
          initial: 'a',
          states: { a: { entry: mark('a'), on: { NEXT: 'b' } }, b: { entry: mark('b') } },
        },
        deep: { type: 'history', history: 'deep' },
        shallow: { type: 'history' },
        fallback: { type: 'history', target: 'two' },
      },
    },
  },
});

const always = setup({
  types: { context: {} as { n: number }, events: {} as { type: 'ADD'; by: number } },
}).createMachine({
  context: { n: 0 },
  initial: 'low',
  states: {
    low: {
      always: {
        guard: ({ context }) => context.n > 5,
        target: 'high',
        actions: mark('rises', ({ context }) => context.n),
      },
    },
    high: {
      entry: assign({ n: ({ context }) => context.n * 2 }),
      always: [
        { guard: ({ context }) => context.n > 50, target: 'over' },
        { guard: ({ context }) => context.n > 10, target: 'low', actions: [assign({ n: 0 }), mark('falls')] },
      ],
    },
    over: { type: 'final' },
  },
  on: { ADD: { actions: assign({ n: ({ context, event }) => context.n + event.by }) } },
  output: ({ context }) => context.n,
});

const reenter = createMachine({
  initial: 'outer',
  context: { n: 0 },
  states: {
    outer: {
      entry: mark('enter outer'),
      exit: mark('exit outer'),
      initial: 'a',
      states: {
        a: { entry: mark('enter a'), exit: mark('exit a'), on: { NEXT: 'b' } },
        b: { entry: mark('enter b'), exit: mark('exit b') },
      },
      on: {
        IN: '.a',
        OUT: { target: '.a', reenter: true },
        SELF: 'outer',
        SELF_AGAIN: { target: 'outer', reenter: true },
        NONE: { actions: mark('no target') },
        END: 'over',
      },
    },
    over: { type: 'final' },
  },
});

const wildcards = createMachine({
  initial: 'on',
  states: {
    on: {
      on: {
        'mouse.click.*': { actions: mark('click', ({ event }) => event.type) },
        'mouse.*': { actions: mark('mouse', ({ event }) => event.type) },
        'key.down': { actions: mark('key') },
        FORBIDDEN: {},
        '*': { actions: mark('other', ({ event }) => event.type) },
        END: 'over',
      },
    },
    over: { type: 'final' },
  },
});

const tags = setup({ types: { tags: {} as 'busy' | 'idle' | 'visible', meta: {} as { view: string } } }).createMachine({
  initial: 'idle',
  states: {
    idle: { tags: ['idle', 'visible'], meta: { view: 'list' }, on: { GO: 'busy' } },
    busy: {
      tags: 'busy',
      meta: { view: 'spinner' },
      initial: 'first',
      states: { first: { tags: 'visible', on: { GO: 'second' } }, second: {} },
      on: { BACK: 'idle' },
    },
  },
});

const enqueued = setup({
  types: {
    context: {} as { n: number; seen: string[] },
    events: {} as { type: 'GO'; n: number } | { type: 'MORE' } | { type: 'END' },
  },
  actions: {
    tell: mark('tell', ({ context }) => context.n),
    tellWith: (_, params: { text: string }) => mark(`with ${params.text}`)({ context: {}, event: {} }),
  },
  guards: { isBig: ({ context }) => context.n > 5 },
}).createMachine({
  context: { n: 0, seen: [] },
  initial: 'on',
  states: {
    on: {
      on: {
        GO: {
          actions: enqueueActions(({ enqueue, event, check, context }) => {
            enqueue('tell');
            enqueue.assign({ n: event.n });
            if (check('isBig')) enqueue({ type: 'tellWith', params: { text: `was ${context.n}` } });
            else enqueue.raise({ type: 'MORE' });
            enqueue('tell');
          }),
        },
        MORE: { actions: [assign({ n: ({ context }) => context.n + 100 }), 'tell'] },
        END: 'over',
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.n,
});

const emits = setup({
  types: {
    emitted: {} as { type: 'NEWS'; n: number } | { type: 'END' },
    events: {} as { type: 'TELL'; n: number } | { type: 'END' },
  },
}).createMachine({
  initial: 'on',
  entry: log('begins'),
  states: {
    on: {
      on: {
        TELL: {
          actions: [
            emit(({ event }) => ({ type: 'NEWS', n: event.n })),
            log(({ event }) => `told ${event.n}`, 'label'),
            mark('told'),
          ],
        },
        END: { target: 'over', actions: emit({ type: 'END' }) },
      },
    },
    over: { type: 'final', entry: log('ends') },
  },
});

const internal = createMachine({
  context: { seen: [] as string[] },
  initial: 'a',
  states: {
    a: {
      on: {
        GO: {
          actions: [raise({ type: 'ONE' }), raise({ type: 'TWO' }), mark('raised')],
          target: 'b',
        },
      },
    },
    b: {
      entry: [raise({ type: 'THREE' }), mark('b')],
      on: { ONE: { actions: mark('one') }, TWO: { target: 'c', actions: mark('two') } },
    },
    c: { on: { THREE: { target: 'd', actions: mark('three') } } },
    d: { type: 'final' },
  },
});

const withInput = setup({
  types: {
    input: {} as { name: string; tags: Set<string> },
    context: {} as { name: string; size: number },
    output: {} as { greeting: string },
  },
}).createMachine({
  context: ({ input }) => ({ name: input.name, size: input.tags.size }),
  initial: 'on',
  states: {
    on: { entry: mark('hello', ({ context }) => context.name), on: { END: 'over' } },
    over: { type: 'final', output: 'inner' },
  },
  output: ({ context, event }) => ({
    greeting: `${context.name} ${context.size} ${(event as { output?: unknown }).output}`,
  }),
});

const nestedOutput = createMachine({
  context: { got: [] as unknown[] },
  initial: 'work',
  states: {
    work: {
      initial: 'inner',
      states: {
        inner: {
          initial: 'a',
          states: { a: { on: { GO: 'done' } }, done: { type: 'final', output: { deep: true } } },
          onDone: { target: 'end', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) },
        },
        end: { type: 'final', output: ({ context }: { context: { got: unknown[] } }) => context.got.length },
      },
      onDone: { target: 'over', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) },
    },
    over: { type: 'final' },
  },
  output: ({ context }: { context: { got: unknown[] } }) => context.got,
} as never);

const values = createMachine({
  context: {
    date: new Date(0),
    map: new Map([['a', new Set([1])]]),
    big: 10n,
    none: undefined,
    nan: Number.NaN,
    minus: -0,
    bytes: new Uint8Array([1, 2, 3]),
    error: new TypeError('x'),
  },
  on: { GO: { actions: assign({ map: ({ context }) => new Map([...context.map, ['b', new Set([2])]]) }) } },
});

export const states: readonly Entry[] = [
  entry('states: parallel regions to their end', parallel as never, {
    events: ['LEFT.ON', 'RIGHT.ON', 'FAST', 'LEFT.END', 'OTHER', 'RIGHT.END'].map((type) => ({ type })) as never,
  }),
  entry('states: shallow, deep and default history', history, {
    events: ['DEFAULT', 'NEXT', 'OFF', 'DEEP', 'OFF', 'SHALLOW', 'OFF', 'DEEP'].map((type) => ({ type })) as never,
  }),
  entry('states: default history, never entered', history, { events: [{ type: 'DEEP' }, { type: 'NEXT' }] as never }),
  entry('states: always', always, {
    events: [
      { type: 'ADD', by: 3 },
      { type: 'ADD', by: 4 },
      { type: 'ADD', by: 40 },
    ],
  }),
  entry('states: reenter and internal transitions', reenter, {
    events: ['NEXT', 'IN', 'NEXT', 'OUT', 'NEXT', 'SELF', 'SELF_AGAIN', 'NONE', 'END'].map((type) => ({
      type,
    })) as never,
  }),
  entry('states: wildcards and partial events', wildcards, {
    events: ['mouse.click.left', 'mouse.move', 'mouse', 'key.down', 'key.up', 'FORBIDDEN', 'END'].map((type) => ({
      type,
    })) as never,
  }),
  entry('states: tags and meta', tags, { events: [{ type: 'GO' }, { type: 'GO' }] as never }),
  entry('actions: enqueueActions of named ones', enqueued, {
    events: [{ type: 'GO', n: 1 }, { type: 'GO', n: 7 }, { type: 'END' }],
  }),
  entry('actions: emit and log', emits, { events: [{ type: 'TELL', n: 1 }, { type: 'TELL', n: 2 }, { type: 'END' }] }),
  entry('actions: raised events come before others', internal, { events: [{ type: 'GO' }] as never }),
  entry('input and output', withInput, {
    input: { name: 'ann', tags: new Set(['a', 'b']) },
    events: [{ type: 'END' }] as never,
  }),
  entry('output of nested final states', nestedOutput as never, { events: [{ type: 'GO' }] as never }),
  entry('values of every kind in the context', values, { events: [{ type: 'GO' }] as never }),
];
