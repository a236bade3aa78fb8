import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type AnyActorLogic,
  type AnyActorRef,
  assign,
  type EventObject,
  emit,
  forwardTo,
  fromCallback,
  fromEventObservable,
  fromObservable,
  fromPromise,
  sendTo,
  setup,
  spawnChild,
} from 'xstate';
import { createClient } from '../client/holdfast.js';
import { linkLocally } from '../client/local-link.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { createMemoryStore } from '../store/memory-store.js';
import { type CrashPoint, CrashWorld } from '../testing/crash-world.test-support.js';
import { gate } from '../testing/gated-store.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

/** What happened outside of the run, in order. */
let seen: string[] = [];
const note = (what: string) => void seen.push(what);

interface Socket {
  readonly input: unknown;
  readonly open: boolean;
  say(event: EventObject): void;
  emit(event: EventObject): void;
}
let sockets: Socket[] = [];
const socketAt = (index: number) => sockets.at(index) as Socket;

/** Notes what it is given, and lets a test say what it sends. */
const socket = fromCallback<EventObject, unknown>(({ sendBack, receive, emit, input }) => {
  const mine = { input, open: true, say: sendBack, emit: emit as Socket['emit'] };
  sockets.push(mine);
  note('open');
  receive((event) => {
    if (event.type === 'THROW') throw new Error('in a listener');
    note(`got ${event.type}`);
    if (event.type === 'PING') sendBack({ type: 'PONG' });
  });
  return () => {
    mine.open = false;
    note('close');
  };
});

/** A stream whose values a test gives. */
class Subject<T> {
  readonly observers = new Set<{ next(value: T): void; error(error: unknown): void; complete(): void }>();
  subscribe = (observer: never) => {
    this.observers.add(observer);
    return { unsubscribe: () => this.observers.delete(observer) };
  };
  next = (value: T) => [...this.observers].map((observer) => observer.next(value));
  error = (error: unknown) => [...this.observers].map((observer) => observer.error(error));
  complete = () => [...this.observers].map((observer) => observer.complete());
}
const asObservable = (subject: Subject<unknown>) => subject as never;

const workflow = (logic: AnyActorLogic) =>
  [defineWorkflow({ id: 'w', version: 1, logic, liveActors: 'restart' })] as const;

const chat = setup({
  types: {} as { context: { heard: string[] } },
  actors: { socket },
  actions: { note: (_, what: string) => note(what) },
}).createMachine({
  context: { heard: [] },
  initial: 'off',
  states: {
    off: { on: { ON: { target: 'on', actions: { type: 'note', params: 'switched on' } } } },
    on: {
      entry: [{ type: 'note', params: 'entry' }, sendTo('socket', { type: 'HELLO' })],
      exit: [sendTo('socket', { type: 'BYE' }), { type: 'note', params: 'exit' }],
      invoke: { src: 'socket', id: 'socket', input: { url: 'x' }, onError: 'broken' },
      on: {
        PING: { actions: forwardTo('socket') },
        THROW: { actions: [forwardTo('socket'), forwardTo('socket'), { type: 'note', params: 'after' }] },
        AGAIN: { target: 'on', reenter: true },
        OFF: 'off',
        END: 'end',
      },
    },
    broken: { on: { END: 'end' } },
    end: { type: 'final' },
  },
  on: { '*': { actions: assign({ heard: ({ context, event }) => [...context.heard, event.type] }) } },
  output: ({ context }) => context.heard,
});

async function started(logic: AnyActorLogic, options: Parameters<typeof aHoldfast>[1] = {}) {
  const world = aHoldfast(workflow(logic), options);
  const run = await world.holdfast.start('w', { id: '1' });
  run.subscribe(() => {});
  const send = async (...types: string[]) => {
    for (const type of types) {
      await run.send({ type } as never);
      await settled();
    }
  };
  const look = async () => {
    await settled();
    await vi.waitFor(() => expect(run.getSnapshot().run.seq).toBe(world.database.tables.head(address)?.seq), {
      timeout: 20_000,
    });
    return run.getSnapshot() as { value: unknown; context: unknown };
  };
  await settled();
  return { ...world, run, send, look };
}
const address = { workflow: 'w', run: '1' };

