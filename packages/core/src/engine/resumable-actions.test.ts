import { describe, expect, test, vi } from 'vitest';
import {
  type AnyActorRef,
  type AnyStateMachine,
  assign,
  createActor,
  createMachine,
  enqueueActions,
  fromPromise,
  raise,
  sendTo,
  setup,
} from 'xstate';
import { EngineWorld } from '../testing/engine-world.test-support.js';
import { originOf } from './queued.js';

/** A crash between the commit and the performing of an action must not lose it: its row leads to the function again. */

type Note = (...what: unknown[]) => void;
type Move = (world: EngineWorld) => unknown;
const send =
  (type: string): Move =>
  (world) =>
    world.send({ type });
const promise = fromPromise(async () => undefined as unknown);
const broken = new Error('broken');

interface Case {
  readonly machine: (note: Note) => AnyStateMachine;
  readonly moves: readonly Move[];
  /** What is noted, in order. */
  readonly notes: readonly unknown[][];
}

const CASES: Record<string, Case> = {
  'inline functions of enqueueActions, with what the collector saw': {
    machine: (note) =>
      createMachine({
        context: { n: 1 },
        on: {
          GO: {
            actions: [
              enqueueActions(({ enqueue, check, context, event }) => {
                enqueue(({ context: now }) => note('first', context.n, now.n, event.type));
                enqueue.assign({ n: 5 });
                enqueue.raise({ type: 'RAISED' });
                if (check(({ context }) => context.n === 1))
                  enqueue(({ context: now }) => note('small', context.n, now.n));
                else enqueue(() => note('large'));
                enqueue(function last({ self }) {
                  note('last', self.id === 'x:0');
                });
              }),
              assign({ n: 9 }),
            ],
          },
          RAISED: {},
        },
      }),
    moves: [send('GO'), send('GO')],
    notes: [['first', 1, 1, 'GO'], ['small', 1, 5], ['last', true], ['first', 9, 9, 'GO'], ['large'], ['last', true]],
  },
  'enqueueActions by name, with params, beside named and inline ones': {
    machine: (note) =>
      setup({
        actions: {
          plain: (_, params: number) => note('plain', params),
          many: enqueueActions(({ enqueue }, params: { times: number }) => {
            for (let i = 0; i < params.times; i++) enqueue(() => note('many', i));
            enqueue({ type: 'plain', params: params.times } as never);
          }),
        },
      }).createMachine({
        entry: [
          { type: 'many', params: { times: 2 } },
          { type: 'many', params: () => ({ times: 1 }) },
        ],
      }),
    moves: [],
    notes: [
      ['many', 0],
      ['many', 1],
      ['plain', 2],
      ['many', 0],
      ['plain', 1],
    ],
  },
  'enqueueActions in enqueueActions': {
    machine: (note) =>
      createMachine({
        context: { n: 0 },
        entry: enqueueActions(({ enqueue }) => {
          enqueue.assign({ n: 1 });
          enqueue(() => note('outer'));
          enqueue(
            enqueueActions(({ enqueue, context, check }) => {
              const yes = check(() => true);
              enqueue(() => note('inner', context.n, yes));
              enqueue(enqueueActions(({ enqueue }) => enqueue(() => note('innermost'))));
            }),
          );
          enqueue.assign({ n: 2 });
        }),
      }),
    moves: [],
    notes: [['outer'], ['inner', 1, true], ['innermost']],
  },
  'one function queued in several places, and twice in one': {
    machine: (note) => {
      const shared = ({ context }: { context: Record<string, unknown> }) => note('shared', context.n);
      const add = () => assign({ n: ({ context }) => Number(context.n) + 1 });
      return createMachine({
        context: { n: 0 },
        entry: [
          enqueueActions(({ enqueue }) => {
            enqueue(shared);
            enqueue(add());
            enqueue(shared);
          }),
          enqueueActions(({ enqueue }) => {
            enqueue(() => note('other'));
            enqueue(shared);
          }),
        ],
      });
    },
    moves: [],
    notes: [['shared', 0], ['shared', 1], ['other'], ['shared', 1]],
  },
  'one function queued by two machines': {
    machine: (note) => {
      const shared = ({ self }: { self: { id: string } }) => note(self.id);
      const child = createMachine({ entry: enqueueActions(({ enqueue }) => enqueue(shared)) });
      return setup({ actors: { child } }).createMachine({
        entry: enqueueActions(({ enqueue }) => enqueue(shared)),
        invoke: { src: 'child', id: 'child' },
      });
    },
    moves: [],
    notes: [['child'], ['x:0']],
  },
  'those of invoked and spawned machines': {
    machine: (note) => {
      const child = setup({
        types: {} as { input: { name: string }; context: { name: string } },
        actions: { named: ({ context }, params: string) => note('named', context.name, params) },
      }).createMachine({
        context: ({ input }) => input,
        entry: [
          ({ context }) => note('entry', context.name),
          { type: 'named', params: ({ context }) => `of ${context.name}` },
          enqueueActions(({ enqueue, context }) => enqueue(() => note('queued', context.name))),
        ],
        on: { GO: { actions: [() => note('go'), { type: 'named', params: 'go' }] } },
        exit: () => note('child left'),
      });
      return setup({ actors: { child }, types: {} as { context: { ref?: AnyActorRef } } }).createMachine({
        context: {},
        initial: 'a',
        states: {
          a: {
            invoke: { src: 'child', id: 'invoked', input: { name: 'i' } },
            entry: assign({ ref: ({ spawn }) => spawn('child', { id: 'spawned', input: { name: 's' } }) }),
            on: {
              GO: {
                actions: [
                  sendTo('invoked', { type: 'GO' }),
                  sendTo(({ context }) => context.ref as AnyActorRef, { type: 'GO' }),
                ],
              },
            },
          },
        },
      });
    },
    moves: [send('GO')],
    notes: [
      ['entry', 's'],
      ['named', 's', 'of s'],
      ['queued', 's'],
      ['entry', 'i'],
      ['named', 'i', 'of i'],
      ['queued', 'i'],
      ['go'],
      ['named', 'i', 'go'],
      ['go'],
      ['named', 's', 'go'],
    ],
  },
  'those in onDone, onError and onSnapshot of invokes': {
    machine: (note) => {
      const lamp = createMachine({ initial: 'off', states: { off: { on: { FLIP: 'on' } }, on: {} } });
      return setup({ actors: { promise, lamp } }).createMachine({
        invoke: [
          { src: 'promise', id: 'good', onDone: { actions: ({ event }) => note('done', event.output) } },
          {
            src: 'promise',
            id: 'bad',
            onError: {
              actions: enqueueActions(({ enqueue, event }) =>
                enqueue(() => note('error', (event.error as Error).message)),
              ),
            },
          },
          { src: 'lamp', id: 'lamp', onSnapshot: { actions: ({ event }) => note('snapshot', event.snapshot.value) } },
        ],
        on: { FLIP: { actions: sendTo('lamp', { type: 'FLIP' }) } },
      });
    },
    moves: [(world) => world.resolve('good', 7), (world) => world.reject('bad', broken), send('FLIP')],
    notes: [
      ['snapshot', 'off'],
      ['done', 7],
      ['error', 'broken'],
      ['snapshot', 'on'],
    ],
  },
  'those of an initial state that a history leads to, of a nested done, and of an actor that ends': {
    machine: (note) =>
      createMachine({
        initial: 'a',
        states: {
          a: { on: { GO: 'b.past' } },
          b: {
            initial: { target: 'first', actions: () => note('initial') },
            entry: () => note('b'),
            states: {
              first: { on: { GO: 'second' } },
              second: { type: 'final', entry: enqueueActions(({ enqueue }) => enqueue(() => note('second'))) },
              past: { type: 'history' },
            },
            onDone: { target: 'end', actions: () => note('b done') },
          },
          end: { type: 'final', entry: () => note('end') },
        },
        exit: [() => note('exit'), enqueueActions(({ enqueue }) => enqueue(() => note('exit queued')))],
      }),
    moves: [send('GO'), send('GO')],
    notes: [['b'], ['initial'], ['second'], ['b done'], ['end'], ['exit'], ['exit queued']],
  },
  'those of a child that its own transition ended': {
    machine: (note) => {
      const child = createMachine({
        initial: 'a',
        states: {
          a: { on: { GO: 'b' } },
          b: { type: 'final', entry: enqueueActions(({ enqueue, context }) => enqueue(() => note('last', context))) },
        },
        context: { of: 'child' },
      });
      return setup({ actors: { child } }).createMachine({
        initial: 'a',
        states: {
          a: { invoke: { src: 'child', id: 'c', onDone: 'b' }, on: { GO: { actions: sendTo('c', { type: 'GO' }) } } },
          b: {},
        },
      });
    },
    moves: [send('GO')],
    notes: [['last', { of: 'child' }]],
  },
  'those of raised events and of transitions without an event': {
    machine: (note) =>
      createMachine({
        initial: 'a',
        states: {
          a: { on: { GO: { target: 'b', actions: raise({ type: 'NEXT', by: 'raise' } as never) } } },
          b: { on: { NEXT: { target: 'c', actions: ({ event }) => note('next', event.by) } } },
          c: {
            always: { target: 'd', actions: enqueueActions(({ enqueue, event }) => enqueue(() => note(event.type))) },
          },
          d: {},
        },
      }),
    moves: [send('GO')],
    notes: [['next', 'raise'], ['NEXT']],
  },
};

