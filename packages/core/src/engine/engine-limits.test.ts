import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type AnyActorLogic,
  type AnyActorRef,
  assign,
  createMachine,
  fromCallback,
  fromObservable,
  fromPromise,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import type { HoldfastError } from '../errors/index.js';
import { EngineWorld } from '../testing/engine-world.test-support.js';
import { Engine, findMisfits } from './index.js';

const promise = fromPromise(async () => undefined as unknown);
const broken = (): never => {
  throw new Error('broken');
};
const codeOf = (error: unknown) => (error as HoldfastError | undefined)?.code;

describe('what never comes to rest is stopped', () => {
  test('an endless loop of always', () => {
    const machine = createMachine({ initial: 'a', states: { a: { always: 'b' }, b: { always: 'a' } } });
    expect(codeOf(new EngineWorld(machine).view.error)).toBe('NO_QUIESCENCE');
  });

  test('a raise that raises itself', () => {
    const machine = createMachine({ on: { GO: { actions: raise({ type: 'GO' }) } } });
    expect(codeOf(new EngineWorld(machine).send({ type: 'GO' }).view.error)).toBe('NO_QUIESCENCE');
  });

  const echo = createMachine({
    types: {} as { events: { type: 'SAY'; from: AnyActorRef } },
    on: {
      SAY: {
        actions: sendTo(
          ({ event }) => event.from,
          ({ self }) => ({ type: 'SAY', from: self }),
        ),
      },
    },
  });
  const chat = setup({ actors: { echo } }).createMachine({
    entry: [spawnChild('echo', { id: 'a' }), spawnChild('echo', { id: 'b' })],
    on: {
      GO: {
        actions: sendTo('a', ({ self }) => ({
          type: 'SAY',
          from: (self.getSnapshot() as { children: Record<string, AnyActorRef> }).children.b,
        })),
      },
    },
  });

  test('two actors that answer each other for ever', () => {
    const world = new EngineWorld(chat);
    expect(codeOf(world.send({ type: 'GO' }).view.error)).toBe('NO_QUIESCENCE');
  });

  test('a machine that works long, but ends, is not', () => {
    const machine = createMachine({
      context: { n: 0 },
      initial: 'counting',
      states: {
        counting: {
          always: [
            { guard: ({ context }) => context.n >= 5000, target: 'over' },
            { target: 'counting', reenter: true, actions: assign({ n: ({ context }) => context.n + 1 }) },
          ],
        },
        over: { type: 'final' },
      },
    });
    expect(new EngineWorld(machine).view.status).toBe('done');
  });
});