beforeEach(() => {
  seen = [];
  sockets = [];
});

describe('a callback', () => {
  test('begins after the checkpoint of its birth, after the actions, and before it is given what it was sent', async () => {
    const gated = gate(createMemoryStore());
    const { holdfast } = aHoldfast(workflow(chat), { store: gated.store });
    const run = await holdfast.start('w', { id: '1' });
    await gated.pass();
    await run.send({ type: 'ON' });
    await settled();
    expect(seen).toEqual([]);
    await gated.pass();
    await settled();
    expect(seen).toEqual(['switched on', 'entry', 'open', 'got HELLO']);
    expect(socketAt(0).input).toEqual({ url: 'x' });
    gated.open();
    await holdfast.close();
  });

  test('is given nothing before the checkpoint of the transition that sends it', async () => {
    const gated = gate(createMemoryStore());
    const { holdfast } = aHoldfast(workflow(chat), { store: gated.store });
    const run = await holdfast.start('w', { id: '1' });
    await run.send({ type: 'ON' });
    for (let i = 0; i < 3; i++) await gated.pass();
    await settled();
    await run.send({ type: 'PING' });
    await settled();
    expect(seen).not.toContain('got PING');
    await gated.pass();
    await settled();
    expect(seen.at(-1)).toBe('got PING');
    gated.open();
    await holdfast.close();
  });

  test('moves its run by what it sends, and each such event is a checkpoint', async () => {
    const { run, send, look, holdfast } = await started(chat);
    await send('ON', 'PING');
    socketAt(0).say({ type: 'NEWS' });
    expect((await look()).context).toEqual({ heard: ['PONG', 'NEWS'] });
    const arrivals = (await run.history()).map(({ arrival }) => `${arrival.kind} ${arrival.name}`);
    expect(arrivals).toEqual(['start undefined', 'event ON', 'event PING', 'message PONG', 'message NEWS']);
    await holdfast.close();
  });

  test('emits to whoever listens to the run', async () => {
    const { run, send, holdfast } = await started(chat);
    const heard: EventObject[] = [];
    run.on('*', (event) => heard.push(event));
    await send('ON');
    socketAt(0).emit({ type: 'EMITTED' });
    await send('OFF');
    socketAt(0).emit({ type: 'TOO_LATE' });
    await settled();
    expect(heard).toEqual([{ type: 'EMITTED' }]);
    await holdfast.close();
  });

  test('keeps its run in memory, and running', async () => {
    const { database, clock, send, holdfast } = await started(chat, { evictAfterMs: 10 });
    await send('ON');
    clock.advance(100_000);
    await settled();
    expect(database.tables.head(address)?.status).toBe('running');
    expect(socketAt(0).open).toBe(true);
    await send('OFF');
    expect(database.tables.head(address)?.status).toBe('waiting');
    await holdfast.close();
  });

  test('that was left ends after that checkpoint, having been given what the transition sent it', async () => {
    const gated = gate(createMemoryStore());
    const { holdfast } = aHoldfast(workflow(chat), { store: gated.store });
    const run = await holdfast.start('w', { id: '1' });
    await run.send({ type: 'ON' });
    for (let i = 0; i < 3; i++) await gated.pass();
    await settled();
    seen = [];
    await run.send({ type: 'AGAIN' });
    await settled();
    expect(seen).toEqual([]);
    expect(socketAt(0).open).toBe(true);
    await gated.pass();
    await settled();
    expect(seen).toEqual(['got BYE', 'close', 'exit', 'entry', 'open', 'got HELLO']);
    gated.open();
    await holdfast.close();
  });

  test('that was left has no effect any more, nor has what it sent before and was not taken yet', async () => {
    const { send, look, holdfast } = await started(chat);
    await send('ON');
    const stale = socketAt(0);
    for (const type of ['NEWS', 'AGAIN', 'STALE']) stale.say({ type });
    await settled();
    expect(sockets).toHaveLength(2);
    stale.say({ type: 'STALE' });
    expect((await look()).context).toEqual({ heard: ['NEWS'] });
    await send('OFF');
    socketAt(1).say({ type: 'STALE' });
    expect((await look()).context).toEqual({ heard: ['NEWS'] });
    await holdfast.close();
  });

  test('that was left while a commit was under way is not heard', async () => {
    const gated = gate(createMemoryStore());
    const pending = started(chat, { store: gated.store });
    await gated.pass();
    const { run, send, holdfast } = await pending;
    await send('ON');
    for (let i = 0; i < 2; i++) await gated.pass();
    await settled();
    await send('OFF');
    socketAt(0).say({ type: 'STALE' });
    gated.open();
    await settled();
    expect((await run.history()).map(({ arrival }) => arrival.name)).not.toContain('STALE');
    await holdfast.close();
  });

  test('ends with its run, and with its host', async () => {
    const first = await started(chat);
    await first.send('ON', 'END');
    expect(socketAt(0).open).toBe(false);
    expect(await first.run.result()).toEqual([]);
    await first.holdfast.close();
    const second = await started(chat);
    await second.send('ON');
    await second.holdfast.close();
    expect(socketAt(1).open).toBe(false);
    socketAt(1).say({ type: 'STALE' });
    await settled();
    expect(second.database.tables.history(address).map(({ arrival }) => arrival.kind)).toEqual(['start', 'event']);
  });

  test('does not begin when its host closes while the actions before it are performed', async () => {
    let close = () => {};
    const closing = setup({ actors: { socket }, actions: { close: () => close() } }).createMachine({
      on: { GO: '.on' },
      initial: 'off',
      states: { off: {}, on: { entry: 'close', invoke: { src: 'socket' } } },
    });
    const { run, host } = await started(closing);
    close = () => void host.close();
    void run.send({ type: 'GO' }).catch(() => {});
    await settled();
    expect(sockets.filter(({ open }) => open)).toEqual([]);
  });

  test('ends when its host is fenced, and what it says then has no effect', async () => {
    const { database, clock, send, host, holdfast } = await started(chat);
    await send('ON');
    database.owner = undefined;
    const young = aHoldfast(workflow(chat), { database, clock });
    await settled();
    socketAt(0).say({ type: 'STALE' });
    await settled();
    expect(host.ownership).toBe('standby');
    expect(sockets.map(({ open }) => open)).toEqual([false, true]);
    socketAt(1).say({ type: 'END' });
    expect(await young.holdfast.run('w', '1').result()).toEqual([]);
    await young.holdfast.close();
    await holdfast.close();
  });

  test('whose body throws takes the error path of its parent', async () => {
    const broken = chat.provide({
      actors: {
        socket: fromCallback(() => {
          note('begin');
          throw new Error('no');
        }) as never,
      },
    });
    const { send, look, holdfast } = await started(broken);
    await send('ON');
    expect((await look()).value).toBe('broken');
    expect(seen.filter((what) => what === 'begin')).toHaveLength(1);
    await holdfast.close();
  });

  test('whose listener throws does too, once, and it ends; what others were to do is done', async () => {
    const { send, look, holdfast } = await started(chat);
    await send('ON', 'THROW');
    expect((await look()).value).toBe('broken');
    expect(seen.slice(-4)).toEqual(['got HELLO', 'after', 'close', 'exit']);
    await holdfast.close();
  });

  test('whose listener throws at what it is given last ends all the same, and it is reported', async () => {
    const leaving = setup({ actors: { socket } }).createMachine({
      initial: 'on',
      states: {
        on: { invoke: { src: 'socket', id: 's' }, exit: sendTo('s', { type: 'THROW' }), on: { OFF: 'off' } },
        off: {},
      },
    });
    const { send, look, errors, holdfast } = await started(leaving);
    await send('OFF');
    expect((await look()).value).toBe('off');
    expect([seen, errors]).toEqual([['open', 'close'], [new Error('in a listener')]]);
    await holdfast.close();
  });

  test('whose clean-up throws changes nothing, and is reported', async () => {
    const broken = chat.provide({
      actors: {
        socket: fromCallback(() => () => {
          throw new Error('in the clean-up');
        }) as never,
      },
    });
    const { send, look, errors, holdfast } = await started(broken);
    await send('ON', 'OFF');
    expect((await look()).value).toBe('off');
    expect(errors).toEqual([new Error('in the clean-up')]);
    await holdfast.close();
  });

  test('may be spawned, by name', async () => {
    const spawning = setup({ types: {} as { context: { ref?: AnyActorRef } }, actors: { socket } }).createMachine({
      context: {},
      on: {
        CHILD: { actions: spawnChild('socket', { id: 'a', input: 1 }) },
        SPAWN: { actions: assign({ ref: ({ spawn }) => spawn('socket', { id: 'b', input: 2 }) }) },
        PING: {
          actions: [
            sendTo('a', { type: 'PING' }),
            sendTo(({ context }) => context.ref as AnyActorRef, { type: 'PING' }),
          ],
        },
      },
    });
    const { send, holdfast } = await started(spawning);
    await send('CHILD', 'SPAWN', 'PING');
    expect(sockets.map(({ input }) => input)).toEqual([1, 2]);
    expect(seen).toEqual(['open', 'open', 'got PING', 'got PING']);
    await holdfast.close();
  });
});

