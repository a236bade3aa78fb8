import { describe, expect, test } from 'vitest';
import {
  type AnyActorLogic,
  type AnyStateMachine,
  assign,
  createMachine,
  fromPromise,
  fromTransition,
  setup,
  spawnChild,
} from 'xstate';
import { seededRandom } from '../steps/random.js';
import { EngineWorld } from '../testing/engine-world.test-support.js';
import { findMisfits } from './index.js';

const promise = fromPromise(async () => undefined as unknown);
const child = createMachine({ id: 'c', initial: 'x', states: { x: { on: { NEXT: 'y' } }, y: {} } });

function machine(states: object, options: { actors?: object; delays?: object; context?: object; more?: object } = {}) {
  const { actors = { promise, child }, delays = {}, context = {}, more = {} } = options;
  const provided = setup({ actors, delays } as never);
  return provided.createMachine({
    id: 'm',
    initial: 'a',
    context,
    states,
    ...more,
  } as never) as unknown as AnyStateMachine;
}
const go = { type: 'GO' };

describe('after timers', () => {
  const plain = machine({ a: { after: { 1000: 'b' } }, b: {} });

  test('keep their deadline where the delay is the same', () => {
    const world = new EngineWorld(plain).advance(400).upgrade(machine({ a: { after: { 1000: 'c' } }, c: {} }));
    expect(world.timers).toEqual([{ at: 2000, type: 'xstate.after.1000.m.a', to: '' }]);
    expect(world.advance(600).view.value).toBe('c');
  });

  test('of another delay count from the entry of the state, and are due at once when that is over', () => {
    const later = new EngineWorld(plain).advance(400).upgrade(machine({ a: { after: { 2000: 'b' } }, b: {} }));
    expect(later.timers).toEqual([{ at: 3000, type: 'xstate.after.2000.m.a', to: '' }]);
    const sooner = new EngineWorld(plain).advance(400).upgrade(machine({ a: { after: { 300: 'b' } }, b: {} }));
    expect(sooner.timers).toEqual([{ at: 1300, type: 'xstate.after.300.m.a', to: '' }]);
    expect(sooner.advance(0).view.value).toBe('b');
    expect(sooner.timers).toEqual([]);
  });

  test('of a named delay follow its number, and stay as they are where it is computed', () => {
    const named = (wait: unknown) => machine({ a: { after: { wait: 'b' } }, b: {} }, { delays: { wait } });
    const deadlines = (from: unknown, to: unknown) =>
      new EngineWorld(named(from))
        .advance(400)
        .upgrade(named(to))
        .timers.map(({ at }) => at);
    expect(deadlines(1000, 2000)).toEqual([3000]);
    expect(deadlines(1000, () => 2000)).toEqual([2000]);
    expect(deadlines(() => 1000, 2000)).toEqual([3000]);
  });

  test('that were added count from the entry too, computed ones as well', () => {
    const wait = ({ context }: { context: { ms: number } }) => context.ms;
    const delayed = machine({ a: { after: { wait: 'b' } }, b: {} }, { delays: { wait }, context: { ms: 700 } });
    const world = new EngineWorld(machine({ a: {} }, { context: { ms: 700 } })).advance(400).upgrade(delayed);
    expect(world.timers.map(({ at }) => at)).toEqual([1700]);
  });

  test('that were removed go', () => {
    expect(new EngineWorld(plain).upgrade(machine({ a: {} })).timers).toEqual([]);
  });

  test('that went off in this stay do not go off again; in the next one they do', () => {
    const guarded = (more = {}) =>
      machine({
        a: { after: { 1000: { guard: () => false, target: 'b' } }, on: { GO: 'a2' }, ...more },
        b: {},
        a2: { on: { GO: 'a' } },
      });
    const world = new EngineWorld(guarded()).advance(5000).upgrade(guarded({ tags: ['new'], exit: () => {} }));
    expect(world.timers).toEqual([]);
    expect(
      world
        .send(go)
        .send(go)
        .timers.map(({ at }) => at),
    ).toEqual([7000]);
  });

  test('count from the last entry, though the state was active before and after', () => {
    const again = (after: object) => machine({ a: { on: { GO: { target: 'a', reenter: true } }, after }, b: {} });
    const world = new EngineWorld(again({}))
      .advance(500)
      .send(go)
      .advance(200)
      .upgrade(again({ 1000: 'b' }));
    expect(world.timers.map(({ at }) => at)).toEqual([2500]);
    const still = (after: object) => machine({ a: { on: { GO: { actions: assign({}) } }, after }, b: {} });
    const other = new EngineWorld(still({}))
      .advance(500)
      .send(go)
      .advance(200)
      .upgrade(still({ 1000: 'b' }));
    expect(other.timers.map(({ at }) => at)).toEqual([2000]);
  });

  test('of a region count from its own entry, whatever the other regions do', () => {
    const both = (after: object) =>
      machine(
        {
          a: { initial: 'one', states: { one: { after }, two: {} } },
          b: { initial: 'one', on: { GO: '.one' }, states: { one: { after } } },
        },
        { more: { type: 'parallel', initial: undefined } },
      );
    const world = new EngineWorld(both({}))
      .advance(500)
      .send(go)
      .upgrade(both({ 1000: {} }));
    expect(world.timers.map(({ at, type }) => [type, at])).toEqual([
      ['xstate.after.1000.m.a.one', 2000],
      ['xstate.after.1000.m.b.one', 2500],
    ]);
  });

  test('of a child machine', () => {
    const inside = (after: object) =>
      createMachine({ id: 'c', initial: 'x', states: { x: { after }, y: {} } } as never);
    const outer = (after: object) =>
      machine({ a: { invoke: { src: 'child', id: 'kid' } } }, { actors: { child: inside(after) } });
    const world = new EngineWorld(outer({})).advance(500).upgrade(outer({ 2000: 'y' }));
    expect(world.timers).toEqual([{ at: 3000, type: 'xstate.after.2000.c.x', to: 'kid' }]);
  });
});