describe('what throws fails the machine, and is stored so', () => {
  const failing: [string, AnyActorLogic, { type: string }[]][] = [
    ['context factory', createMachine({ context: broken }), []],
    ['guard', createMachine({ on: { GO: { guard: broken, actions: () => {} } } }), [{ type: 'GO' }]],
    [
      'guard of always at the start',
      createMachine({ initial: 'a', states: { a: { always: { guard: broken, target: 'b' } }, b: {} } }),
      [],
    ],
    ['assign', createMachine({ context: {}, on: { GO: { actions: assign(broken) } } }), [{ type: 'GO' }]],
    ['assign at the start', createMachine({ context: {}, entry: assign(broken) }), []],
    [
      'output',
      createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: { type: 'final' } }, output: broken }),
      [{ type: 'GO' }],
    ],
    ['delay', createMachine({ on: { GO: { actions: raise({ type: 'X' }, { delay: broken }) } } }), [{ type: 'GO' }]],
    ['params', createMachine({ on: { GO: { actions: { type: 'a', params: broken } } } }), [{ type: 'GO' }]],
    [
      'input',
      setup({ actors: { promise } }).createMachine({
        initial: 'a',
        states: { a: { on: { GO: 'b' } }, b: { invoke: { src: 'promise', input: broken } } },
      }),
      [{ type: 'GO' }],
    ],
  ];

  test.each(failing)('%s', (_, logic, events) => {
    const world = new EngineWorld(logic);
    for (const event of events) world.send(event);
    const failed = { status: 'error', error: { message: expect.stringMatching(/broken$/) } };
    expect(world.view).toMatchObject(failed);
    expect(world.last.changed).toBe(true);
    expect(world.last.actions).toEqual([]);
    expect(findMisfits(logic, world.engine.state())).toEqual([]);
    const value = world.view.value;
    world.restore();
    expect(world.view).toMatchObject({ ...failed, value });
    expect(world.leaves).toEqual([]);
  });

  test('a child that could not even begin does not keep its parent from being restored', () => {
    const child = createMachine({ id: 'child', context: broken });
    const parent = setup({ actors: { child } }).createMachine({
      context: { failed: 0 },
      entry: spawnChild('child', { id: 'child' }),
      on: {
        'xstate.error.actor.child': { actions: assign({ failed: ({ context }) => context.failed + 1 }) },
        GO: { actions: assign({ failed: ({ context }) => context.failed + 10 }) },
      },
    });
    const world = new EngineWorld(parent, { restores: 'after every turn' });
    expect(world.view.context).toEqual({ failed: 1 });
    expect(findMisfits(parent, world.engine.state())).toEqual([]);
    expect(world.send({ type: 'GO' }).view.context).toEqual({ failed: 11 });
  });

  test('a child that fails takes the error path of its parent', () => {
    const child = createMachine({ on: { GO: { guard: broken } } });
    const parent = setup({ actors: { child } }).createMachine({
      initial: 'a',
      states: {
        a: {
          invoke: { src: 'child', id: 'child', onError: 'b' },
          on: { GO: { actions: sendTo('child', { type: 'GO' }) } },
        },
        b: {},
      },
    });
    expect(new EngineWorld(parent, { restores: 'after every turn' }).send({ type: 'GO' }).view.value).toBe('b');
  });

  test('an action: the error path of its actor, as a turn of its own', () => {
    const machine = setup({ actors: { promise } }).createMachine({
      initial: 'a',
      states: { a: { entry: () => {}, invoke: { src: 'promise', id: 'work' }, on: { GO: {} } } },
    });
    const world = new EngineWorld(machine);
    const turn = world.engine.fail('', new Error('in an action'), world.now);
    expect(turn.stopped.map(({ path }) => path)).toEqual(['work']);
    expect(turn.changed).toBe(true);
    expect(world.view).toMatchObject({ status: 'error', error: new Error('in an action') });
  });

  test('an action of a child, which its parent handles', () => {
    const child = createMachine({ entry: () => {} });
    const parent = setup({ actors: { child } }).createMachine({
      initial: 'a',
      states: { a: { invoke: { src: 'child', id: 'child', onError: 'b' } }, b: {} },
    });
    const world = new EngineWorld(parent);
    world.engine.fail('child', new Error('in an action'), world.now);
    expect(world.view).toMatchObject({ status: 'active', value: 'b' });
    expect(world.engine.fail('child', new Error('again'), world.now).changed).toBe(false);
  });
});

describe("actors that can't go on after a crash are refused", () => {
  const live: [string, AnyActorLogic][] = [
    ['callback', fromCallback(() => {})],
    ['observable', fromObservable(() => ({ subscribe: () => ({ unsubscribe() {} }) }) as never)],
  ];

  test.each(live)('%s: when it is declared', (_, logic) => {
    const refuse = (machine: AnyActorLogic) => () => defineWorkflow({ id: 'w', version: 1, logic: machine });
    expect(refuse(setup({ actors: { logic } }).createMachine({}))).toThrow(
      expect.objectContaining({ code: 'ACTOR_NOT_DURABLE' }),
    );
    const inline = createMachine({ initial: 'a', states: { a: { invoke: { src: logic } } } });
    expect(refuse(inline)).toThrow(/inline in/);
    const deep = setup({ actors: { middle: setup({ actors: { logic } }).createMachine({}) } }).createMachine({});
    expect(refuse(deep)).toThrow(expect.objectContaining({ code: 'ACTOR_NOT_DURABLE' }));
  });

  test.each(live)('%s: when it is spawned', (_, logic) => {
    const machine = createMachine({ on: { GO: { actions: spawnChild(logic, { id: 'child' }) } } });
    expect(codeOf(new EngineWorld(machine).send({ type: 'GO' }).view.error)).toBe('ACTOR_NOT_DURABLE');
  });

  test('and whatever is spawned without a name to find it again', () => {
    const machine = createMachine({
      on: { GO: { actions: assign({ a: ({ spawn }) => spawn(promise as never) }) } },
      context: {},
    });
    const { error } = new EngineWorld(machine).send({ type: 'GO' }).view;
    expect(codeOf(error)).toBe('ACTOR_NOT_DURABLE');
    expect(String(error)).toMatch(/inline logic/);
  });
});