describe('a crash', () => {
  const points = [1, 2, 3, 4, 5, 6, 7].flatMap((write) =>
    (['before', 'after'] as const).map((when): CrashPoint => ({ write, when })),
  );

  test.each(points)('$when write $write: the callback begins anew, and gets what it was sent', async (crash) => {
    const world = new CrashWorld(workflow(chat));
    const drive = async (mortal: { host: Parameters<typeof linkLocally>[0] }) => {
      const client = createClient(linkLocally(mortal.host));
      void client.start('w', { id: '1' }).then((run) => {
        void run.send({ type: 'ON' }, { id: 'on' });
        void run.send({ type: 'PING' }, { id: 'ping' });
      });
      await world.settle();
    };
    const first = world.boot({ crash });
    await drive(first);
    const before = sockets.length;
    await first.kill();
    seen = [];
    const second = world.boot();
    await drive(second);
    expect(sockets).toHaveLength(before + 1);
    expect(socketAt(-1).input).toEqual({ url: 'x' });
    expect(seen.indexOf('open')).toBeGreaterThan(-1);
    expect(seen.indexOf('got PING')).not.toBe(0);
    const state = JSON.stringify(world.database.tables.load(address)?.values.get('state'));
    expect(state).toContain('PONG');
    expect(world.errors).toEqual([]);
    await second.kill();
  });
});