describe.each(Object.entries(CASES))('%s', (_, { machine, moves, notes }) => {
  test.each(['never', 'after every turn'] as const)('are performed; restored %s', (restores) => {
    const noted: unknown[][] = [];
    const world = new EngineWorld(
      machine((...what) => void noted.push(what)),
      { restores },
    );
    for (const move of moves) move(world);
    expect(noted).toEqual(notes);
    expect(world.view.status).not.toBe('error');
  });
});

describe('a function that is not found again', () => {
  test('because its collector queues less now', () => {
    let many = true;
    const { engine, last } = new EngineWorld(
      createMachine({
        entry: enqueueActions(({ enqueue }) => {
          if (many) enqueue(() => {});
          enqueue('named');
          enqueue(() => {});
        }),
      }),
    );
    const row = last.actions.at(-1)?.row;
    expect(row).toMatchObject({ place: '(machine) entry 0', queued: [{ n: 2, answers: [] }] });
    expect(engine.resolveAction(row as never)).toBeDefined();
    many = false;
    expect(engine.resolveAction(row as never)).toBeUndefined();
  });

  test('because its collector is gone', () => {
    const { last } = new EngineWorld(createMachine({ entry: enqueueActions(({ enqueue }) => enqueue(() => {})) }));
    const { engine } = new EngineWorld(createMachine({ entry: () => {} }));
    expect(engine.resolveAction(last.actions[0]?.row as never)).toBeUndefined();
  });
});

test('what enqueueActions makes does the same outside of the engine, and nothing is kept of it', () => {
  const noted: unknown[] = [];
  const queued: unknown[] = [];
  const collect = vi.fn(({ enqueue, check }) => {
    const action = () => noted.push(check(() => true));
    queued.push(action);
    enqueue(action);
    enqueue.raise({ type: 'X' });
  });
  const machine = createMachine({ entry: enqueueActions(collect) });
  new EngineWorld(machine);
  const [first] = collect.mock.calls[0] as [Record<string, object>];
  createActor(machine).start();
  const [second] = collect.mock.calls[1] as [Record<string, object>];
  expect(Object.keys(first).sort()).toEqual(Object.keys(second).sort());
  expect(Object.keys(first.enqueue as object).sort()).toEqual(Object.keys(second.enqueue as object).sort());
  expect(noted).toEqual([true, true]);
  expect(queued.map((action) => originOf(action) !== undefined)).toEqual([true, false]);
});