describe('results and messages that come too late', () => {
  const machine = setup({ actors: { promise } }).createMachine({
    context: { got: [] as unknown[] },
    initial: 'on',
    states: {
      on: {
        invoke: {
          src: 'promise',
          id: 'work',
          onDone: { actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) },
        },
        on: { AGAIN: { target: 'on', reenter: true }, OFF: 'off' },
      },
      off: { on: { ON: 'on' } },
    },
  });

  test.each(['never', 'after every turn'] as const)('of an invoke that was entered again; restored %s', (restores) => {
    const world = new EngineWorld(machine, { restores });
    const [stale] = world.engine.leaves;
    world.send({ type: 'AGAIN' });
    expect(world.leaves).toEqual(['work#2']);
    expect(world.engine.settle(stale as never, { output: 'stale' }, world.now).changed).toBe(false);
    world.resolve('work', 'fresh');
    expect(world.view.context).toEqual({ got: ['fresh'] });
  });

  test('of a state that was left, and of a leaf that is already done', () => {
    const world = new EngineWorld(machine);
    const [leaf] = world.engine.leaves;
    world.send({ type: 'OFF' });
    expect(world.engine.settle(leaf as never, { error: new Error('x') }, world.now).changed).toBe(false);
    world.send({ type: 'ON' });
    const [second] = world.engine.leaves;
    world.resolve('work', 1);
    world.engine.settle(second as never, { output: 2 }, world.now);
    expect(world.view.context).toEqual({ got: [1] });
  });

  test('an actor keeps the reference to one that was stopped: what it sends does not reach the next of that name', () => {
    const child = createMachine({ initial: 'off', states: { off: { on: { FLIP: 'on' } }, on: {} } });
    const keeper = setup({ actors: { child }, types: { context: {} as { old: unknown } } }).createMachine({
      context: ({ spawn }) => ({ old: spawn('child', { id: 'child' }) }),
      on: {
        RENEW: { actions: [stopChild('child'), spawnChild('child', { id: 'child' })] },
        SEND: { actions: sendTo(({ context }) => context.old as AnyActorRef, { type: 'FLIP' }) },
        SEND_LATER: { actions: sendTo(({ context }) => context.old as AnyActorRef, { type: 'FLIP' }, { delay: 5 }) },
        SEND_OUTSIDE: { actions: ({ context }) => (context.old as AnyActorRef).send({ type: 'FLIP' }) },
        STOP_OLD: { actions: stopChild(({ context }) => context.old as AnyActorRef) },
      },
    });
    for (const restores of ['never', 'after every turn'] as const) {
      const world = new EngineWorld(keeper, { restores });
      world
        .send({ type: 'RENEW' })
        .send({ type: 'SEND' })
        .send({ type: 'SEND_LATER' })
        .send({ type: 'SEND_OUTSIDE' })
        .advance(10);
      const { child: next } = (world.engine.root.getSnapshot() as { children: Record<string, AnyActorRef> }).children;
      expect(next?.getSnapshot().value).toBe('off');
      expect(world.view.status).toBe('active');
    }
  });
});