describe('an observable', () => {
  const values = new Subject<number>();
  const meter = setup({
    types: {} as { context: { all: unknown[] } },
    actors: { values: fromObservable(() => asObservable(values as never)) },
  }).createMachine({
    context: { all: [] },
    initial: 'on',
    states: {
      on: {
        invoke: {
          src: 'values',
          id: 'values',
          onSnapshot: {
            actions: assign({
              all: ({ context, event }) => [...context.all, (event.snapshot as { context: unknown }).context],
            }),
          },
          onDone: 'done',
          onError: { target: 'failed', actions: assign({ all: ({ event }) => [(event.error as Error).message] }) },
        },
        on: { OFF: 'off', SEND: { actions: forwardTo('values') } },
      },
      off: {},
      done: {},
      failed: {},
    },
  });

  afterEach(() => values.observers.clear());

  test('gives values: the latest is state, and is stored', async () => {
    const { database, clock, look, send, holdfast } = await started(meter);
    values.next(1);
    values.next(2);
    expect((await look()).context).toEqual({ all: [undefined, 1, 2] });
    await send('SEND');
    await holdfast.close();
    expect(values.observers.size).toBe(0);
    const again = aHoldfast(workflow(meter), { database, clock });
    await settled();
    expect(values.observers.size).toBe(1);
    const state = database.tables.load(address)?.values.get('state')?.text;
    expect(state).not.toContain('_subscription');
    expect(state).toMatch(/"context":\d+,"input"/);
    values.next(3);
    await settled();
    const run = again.holdfast.run('w', '1');
    run.subscribe(() => {});
    await vi.waitFor(() => expect(run.getSnapshot().context).toMatchObject({ all: [undefined, 1, 2, 2, 3] }), {
      timeout: 20_000,
    });
    await again.holdfast.close();
  });

  test('completes', async () => {
    const { database, look, holdfast } = await started(meter);
    const [stale] = values.observers;
    values.complete();
    values.next(5);
    expect(await look()).toMatchObject({ value: 'done', context: { all: [undefined] } });
    const { length } = database.tables.history(address);
    stale?.next(6);
    await settled();
    expect(database.tables.history(address)).toHaveLength(length);
    expect(database.tables.head(address)?.status).toBe('waiting');
    await holdfast.close();
  });

  test('fails', async () => {
    const { look, holdfast } = await started(meter);
    values.error(new Error('no more'));
    expect(await look()).toMatchObject({ value: 'failed', context: { all: ['no more'] } });
    await holdfast.close();
  });

  test('that could not even be made takes the error path of its parent', async () => {
    const none = () => {
      throw new Error('nothing to observe');
    };
    const { look, errors, holdfast } = await started(meter.provide({ actors: { values: fromObservable(none) } }));
    expect(await look()).toMatchObject({ value: 'failed', context: { all: ['nothing to observe'] } });
    expect(errors).toEqual([]);
    await holdfast.close();
  });

  test('is unsubscribed from when it is left', async () => {
    const { send, holdfast } = await started(meter);
    expect(values.observers.size).toBe(1);
    await send('OFF');
    expect(values.observers.size).toBe(0);
    await holdfast.close();
  });

  test('of events gives them to its parent', async () => {
    const events = new Subject<EventObject>();
    const logic = chat.provide({
      actors: { socket: fromEventObservable(() => asObservable(events as never)) as never },
    });
    const { send, look, run, holdfast } = await started(logic);
    await send('ON');
    events.next({ type: 'NEWS' });
    expect((await look()).context).toEqual({ heard: ['NEWS'] });
    events.next({ type: 'END' });
    expect(await run.result()).toEqual(['NEWS']);
    expect(events.observers.size).toBe(0);
    await holdfast.close();
  });
});

