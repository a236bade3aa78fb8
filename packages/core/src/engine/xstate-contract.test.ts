import { describe, expect, test, vi } from 'vitest';
import type { AnyActorLogic, AnyActorRef, AnyStateMachine, EventObject } from 'xstate';
import * as newest from 'xstate';
import * as oldest from 'xstate519';
import * as middle from 'xstate524';
import { createSystem, type InnerActor, inner, type SystemHandlers, type XStateAction } from './system.js';

/**
 * What the engine takes for granted of XState beyond its documented surface, one test each. When a new version of XState
 * breaks one, its name says which part of the engine has to change.
 */
type XState = typeof newest;
const VERSIONS = [
  ['5.19', oldest as unknown as XState],
  ['5.24', middle as unknown as XState],
  ['newest', newest],
] as const;

interface Call {
  readonly name: keyof SystemHandlers;
  readonly args: readonly unknown[];
}

/** Starts a root under a system of ours, which notes what is asked of it and passes events on. */
function play(
  x: XState,
  logic: AnyActorLogic,
  options: { born?: (actor: AnyActorRef) => void; snapshot?: unknown } = {},
) {
  const calls: Call[] = [];
  const noted =
    (name: keyof SystemHandlers) =>
    (...args: unknown[]) =>
      void calls.push({ name, args });
  let booked = 0;
  const system = createSystem(
    {
      born: (actor) => {
        if ((inner(actor)._parent as { sessionId?: string }).sessionId === undefined) inner(actor)._parent = undefined;
        noted('born')(actor);
        options.born?.(actor);
      },
      changed: noted('changed'),
      stepped: noted('stepped'),
      relay: (source, target, event) => {
        noted('relay')(source, target, event);
        inner(target)._send(event);
      },
      schedule: noted('schedule'),
      cancel: noted('cancel'),
      cancelAll: noted('cancelAll'),
      log: noted('log'),
    },
    () => `x:${booked++}`,
  );
  const parent = { system } as never;
  const root = x.createActor(logic, { id: 'root', parent, snapshot: options.snapshot } as never) as AnyActorRef;
  root.subscribe({ error: () => {} });
  root.start();
  const of = (name: keyof SystemHandlers) => calls.filter((call) => call.name === name).map(({ args }) => args);
  return { root, system, calls, of, booked: () => booked };
}

const childOf = (root: AnyActorRef, id: string) => inner(root)._snapshot.children?.[id] as AnyActorRef;