describe('after a restore', () => {
  test('of conflicting always transitions that of the node entered first is taken, as without it', () => {
    const region = (name: string) => ({
      initial: 'a',
      states: {
        a: { on: { [name]: 'b' } },
        b: { always: { target: `#${name}`, guard: ({ context }: { context: { out: boolean } }) => context.out } },
      },
    });
    const machine = createMachine({
      context: { out: false },
      initial: 'both',
      states: {
        both: { type: 'parallel', states: { left: region('left'), right: region('right') } },
        toLeft: { id: 'left' },
        toRight: { id: 'right' },
      },
      on: { OUT: { actions: assign({ out: true }) } },
    });
    const way = (world: EngineWorld) =>
      world.send({ type: 'right' }).send({ type: 'left' }).send({ type: 'OUT' }).view.value;
    expect(way(new EngineWorld(machine))).toBe('toRight');
    expect(way(new EngineWorld(machine, { restores: 'after every turn' }))).toBe('toRight');
  });

  test('automatic ids are not given again', () => {
    const machine = setup({ actors: { promise }, types: { context: {} as { all: unknown[] } } }).createMachine({
      context: { all: [] },
      on: { ADD: { actions: assign({ all: ({ context, spawn }) => [...context.all, spawn('promise')] }) } },
    });
    const world = new EngineWorld(machine, { restores: 'after every turn' });
    for (let i = 0; i < 3; i++) world.send({ type: 'ADD' }).restore();
    const ids = world.engine.leaves.map(({ path }) => path);
    expect(new Set(ids).size).toBe(3);
  });

  test('a spawned actor without an id is not replaced by the next, and its result is heard', () => {
    const machine = setup({ actors: { promise }, types: { context: {} as { heard: string[] } } }).createMachine({
      context: { heard: [] },
      on: {
        ADD: { actions: spawnChild('promise') },
        BOTH: { actions: [spawnChild('promise'), spawnChild('promise')] },
        'xstate.done.actor.*': { actions: assign({ heard: ({ context, event }) => [...context.heard, event.type] }) },
      },
    });
    for (const restores of ['never', 'after every turn'] as const) {
      const world = new EngineWorld(machine, { restores });
      world.send({ type: 'ADD' }).send({ type: 'ADD' }).send({ type: 'BOTH' });
      expect(world.leaves).toHaveLength(4);
      for (const { path } of world.engine.leaves) world.resolve(path);
      expect(new Set((world.view.context as { heard: string[] }).heard).size).toBe(4);
    }
  });

  test('incarnations go on counting, and a leaf keeps the instant of its birth', () => {
    const machine = setup({ actors: { promise } }).createMachine({
      initial: 'on',
      states: {
        on: { invoke: { src: 'promise', id: 'work' }, on: { AGAIN: { target: 'on', reenter: true }, NOTHING: {} } },
      },
    });
    const world = new EngineWorld(machine, { restores: 'after every turn' });
    world.advance(500).send({ type: 'AGAIN' }).advance(500).send({ type: 'NOTHING' });
    expect(world.engine.leaves).toEqual([{ path: 'work', incarnation: 2, bornAt: 1500 }]);
    world.send({ type: 'AGAIN' });
    expect(world.leaves).toEqual(['work#3']);
  });

  test('a context that leads back to itself, and references in every kind of place', () => {
    const child = createMachine({});
    const machine = setup({ actors: { child }, types: { context: {} as Record<string, unknown> } }).createMachine({
      context: ({ spawn, self }) => {
        const actor = spawn('child', { id: 'child' });
        const ring: Record<string, unknown> = {
          actor,
          set: new Set([actor]),
          map: new Map([[actor, actor]]),
          list: [self],
        };
        ring.ring = ring;
        return { ring, actor };
      },
    });
    const world = new EngineWorld(machine).restore().restore();
    const { ring, actor } = world.view.context as { ring: Record<string, unknown>; actor: unknown };
    expect(ring.ring).toBe(ring);
    expect(actor).toBe((world.engine.root.getSnapshot() as { children: Record<string, unknown> }).children.child);
    expect(ring.actor).toBe(actor);
    expect([...(ring.set as Set<unknown>)]).toEqual([actor]);
    expect([...(ring.map as Map<unknown, unknown>)]).toEqual([[actor, actor]]);
    expect((ring.list as unknown[])[0]).toBe(world.engine.root);
  });

  test("a child's reference to its parent, and a leaf's input, lead to the actors", () => {
    const child = setup({
      types: { input: {} as { parent: AnyActorRef }, context: {} as { parent: AnyActorRef } },
    }).createMachine({
      context: ({ input }) => input,
      on: { CALL: { actions: sendTo(({ context }) => context.parent, { type: 'CALLED' }) } },
    });
    const machine = setup({ actors: { child, promise } }).createMachine({
      context: { called: 0 },
      invoke: [
        { src: 'child', id: 'child', input: ({ self }) => ({ parent: self }) },
        { src: 'promise', id: 'work', input: ({ self }) => ({ parent: self }) },
      ],
      on: {
        CALL: { actions: sendTo('child', { type: 'CALL' }) },
        CALLED: { actions: assign({ called: ({ context }) => context.called + 1 }) },
      },
    });
    const world = new EngineWorld(machine).restore().send({ type: 'CALL' });
    expect(world.view.context).toEqual({ called: 1 });
    const leaf = world.engine.leafActor({ path: 'work', incarnation: 1 });
    expect(leaf?.getSnapshot()).toHaveProperty('input.parent', world.engine.root);
  });

  test('nothing of the past is repeated', () => {
    const entry = vi.fn();
    const machine = setup({ actors: { promise } }).createMachine({
      entry,
      invoke: { src: 'promise', id: 'work' },
      after: { 50: { actions: entry } },
    });
    const world = new EngineWorld(machine);
    const timers = [...world.engine.timers];
    world.restore();
    expect(entry).toHaveBeenCalledTimes(1);
    expect([...world.engine.timers]).toEqual(timers);
  });

  test('what is stored does not change by being restored', () => {
    const world = new EngineWorld(
      setup({ actors: { promise } }).createMachine({
        context: { a: [1] },
        invoke: { src: 'promise', id: 'work' },
        after: { 50: {} },
      }),
    );
    const before = world.stored();
    expect(world.restore().stored()).toBe(before);
  });
});