test('a stay begins and ends when XState enters and leaves the state, whatever the transition', () => {
  const after = { 1e6: { actions: () => {} } };
  const leaf = { after };
  const logic = machine(
    {
      p: {
        after,
        type: 'parallel',
        on: { OUT: 'q', AGAIN: { target: 'p', reenter: true }, SELF: 'p' },
        states: {
          one: {
            after,
            initial: 'x',
            on: { RACE: '#m.q', INNER: { target: '.y', reenter: true }, FIRST: '.x' },
            states: {
              x: { after, on: { NEXT: 'y', RACE: 'y', RE: { target: 'x', reenter: true } } },
              y: leaf,
              back: { type: 'history' },
            },
          },
          two: {
            after,
            initial: 'x',
            on: { RACE: '.y', FIRST: { target: '.x', reenter: true } },
            states: {
              x: { after, on: { NEXT: 'z', RACE: '#m.q' } },
              y: leaf,
              z: { after, initial: 'v', states: { v: leaf, w: leaf } },
            },
          },
        },
      },
      q: { after, on: { BACK: 'p.one.back', IN: ['p'], DEEP: '#m.p.two.z.w', NEXT: '#m' } },
    },
    { more: { initial: 'p', after, on: { ROOT: { target: '#m', reenter: true }, DROP: { target: '.q' } } } },
  );
  const types = ['OUT', 'AGAIN', 'SELF', 'RACE', 'INNER', 'FIRST', 'NEXT', 'RE', 'BACK', 'IN', 'DEEP', 'ROOT', 'DROP'];
  const random = seededRandom('stays');
  const world = new EngineWorld(logic);
  for (let i = 0; i < 400; i++) {
    const type = types[Math.floor(random() * types.length)] as string;
    world.advance(1).send({ type });
    const entered = world.timers.map((timer) => [timer.type.replace('xstate.after.1000000.', ''), timer.at - 1e6]);
    const visits = Object.entries(world.engine.state().visits[''] ?? {}).map(([id, { at }]) => [id, at]);
    expect(Object.fromEntries(visits), `${i}: ${type}`).toEqual(Object.fromEntries(entered));
  }
});