describe.each(VERSIONS)('XState %s', (_, x) => {
  const { assign, createMachine, emit, fromCallback, fromEventObservable, fromObservable, fromPromise, log } = x;
  const { enqueueActions, raise, sendParent, sendTo, setup, spawnChild, stopChild } = x;
  const empty = createMachine({});

  describe('the system (engine/system.ts)', () => {
    test('an actor takes it from its parent, and asks it for one id', () => {
      const { root, system, booked } = play(x, empty);
      expect(root.system).toBe(system);
      expect([root.sessionId, booked()]).toEqual(['x:0', 1]);
      expect(root._parent).toBeUndefined();
    });

    test('is told of an actor before its first snapshot is computed, when its scope and logic can be changed', () => {
      const logics: unknown[] = [];
      const factory = vi.fn(() => ({}));
      const { root } = play(x, createMachine({ context: factory }), {
        born: (actor) => {
          expect(factory).not.toHaveBeenCalled();
          expect(inner(actor)._snapshot).toBeUndefined();
          expect(inner(actor)._actorScope).toMatchObject({ self: actor });
          logics.push(inner(actor).logic);
          inner(actor).logic = Object.create(inner(actor).logic, {
            getInitialSnapshot: { value: () => ({ status: 'active', mine: 1 }) },
          });
        },
      });
      expect(logics).toHaveLength(1);
      expect(root.getSnapshot()).toMatchObject({ mine: 1 });
    });

    test('is told of each snapshot, and of each microstep', () => {
      const { root, of } = play(x, createMachine({ on: { GO: {} } }));
      const before = [of('changed').length, of('stepped').length];
      root.send({ type: 'GO' });
      root.send({ type: 'UNKNOWN' });
      expect([of('changed').length, of('stepped').length]).toEqual([
        (before[0] as number) + 2,
        (before[1] as number) + 2,
      ]);
      const taken = of('stepped')
        .slice(-2)
        .map(([, transitions]) => (transitions as { eventType: string }[]).length);
      expect(taken).toEqual([1, 0]);
    });

    test('gets every event between actors, with its source; `send` has none', () => {
      const child = createMachine({ on: { ASK: { actions: sendParent({ type: 'ANSWER' }) } } });
      const { root, of } = play(
        x,
        setup({ actors: { child } }).createMachine({
          invoke: { src: 'child', id: 'child' },
          on: { GO: { actions: sendTo('child', { type: 'ASK' }) } },
        }),
      );
      root.send({ type: 'GO' });
      const kid = childOf(root, 'child');
      expect(of('relay').map(([source, target, event]) => [source, target, (event as EventObject).type])).toEqual([
        [undefined, root, 'GO'],
        [root, kid, 'ASK'],
        [kid, root, 'ANSWER'],
      ]);
    });

    test('gets the end of a child as an event for its parent', () => {
      const done = createMachine({ initial: 'a', states: { a: { type: 'final' } } });
      const failed = createMachine({
        context: () => {
          throw new Error('x');
        },
      });
      const { of } = play(
        x,
        setup({ actors: { done, failed } }).createMachine({
          invoke: [
            { src: 'done', id: 'd' },
            { src: 'failed', id: 'f', onError: {} },
          ],
        }),
      );
      const types = of('relay').map(([, , event]) => (event as EventObject).type);
      expect(types.sort()).toEqual(['xstate.done.actor.d', 'xstate.error.actor.f']);
    });

    test('keeps the timers: delayed events and `after`, which are cancelled by id, and all with their actor', () => {
      const { root, of } = play(
        x,
        createMachine({
          initial: 'a',
          states: {
            a: {
              after: { 50: 'b' },
              entry: [raise({ type: 'X' }, { delay: 5, id: 'mine' }), raise({ type: 'Y' }, { delay: 6 })],
              on: { GO: 'b' },
            },
            b: { entry: x.cancel('mine') },
          },
        }),
      );
      const schedules = of('schedule').map(([source, target, event, delay, id]) => [
        source === root,
        target === root,
        (event as EventObject).type,
        delay,
        id,
      ]);
      expect(schedules).toHaveLength(3);
      expect(schedules).toContainEqual([true, true, 'X', 5, 'mine']);
      expect(schedules).toContainEqual([true, true, 'Y', 6, undefined]);
      const after = 'xstate.after.50.(machine).a';
      expect(schedules).toContainEqual([true, true, after, 50, after]);
      root.send({ type: 'GO' });
      expect(of('cancel')).toEqual([
        [root, after],
        [root, 'mine'],
      ]);
      root.stop();
      expect(of('cancelAll')).toEqual([[root]]);
    });

    test('keeps the actors by system id', () => {
      const { root, system } = play(
        x,
        setup({ actors: { empty } }).createMachine({
          entry: spawnChild('empty', { id: 'a', systemId: 's' }),
          on: { STOP: { actions: stopChild('a') } },
        }),
      );
      const { systemId = inner(childOf(root, 'a'))._systemId } = childOf(root, 'a') as { systemId?: string };
      expect([system.get('s'), systemId]).toEqual([childOf(root, 'a'), 's']);
      root.send({ type: 'STOP' });
      expect(system.get('s')).toBeUndefined();
    });

    test('gets what is logged', () => {
      expect(play(x, createMachine({ entry: log('text', 'label') })).of('log')).toEqual([['label', 'text']]);
    });
  });

  describe('an actor (InnerActor)', () => {
    test('hands all actions to the executor of its scope: its own as `xstate.…`, custom ones with what performs them', () => {
      const actions: XStateAction[] = [];
      const perform = vi.fn();
      const { root } = play(
        x,
        setup({ actions: { named: perform } }).createMachine({
          context: { n: 1 },
          entry: [{ type: 'named', params: 5 }, function inline() {}, emit({ type: 'E' }), () => {}],
        }),
        {
          born: (actor) => {
            inner(actor)._actorScope.actionExecutor = (action) => void actions.push(action);
          },
        },
      );
      expect(actions.map(({ type }) => type)).toEqual(['named', 'inline', 'xstate.emit', '(anonymous)']);
      expect(actions[0]).toMatchObject({
        params: 5,
        exec: perform,
        info: { context: { n: 1 }, self: root, event: { type: 'xstate.init' } },
      });
      expect(perform).not.toHaveBeenCalled();
    });

    test('emits by its scope, in a deferred function of its own', () => {
      const emitted: unknown[] = [];
      play(x, createMachine({ entry: emit({ type: 'E' }) }), {
        born: (actor) => {
          inner(actor)._actorScope.emit = (event) => void emitted.push(event);
        },
      });
      expect(emitted).toEqual([{ type: 'E' }]);
    });

    test('has a processing status: 0 before its start, 1 while it runs, 2 once it is stopped', () => {
      const statuses: number[] = [];
      const { root } = play(x, empty, { born: (actor) => void statuses.push(inner(actor)._processingStatus) });
      statuses.push(inner(root)._processingStatus);
      root.stop();
      statuses.push(inner(root)._processingStatus);
      expect(statuses).toEqual([0, 1, 2]);
    });

    test('performs what is deferred before its start when it starts', () => {
      const deferred = vi.fn();
      play(x, empty, {
        born: (actor) => {
          inner(actor)._deferred.push(deferred);
          expect(deferred).not.toHaveBeenCalled();
        },
      });
      expect(deferred).toHaveBeenCalledTimes(1);
    });

    test('takes an event at once by `_send`, and fails by `_error`, telling its parent', () => {
      const child = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: {} } });
      const { root } = play(
        x,
        setup({ actors: { child } }).createMachine({
          initial: 'a',
          states: { a: { invoke: { src: 'child', id: 'c', onError: 'b' } }, b: {} },
        }),
      );
      const kid = childOf(root, 'c');
      inner(kid)._send({ type: 'GO' });
      expect(kid.getSnapshot().value).toBe('b');
      inner(kid)._snapshot = { ...inner(kid)._snapshot, status: 'error' } as InnerActor['_snapshot'];
      inner(kid)._error(new Error('x'));
      expect(root.getSnapshot().value).toBe('b');
      expect(inner(kid)._processingStatus).toBe(2);
    });

    test('says whether its snapshots are events for its parent', () => {
      const { root } = play(
        x,
        setup({ actors: { empty } }).createMachine({
          invoke: [
            { src: 'empty', id: 'a', onSnapshot: {} },
            { src: 'empty', id: 'b' },
          ],
        }),
      );
      expect([inner(childOf(root, 'a'))._syncSnapshot, inner(childOf(root, 'b'))._syncSnapshot]).toEqual([true, false]);
    });

    test('does not begin work when its logic has no start', () => {
      const work = vi.fn(async () => {});
      const { root } = play(x, fromPromise(work), {
        born: (actor) => {
          inner(actor).logic = Object.create(inner(actor).logic, { start: { value: undefined } });
        },
      });
      expect(work).not.toHaveBeenCalled();
      inner(root)._send({ type: 'xstate.promise.resolve', data: 5 } as EventObject);
      expect(root.getSnapshot()).toMatchObject({ status: 'done', output: 5 });
    });

    test('spawned without an id is named by its session, and filed under `undefined`', () => {
      const { root } = play(x, setup({ actors: { empty } }).createMachine({ entry: spawnChild('empty') }));
      expect(childOf(root, 'undefined').id).toBe('x:1');
    });

    test('that is not running is stopped by `_stop`, and only by its parent', () => {
      const absent = {
        id: 'a',
        _processingStatus: 2,
        _parent: undefined as unknown,
        getSnapshot: () => ({}),
        _stop: vi.fn(),
      };
      const { root } = play(x, createMachine({ on: { STOP: { actions: stopChild(() => absent as never) } } }));
      absent._parent = root;
      root.send({ type: 'STOP' });
      expect(absent._stop).toHaveBeenCalledTimes(1);
      expect(root.getSnapshot().status).toBe('active');
    });
  });

  describe('snapshots (engine/persist.ts, engine/refs.ts, engine/view.ts)', () => {
    const machine = setup({ actors: { work: fromPromise(async () => 1), empty } }).createMachine({
      id: 'm',
      context: { n: 1 },
      initial: 'a',
      invoke: { src: 'work', id: 'work', input: 'in' },
      states: {
        a: { initial: 'x', states: { x: { on: { NEXT: 'y' } }, y: {}, past: { type: 'history' } }, on: { GO: 'b' } },
        b: { on: { BACK: 'a.past' }, tags: ['t'] },
      },
      entry: spawnChild('empty', { id: 'e', systemId: 's', syncSnapshot: true }),
    });
    const quiet = (actor: AnyActorRef) => {
      const { logic } = inner(actor) as { logic: AnyActorLogic };
      if (logic.start && !('root' in logic)) inner(actor).logic = Object.create(logic, { start: { value: undefined } });
    };

    test('of a machine have these fields, those of a leaf its input', () => {
      const { root } = play(x, machine, { born: quiet });
      for (const type of ['NEXT', 'GO']) root.send({ type });
      const snapshot = root.getSnapshot();
      expect(Object.keys(snapshot)).toEqual(
        expect.arrayContaining([
          'status',
          'output',
          'error',
          'value',
          'context',
          'historyValue',
          'children',
          'machine',
          '_nodes',
          'tags',
        ]),
      );
      expect(snapshot.historyValue['m.a.past'][0]).toBe(machine.getStateNodeById('m.a.y'));
      expect([...snapshot.tags]).toEqual(['t']);
      expect(snapshot._nodes.flatMap((node: { ownEvents: string[] }) => node.ownEvents)).toContain('BACK');
      expect(childOf(root, 'work').getPersistedSnapshot()).toEqual({
        status: 'active',
        output: undefined,
        error: undefined,
        input: 'in',
      });
      expect([childOf(root, 'work').src, childOf(root, 'e').src]).toEqual(['work', 'empty']);
    });

    test('of that shape are restored, children and all, and nothing is performed again', () => {
      const { root, of } = play(x, machine, {
        born: quiet,
        snapshot: {
          status: 'active',
          value: 'b',
          context: { n: 7 },
          historyValue: { 'm.a.past': [{ id: 'm.a.y' }] },
          children: {
            work: { src: 'work', snapshot: { status: 'active', input: 'in' } },
            e: {
              src: 'empty',
              systemId: 's',
              syncSnapshot: true,
              snapshot: { status: 'active', value: {}, context: {}, historyValue: {}, children: {} },
            },
          },
        },
      });
      expect(root.getSnapshot()).toMatchObject({ value: 'b', context: { n: 7 } });
      expect(Object.keys(root.getSnapshot().children)).toEqual(['work', 'e']);
      expect(inner(childOf(root, 'e'))._syncSnapshot).toBe(true);
      expect(of('schedule')).toEqual([]);
      // 5.19 leaves the history as it was stored: `reviveHistory` makes up for it.
      expect(root.getSnapshot().historyValue['m.a.past'][0].id).toBe('m.a.y');
    });

    test('actors are told by session id, `ref` and `send`; machine snapshots by `_nodes` and `machine`', () => {
      const { root } = play(x, empty);
      for (const key of ['sessionId', 'ref', 'send']) expect(key in root).toBe(true);
      for (const key of ['_nodes', 'machine']) expect(key in root.getSnapshot()).toBe(true);
      expect('machine' in fromPromise(async () => 1)).toBe(false);
    });
  });

  describe('machines (engine/fit.ts, engine/places.ts, engine/queued.ts)', () => {
    const perform = () => {};
    const many = enqueueActions(({ enqueue }) => enqueue(perform));
    const machine = setup({ actors: { empty }, actions: { perform, many: many as never } }).createMachine({
      id: 'm',
      initial: { target: 'a', actions: perform },
      states: {
        a: {
          entry: perform,
          exit: [perform],
          always: { guard: () => false, actions: perform },
          after: { 5: { actions: perform } },
          on: { GO: { actions: perform }, 'some.*': { actions: perform } },
          invoke: [{ src: empty, onDone: { actions: perform } }, { src: 'empty' }],
        },
      },
    } as never) as unknown as AnyStateMachine;
    const node = machine.getStateNodeById('m.a');

    test('an inline invoke is named by its index and its state', () => {
      const { root } = play(x, machine);
      expect(childOf(root, '0.m.a').src).toBe('xstate.invoke.0.m.a');
      expect(([node.config.invoke].flat() as { src: unknown }[])[0]?.src).toBe(empty);
      expect(childOf(root, '1.m.a').src).toBe('empty');
    });

    test('implementations are found by name', () => {
      expect(machine.implementations).toMatchObject({ actions: { perform, many }, actors: { empty } });
      expect(() => machine.getStateNodeById('m.gone')).toThrow();
    });

    test('a node has its actions in these places', () => {
      expect([node.entry[0], node.exit[0], node.always?.[0]?.actions[0]]).toEqual([perform, perform, perform]);
      expect(machine.root.initial.actions).toEqual([perform]);
      const transitions = [...node.transitions].map(([event, [first]]) => [event, first?.actions]);
      expect(transitions).toEqual(
        expect.arrayContaining([
          ['GO', [perform]],
          ['some.*', [perform]],
          ['xstate.after.5.m.a', [perform]],
          ['xstate.done.actor.0.m.a', [perform]],
        ]),
      );
      expect(machine.root.states.a).toBe(node);
    });

    test('enqueueActions holds its collector, and calls the one that it holds at that moment', () => {
      const seen: unknown[] = [];
      const action = enqueueActions(() => {}) as unknown as { collect(args: object, params: unknown): void };
      action.collect = (args, params) => void seen.push(Object.keys(args).sort(), params);
      play(x, createMachine({ entry: 'it' }, { actions: { it: action as never } }));
      expect(seen).toEqual([['check', 'context', 'enqueue', 'event', 'self', 'system'], undefined]);
    });

    test('what a collector has queued is handed to the executor before the next collector runs', () => {
      const order: string[] = [];
      const queue = (name: string) =>
        enqueueActions(({ enqueue }) => {
          order.push(`collect ${name}`);
          enqueue(assign({}));
          enqueue(function queued() {});
        });
      play(x, createMachine({ context: {}, entry: [queue('a'), queue('b')] }), {
        born: (actor) => {
          inner(actor)._actorScope.actionExecutor = ({ type }) => void order.push(type);
        },
      });
      expect(order).toEqual(['collect a', 'queued', 'collect b', 'queued']);
    });
  });

  describe('logic of leaves (engine/kinds.ts, engine/live.ts)', () => {
    const probe = { status: 'active', output: undefined, error: undefined, input: undefined };
    const resolve = { type: 'xstate.promise.resolve', data: 1 };
    const observable = { subscribe: () => ({ unsubscribe() {} }) };

    test('only a promise is settled by the event of that name', () => {
      expect(fromPromise(async () => 1).transition(probe as never, resolve as never, {} as never)).toMatchObject({
        status: 'done',
        output: 1,
      });
      for (const make of [fromObservable, fromEventObservable]) {
        const logic = make(() => observable as never) as AnyActorLogic;
        expect(logic.transition(probe, resolve, {} as never)).toEqual(probe);
      }
    });

    test("only a callback's transition needs its work to be under way", () => {
      expect(() => fromCallback(() => {}).transition(probe as never, resolve as never, {} as never)).toThrow();
      expect('config' in fromCallback(() => {})).toBe(true);
    });

    test('a callback is started, given events and stopped by its scope alone', () => {
      const system = { _relay: vi.fn() };
      const parent = {};
      const self = { _parent: parent, getSnapshot: () => ({ status: 'active' }) };
      const scope = { self, system, emit: vi.fn() } as never;
      const got: unknown[] = [];
      const logic = fromCallback(({ sendBack, receive, emit, input }) => {
        receive((event) => got.push(event));
        sendBack({ type: 'BACK' });
        emit({ type: 'E' } as never);
        got.push(input);
        return () => got.push('disposed');
      });
      const state = { ...probe, input: 'in' } as never;
      logic.start?.(state, scope);
      logic.transition(state, { type: 'EVENT' }, scope);
      logic.transition(state, { type: 'xstate.stop' }, scope);
      expect(got).toEqual(['in', { type: 'EVENT' }, 'disposed']);
      expect(system._relay).toHaveBeenCalledWith(self, parent, { type: 'BACK' });
      expect((scope as { emit: unknown }).emit).toHaveBeenCalledWith({ type: 'E' });
    });

    test('an observable tells itself of its values and its end, and keeps its subscription in the state it began with', () => {
      let observer = {} as { next(value: unknown): void; error(error: unknown): void; complete(): void };
      const unsubscribe = vi.fn();
      const subscribe = (given: never) => {
        observer = given;
        return { unsubscribe };
      };
      const system = { _relay: vi.fn() };
      const self = {};
      const scope = { self, system, emit: () => {} } as never;
      const logic = fromObservable(() => ({ subscribe }) as never) as AnyActorLogic;
      const state = { ...probe };
      logic.start?.(state as never, scope);
      observer.next(1);
      observer.error('e');
      observer.complete();
      const events = system._relay.mock.calls.map(([source, target, event]) => {
        expect([source, target]).toEqual([self, self]);
        return event;
      });
      expect(logic.transition(probe, events[0], scope)).toMatchObject({ status: 'active', context: 1 });
      expect(logic.transition(probe, events[1], scope)).toMatchObject({ status: 'error', error: 'e' });
      expect(logic.transition(probe, events[2], scope)).toMatchObject({ status: 'done' });
      expect(unsubscribe).not.toHaveBeenCalled();
      logic.transition(state, { type: 'xstate.stop' }, scope);
      expect(unsubscribe).toHaveBeenCalledTimes(1);
    });

    test('an observable of events tells its parent', () => {
      const system = { _relay: vi.fn() };
      const self = { _parent: {} };
      const subscribe = (observer: { next(event: EventObject): void }) => {
        observer.next({ type: 'E' });
        return { unsubscribe() {} };
      };
      const logic = fromEventObservable(() => ({ subscribe }) as never) as AnyActorLogic;
      logic.start?.({ ...probe } as never, { self, system, emit: () => {} } as never);
      expect(system._relay).toHaveBeenCalledWith(self, self._parent, { type: 'E' });
    });
  });
});