describe('pending actions', () => {
  test('of an actor that the same transition stopped are found again', () => {
    const notes: unknown[] = [];
    const child = setup({
      actions: { named: ({ context }, params: number) => void notes.push(['named', context, params]) },
    }).createMachine({
      id: 'child',
      context: { secret: 1 },
      initial: 'a',
      states: {
        a: { on: { GO: 'b' } },
        b: { type: 'final', entry: [{ type: 'named', params: 5 }, ({ self }) => notes.push(self.id)] },
      },
    });
    const middle = setup({ actors: { child } }).createMachine({
      initial: 'a',
      states: {
        a: { invoke: { src: 'child', id: 'kid', onDone: 'b' }, on: { GO: { actions: sendTo('kid', { type: 'GO' }) } } },
        b: { type: 'final' },
      },
    });
    const machine = setup({ actors: { middle } }).createMachine({
      initial: 'a',
      states: {
        a: {
          invoke: { src: 'middle', id: 'middle', onDone: 'b' },
          on: { GO: { actions: sendTo('middle', { type: 'GO' }) } },
        },
        b: {},
      },
    });
    for (const restores of ['never', 'after every turn'] as const) {
      notes.length = 0;
      expect(new EngineWorld(machine, { restores }).send({ type: 'GO' }).view.value).toBe('b');
      expect(notes).toEqual([['named', { secret: 1 }, 5], 'kid']);
    }
  });

  test('that this code no longer has are not resolved', () => {
    const action = () => {};
    const { engine, last } = new EngineWorld(
      setup({ actions: { named: action } }).createMachine({ id: 'm', entry: ['named', () => {}] }),
    );
    const [named, inline] = last.actions.map(({ row }) => row);
    expect(named).toMatchObject({ type: 'named', actor: '' });
    expect(inline).toMatchObject({ place: 'm entry 1' });
    for (const row of [named, inline]) expect(engine.resolveAction(row as never)).toBeDefined();
    expect(engine.resolveAction({ ...named, type: 'gone' } as never)).toBeUndefined();
    expect(engine.resolveAction({ ...inline, place: 'm entry 2' } as never)).toBeUndefined();
    expect(engine.resolveAction({ ...named, actor: 'nobody' } as never)).toBeUndefined();
    expect(engine.resolveAction({ ...named, actor: 'nobody', sources: ['nothing'] } as never)).toBeUndefined();
  });

  test('see the context of their moment', () => {
    const machine = createMachine({ context: { n: 0 }, entry: ['before', assign({ n: 1 }), 'after'] }).provide({
      actions: { before: () => {}, after: () => {} },
    });
    const rows = new EngineWorld(machine).last.actions.map(({ row }) => row);
    expect(rows[0]).toMatchObject({ context: { n: 0 } });
    expect(rows[1]).not.toHaveProperty('context');
  });

  test('inline ones stand in their place: entry, exit, on, always, after, initial, invoke', () => {
    const noted: string[] = [];
    const note = (name: string) => () => void noted.push(name);
    const machine = setup({ actors: { promise } }).createMachine({
      id: 'm',
      initial: { target: 'a', actions: note('initial') },
      states: {
        a: {
          entry: [note('entry 0'), note('entry 1')],
          exit: note('exit'),
          on: { GO: { target: 'b', actions: note('on') }, '*': { actions: note('wildcard') } },
        },
        b: { always: { target: 'c', actions: note('always') } },
        c: { after: { 5: { target: 'd', actions: note('after') } } },
        d: { invoke: { src: 'promise', id: 'work', onDone: { actions: note('onDone') } } },
      },
    });
    const world = new EngineWorld(machine, { restores: 'after every turn' });
    world.send({ type: 'OTHER' }).send({ type: 'GO' }).advance(5).resolve('work');
    expect([...noted].sort()).toEqual([
      'after',
      'always',
      'entry 0',
      'entry 1',
      'exit',
      'initial',
      'on',
      'onDone',
      'wildcard',
    ]);
  });
});