describe('invoked actors', () => {
  const idle = machine({ a: { on: { GO: 'a2' } }, a2: { on: { GO: 'a' } } });
  const invoking = (src: string, more: object = {}) =>
    machine({
      a: { invoke: { src, id: 'work', onDone: { actions: assign({ done: true }) } }, on: { GO: 'a2' }, ...more },
      a2: { on: { GO: 'a' } },
    });

  test('that were added to an active state are started', () => {
    const world = new EngineWorld(idle).upgrade(invoking('promise'));
    expect(world.leaves).toEqual(['work#1']);
    expect(world.last.started).toMatchObject([{ path: 'work', incarnation: 1 }]);
    expect(world.resolve('work').view.context).toEqual({ done: true });
  });

  test('that were added are a machine: it runs', () => {
    const world = new EngineWorld(idle).upgrade(invoking('child'));
    expect(world.engine.state().snapshot.children?.work?.snapshot.value).toBe('x');
    expect(world.restore().engine.state().snapshot.children?.work?.snapshot.value).toBe('x');
  });

  test('whose invoke is gone are stopped, with what they wait for', () => {
    const timed = createMachine({ initial: 'x', states: { x: { after: { 1000: 'y' } }, y: {} } });
    const actors = { promise, child: timed };
    const both = machine(
      {
        a: {
          invoke: [
            { src: 'promise', id: 'work' },
            { src: 'child', id: 'kid' },
          ],
        },
      },
      { actors },
    );
    const world = new EngineWorld(both).upgrade(machine({ a: {} }, { actors }));
    expect(world.leaves).toEqual([]);
    expect(world.last.stopped).toMatchObject([{ path: 'work' }]);
    expect(world.timers).toEqual([]);
    expect(world.engine.state().snapshot.children).toEqual({});
  });

  test('whose source changed are started anew', () => {
    const actors = { promise, other: promise };
    const of = (src: string) => machine({ a: { invoke: { src, id: 'work' } } }, { actors });
    const world = new EngineWorld(of('promise')).upgrade(of('other'));
    expect(world.leaves).toEqual(['work#2']);
    expect(world.last.stopped).toMatchObject([{ path: 'work', incarnation: 1 }]);
  });

  test('that ended in this stay are not started again; in the next one they are', () => {
    const world = new EngineWorld(invoking('promise')).resolve('work').upgrade(invoking('promise', { exit: () => {} }));
    expect(world.leaves).toEqual([]);
    expect(world.send(go).send(go).leaves).toEqual(['work#2']);
  });

  test('that ended, and are gone from the code, hold nothing up', () => {
    const world = new EngineWorld(invoking('promise')).resolve('work');
    const without = machine({ a: { on: { GO: 'a2' } }, a2: {} }, { actors: {} });
    expect(findMisfits(without, world.engine.state())).toEqual([]);
  });

  test('that go on keep their work, and are told the new state nothing', () => {
    const world = new EngineWorld(invoking('promise')).upgrade(invoking('promise', { exit: () => {} }));
    expect(world.leaves).toEqual(['work#1']);
    expect(world.last).toMatchObject({ started: [], stopped: [] });
  });

  test('are left alone where the code spawns them', () => {
    const spawning = (more = {}) => machine({ a: more }, { more: { entry: spawnChild('promise', { id: 'work' }) } });
    const world = new EngineWorld(spawning()).upgrade(spawning({ tags: 'new', after: { 10: {} } }));
    expect(world.leaves).toEqual(['work#1']);
  });
});

test('actions still to be performed keep their context, and outlive their actor', () => {
  const seen: unknown[] = [];
  const note = ({ context }: { context: unknown }) => void seen.push(context);
  const noting = setup({ actions: { note } }).createMachine({
    initial: 'x',
    context: { n: 1 },
    states: { x: { entry: 'note' } },
  });
  const actors = { promise, child: noting };
  const world = new EngineWorld(machine({ a: { invoke: { src: 'child', id: 'kid' } } }, { actors }));
  world.upgrade(machine({ a: {}, b: {} }, { actors }), [{ actor: 'kid', type: 'note', event: go }]);
  expect(seen).toEqual([{ n: 1 }, { n: 1 }]);
  const row = world.last.actions[0]?.row;
  expect(row).toMatchObject({ context: { n: 1 }, sources: ['child'] });
  world
    .restore()
    .engine.resolveAction(row as never)
    ?.perform();
  expect(seen).toHaveLength(3);
});

test('an actor that is born again has stays of its own', () => {
  const inside = (after: object) => createMachine({ id: 'c', initial: 'x', states: { x: { after }, y: {} } } as never);
  const of = (after: object) =>
    machine(
      { a: { invoke: { src: 'child', id: 'kid' }, on: { GO: { target: 'a', reenter: true } } } },
      { actors: { child: inside(after) } },
    );
  const world = new EngineWorld(of({}))
    .advance(500)
    .send(go)
    .upgrade(of({ 2000: 'y' }));
  expect(world.timers.map(({ at }) => at)).toEqual([3500]);
});