test("logic of the app's own with a `start`: its state is computed, its start is an effect", async () => {
  const counter = {
    getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined, count: 0 }),
    getPersistedSnapshot: (snapshot: object) => snapshot,
    restoreSnapshot: (snapshot: object) => snapshot,
    transition(snapshot: { count: number; handle?: () => void }, event: EventObject) {
      if (event.type === 'xstate.stop') snapshot.handle?.();
      if (event.type !== 'TICK') return snapshot;
      const count = snapshot.count + 1;
      return count === 2 ? { ...snapshot, status: 'done', output: count } : { ...snapshot, count };
    },
    start(snapshot: { handle?: () => void }, { self }: { self: AnyActorRef }) {
      note('start');
      snapshot.handle = () => note('stop');
      self.send({ type: 'TICK' });
    },
  };
  const logic = setup({ actors: { counter: counter as unknown as typeof socket } }).createMachine({
    initial: 'a',
    states: { a: { invoke: { src: 'counter', id: 'counter', onDone: 'b' } }, b: { type: 'final' } },
    output: 'counted',
  });
  const { database, clock, holdfast } = await started(logic);
  await holdfast.close();
  expect(seen).toEqual(['start', 'stop']);
  const again = aHoldfast(workflow(logic), { database, clock });
  expect(await again.holdfast.run('w', '1').result()).toBe('counted');
  await again.holdfast.close();
});