describe('delays', () => {
  const delayed = (delay: number) =>
    createMachine({ on: { GO: { actions: raise({ type: 'DUE' }, { delay, id: 'it' }) }, DUE: {} } });

  test.each([Number.NaN, -5, 0, -Infinity])('of %s are due at once', (delay) => {
    const world = new EngineWorld(delayed(delay)).send({ type: 'GO' });
    expect(world.timers).toEqual([{ at: 1000, type: 'DUE', to: '' }]);
  });

  test('of Infinity never are', () => {
    expect(new EngineWorld(delayed(Infinity)).send({ type: 'GO' }).timers).toEqual([]);
  });

  test('of a hundred years are', () => {
    const ms = 100 * 365 * 86_400_000;
    expect(new EngineWorld(delayed(ms)).send({ type: 'GO' }).timers).toEqual([{ at: 1000 + ms, type: 'DUE', to: '' }]);
  });

  test('a timer that is gone does nothing; one of the same id replaces the first', () => {
    const world = new EngineWorld(delayed(10)).send({ type: 'GO' }).advance(5).send({ type: 'GO' });
    expect(world.timers.map(({ at }) => at)).toEqual([1015]);
    const turn = world.engine.fire('nothing', world.now);
    expect([turn.changed, turn.timersChanged]).toEqual([false, true]);
  });

  test('of a child that its own message stops end with it, those of the next at its path do not', () => {
    const child = createMachine({ after: { 50: { actions: sendParent({ type: 'AGAIN' }) } } });
    const machine = setup({ actors: { child } }).createMachine({
      initial: 'a',
      states: { a: { invoke: { src: 'child', id: 'c' }, on: { AGAIN: { target: 'a', reenter: true } } } },
    });
    for (const restores of ['never', 'after every turn'] as const) {
      expect(new EngineWorld(machine, { restores }).advance(50).timers.map(({ at }) => at)).toEqual([1100]);
    }
  });

  test('of a child end with it', () => {
    const child = createMachine({ after: { 50: {} } });
    const machine = setup({ actors: { child } }).createMachine({
      initial: 'a',
      states: { a: { invoke: { src: 'child', id: 'c' }, after: { 60: {} }, on: { GO: 'b' } }, b: {} },
    });
    const world = new EngineWorld(machine);
    expect(world.timers).toHaveLength(2);
    expect(world.send({ type: 'GO' }).timers).toEqual([]);
    expect(world.last.timersChanged).toBe(true);
  });
});