describe('always', () => {
  test('that became true is taken, with all it causes', () => {
    const notes: string[] = [];
    const note = (text: string) => () => void notes.push(text);
    const world = new EngineWorld(machine({ a: { after: { 1000: 'b' } }, b: {} }));
    const next = machine({
      a: {
        entry: note('not entered'),
        exit: note('left'),
        always: 'b',
        after: { 1000: 'b' },
        invoke: { src: 'promise', id: 'brief' },
      },
      b: { entry: note('entered'), invoke: { src: 'promise', id: 'work' } },
    });
    world.upgrade(next);
    expect(world.view.value).toBe('b');
    expect(world.leaves).toEqual(['work#1']);
    expect(world.last.started.map(({ path }) => path)).toEqual(['work']);
    expect(world.timers).toEqual([]);
    expect(notes).toEqual(['left', 'entered']);
  });

  test('of a child machine, which ends and tells its parent', () => {
    const inside = (more: object) =>
      createMachine({ id: 'c', initial: 'x', states: { x: more, z: { type: 'final' } }, output: 5 } as never);
    const outer = (more: object) =>
      machine(
        {
          a: {
            invoke: {
              src: 'child',
              id: 'kid',
              onDone: { target: 'b', actions: assign({ got: ({ event }) => event.output }) },
            },
          },
          b: {},
        },
        { actors: { child: inside(more) } },
      );
    const world = new EngineWorld(outer({})).upgrade(outer({ always: 'z' }));
    expect(world.view).toMatchObject({ value: 'b', context: { got: 5 } });
  });

  test('that is false changes nothing', () => {
    const world = new EngineWorld(machine({ a: {} })).upgrade(
      machine({ a: { always: { guard: () => false, target: 'b' } }, b: {} }),
    );
    expect(world.view.value).toBe('a');
  });
});

describe('states', () => {
  test('that got states inside are taken at their initial one, regions that were added too', () => {
    const world = new EngineWorld(machine({ a: {} })).upgrade(
      machine({
        a: {
          type: 'parallel',
          states: {
            one: { initial: 'x', states: { x: { after: { 500: 'y' } }, y: {} } },
            two: { initial: 'x', states: { x: { invoke: { src: 'promise', id: 'work' } } } },
          },
        },
      }),
    );
    expect(world.view.value).toEqual({ a: { one: 'x', two: 'x' } });
    expect(world.leaves).toEqual(['work#1']);
    expect(world.advance(500).view.value).toEqual({ a: { one: 'y', two: 'x' } });
  });

  test.each<[string, AnyActorLogic, object]>([
    ['is gone', machine({ b: {} }, { more: { initial: 'b' } }), { kind: 'state', name: 'm.a' }],
    ['became final', machine({ a: { type: 'final' } }), { kind: 'state', name: 'm.a' }],
    [
      'became a history',
      machine({ a: { type: 'history' }, b: {} }, { more: { initial: 'b' } }),
      { kind: 'state', name: 'm.a' },
    ],
  ])('one that %s does not fit', (_, logic, misfit) => {
    expect(findMisfits(logic, new EngineWorld(machine({ a: {} })).engine.state())).toMatchObject([misfit]);
  });

  test('of a reducer are not those of a promise', () => {
    const of = (count: object) => machine({ a: { invoke: { src: 'count', id: 'k' } } }, { actors: { count } });
    const counting = of(fromTransition((n: number) => n + 1, 0));
    expect(findMisfits(of(promise), new EngineWorld(counting).engine.state())).toMatchObject([
      { kind: 'actor', name: 'k' },
    ]);
  });

  test('that are no longer parallel do not fit', () => {
    const states = { a: { initial: 'x', states: { x: {} } }, b: { initial: 'x', states: { x: {} } } };
    const parallel = machine(states, { more: { type: 'parallel', initial: undefined } });
    expect(findMisfits(machine(states), new EngineWorld(parallel).engine.state())).toMatchObject([{ name: 'm' }]);
  });

  test('that are gone are forgotten by a history, which begins anew when nothing is left of it', () => {
    const of = (name: string) =>
      machine({
        a: {
          initial: name,
          states: { [name]: { on: { IN: 'in' } }, in: {}, back: { type: 'history' } },
          on: { OUT: 'b' },
        },
        b: { on: { BACK: 'a.back' } },
      });
    const world = new EngineWorld(of('old')).send({ type: 'OUT' }).upgrade(of('new'));
    expect(world.send({ type: 'BACK' }).view.value).toEqual({ a: 'new' });
  });
});