test('a promise actor emits to whoever listens to the run, until it is left', async () => {
  let say: (event: EventObject) => void = () => {};
  const work = fromPromise(({ emit, signal }) => {
    say = emit as never;
    emit({ type: 'AT_ONCE' } as never);
    signal.addEventListener('abort', () => emit({ type: 'TOO_LATE' } as never));
    return new Promise(() => {});
  });
  const logic = setup({ actors: { work } }).createMachine({
    initial: 'off',
    states: {
      off: { on: { ON: 'on' } },
      on: { entry: emit({ type: 'ENTERED' } as never), invoke: { src: 'work' }, on: { OFF: 'off' } },
    },
  });
  const { run, send, holdfast } = await started(logic);
  const heard: string[] = [];
  run.on('*', ({ type }) => heard.push(type));
  await send('ON');
  say({ type: 'LATER' });
  await send('OFF');
  say({ type: 'TOO_LATE' });
  await settled();
  expect([...heard].sort()).toEqual(['AT_ONCE', 'ENTERED', 'LATER']);
  await holdfast.close();
});

test('what a live actor is given must be storable: it is stored until it was given', async () => {
  const logic = setup({ actors: { socket } }).createMachine({
    invoke: { src: 'socket', id: 'socket' },
    on: { GO: { actions: sendTo('socket', { type: 'X', no: () => {} }) } },
  });
  const { run, send, holdfast } = await started(logic);
  await send('GO');
  await expect(run.result()).rejects.toMatchObject({ code: 'RUN_FAILED', cause: { code: 'VALUE_NOT_STORABLE' } });
  expect(socketAt(0).open).toBe(false);
  await holdfast.close();
});

test('without the option a live actor that shows up only when it is spawned fails its run', async () => {
  const logic = setup({ actors: {} as { late: typeof socket } }).createMachine({ entry: spawnChild('late') });
  (logic.implementations.actors as Record<string, unknown>).late = undefined;
  const definition = defineWorkflow({ id: 'w', version: 1, logic });
  (logic.implementations.actors as Record<string, unknown>).late = socket;
  const { holdfast } = aHoldfast([definition]);
  const run = await holdfast.start('w');
  await expect(run.result()).rejects.toMatchObject({ code: 'RUN_FAILED', cause: { code: 'ACTOR_NOT_DURABLE' } });
  expect(sockets).toEqual([]);
  await holdfast.close();
});

test('what a live actor sends in one go is stored once each, not all of it with each of them', async () => {
  const burst = fromCallback(({ sendBack }) => {
    for (let i = 0; i < 50; i++) sendBack({ type: 'N' });
    sendBack({ type: 'END' });
  });
  const logic = setup({ actors: { burst } }).createMachine({
    initial: 'a',
    context: { n: 0 },
    states: {
      a: {
        invoke: { src: 'burst' },
        on: { N: { actions: assign({ n: ({ context }) => Number(context.n) + 1 }) }, END: 'b' },
      },
      b: { type: 'final' },
    },
    output: ({ context }) => context.n,
  });
  const store = createMemoryStore();
  const puts: string[] = [];
  const commit: typeof store.commit = (checkpoint) => {
    for (const op of checkpoint.ops) if (op.op === 'put' && op.id.startsWith('messages/')) puts.push(op.id);
    return store.commit(checkpoint);
  };
  const { holdfast } = aHoldfast(workflow(logic), { store: { ...store, commit } });
  expect(await (await holdfast.start('w')).result()).toBe(50);
  expect(puts).toHaveLength(50);
  expect(new Set(puts).size).toBe(50);
  await holdfast.close();
});