describe('a turn', () => {
  test('says whether some transition took the event, and whether anything changed', () => {
    const world = new EngineWorld(createMachine({ on: { KNOWN: {}, 'some.*': {} } }));
    const taken = (type: string) => world.send({ type }).last.taken;
    expect([taken('KNOWN'), taken('OTHER'), taken('some.thing')]).toEqual([true, false, true]);
  });

  test('a leaf that is started and stopped within one never was', () => {
    const machine = setup({ actors: { promise } }).createMachine({
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: { invoke: { src: 'promise', id: 'work' }, always: 'c' }, c: {} },
    });
    const { last } = new EngineWorld(machine).send({ type: 'GO' });
    expect([last.started, last.stopped]).toEqual([[], []]);
  });

  test('two actors of one systemId', () => {
    const child = createMachine({});
    const machine = setup({ actors: { child } }).createMachine({
      entry: spawnChild('child', { id: 'a', systemId: 's' }),
      on: {
        CLASH: { actions: spawnChild('child', { id: 'b', systemId: 's' }) },
        MOVE: { actions: [stopChild('a'), spawnChild('child', { id: 'b', systemId: 's' })] },
      },
    });
    expect(String(new EngineWorld(machine).send({ type: 'CLASH' }).view.error)).toMatch(/already exists/);
    const world = new EngineWorld(machine, { restores: 'after every turn' }).send({ type: 'MOVE' });
    expect(world.view.status).toBe('active');
    expect(world.engine.root.system.get('s')?.id).toBe('b');
  });

  test("machines do not share what happens: a message for an actor that isn't there is dropped", () => {
    const world = new EngineWorld(createMachine({ on: { GO: {} } }));
    const turn = world.engine.deliver({ to: 'nobody', incarnation: 1, event: { type: 'GO' } }, world.now);
    expect([turn.changed, turn.taken]).toEqual([false, false]);
  });
});

describe('a step function as the root', () => {
  test('is a leaf from birth to its end', () => {
    const world = new EngineWorld(promise, { restores: 'after every turn' });
    expect(world.leaves).toEqual(['#1']);
    world.resolve('', 5);
    expect([world.view.status, world.view.output, world.leaves]).toEqual(['done', 5, []]);
  });

  test('and when it fails', () => {
    const world = new EngineWorld(promise).reject('', new Error('x'));
    expect([world.view.status, world.last.changed]).toEqual(['error', true]);
    expect(world.restore().view).toMatchObject({ status: 'error', error: new Error('x') });
  });
});

describe('what no longer fits is named', () => {
  const stored = (logic: AnyActorLogic, ...events: string[]) => {
    const world = new EngineWorld(logic);
    for (const type of events) world.send({ type });
    return world.engine.state();
  };
  const child = createMachine({ id: 'c', initial: 'x', states: { x: {} } });
  const first = setup({ actors: { child, promise } }).createMachine({
    id: 'm',
    type: 'parallel',
    states: {
      a: { initial: 'one', states: { one: { invoke: { src: 'promise', id: 'work' } } } },
      b: { invoke: { src: 'child', id: 'kid' } },
    },
  });

  test('nothing, while everything is there', () => {
    expect(findMisfits(first, stored(first))).toEqual([]);
  });

  test('states, actors, and states of actors', () => {
    const other = createMachine({ id: 'c', initial: 'y', states: { y: {} } });
    const second = setup({ actors: { child: other } }).createMachine({
      id: 'm',
      type: 'parallel',
      states: { a: { initial: 'two', states: { two: {} } }, b: { invoke: { src: 'child', id: 'kid' } } },
    });
    expect(findMisfits(second, stored(first))).toEqual([
      { kind: 'state', name: 'm.a.one' },
      { kind: 'actor', name: 'promise (running as work)' },
      { kind: 'state', name: 'c.x in kid' },
    ]);
  });

  test('an inline actor whose state is gone', () => {
    const inline = createMachine({ id: 'm', initial: 'a', states: { a: { invoke: { src: promise } } } });
    const gone = createMachine({ id: 'm', initial: 'a', states: { a: {} } });
    expect(findMisfits(gone, stored(inline))).toMatchObject([{ kind: 'actor' }]);
  });

  test('a machine that became a step function', () => {
    expect(findMisfits(promise, stored(first))).toMatchObject([{ kind: 'actor' }]);
    expect(findMisfits(first, stored(promise))).toMatchObject([{ kind: 'actor' }]);
  });
});

test('the engine warns nobody on the console for what it drops itself', () => {
  const machine = createMachine({ initial: 'a', states: { a: { type: 'final' } } });
  const { engine } = Engine.start({ logic: machine }, undefined, 0, () => {});
  engine.settle({ path: 'nobody', incarnation: 1 }, { output: 1 }, 0);
  expect(console.warn).not.toHaveBeenCalled();
});

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});
