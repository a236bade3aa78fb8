import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type AnyStateMachine,
  assign,
  createActor,
  createMachine,
  enqueueActions,
  fromPromise,
  raise,
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

/** What happened outside, as far as the host that did it lived. */
let seen: string[] = [];
const note = (what: string) => () => void seen.push(what);
const broken = (): never => {
  throw new Error('broken');
};
const promise = fromPromise(async () => undefined as unknown);

const POINTS: (CrashPoint | undefined)[] = [
  undefined,
  ...[2, 3, 4, 5].flatMap((write) => (['before', 'after'] as const).map((when) => ({ write, when }))),
];

interface Outcome {
  /** Status of the run. */
  readonly status: string;
  readonly value: unknown;
  /** What plain XState's actor comes to, where that is another. */
  readonly xstate?: { readonly status?: string; readonly value?: unknown; readonly seen?: readonly string[] };
  /** What is done at least once, in order. Default: nothing. */
  readonly seen?: readonly string[];
}
type Case = readonly [string, () => AnyStateMachine, Outcome];

/** Leads the machine through START and one GO, dying once at `crash`. */
async function play(machine: AnyStateMachine, crash: CrashPoint | undefined) {
  const world = new CrashWorld([defineWorkflow({ id: 'w', version: 1, logic: machine })]);
  const drive = async (host: Parameters<typeof linkLocally>[0]) => {
    const client = createClient(linkLocally(host));
    const started = client.start('w', { id: '1' });
    void started.then((run) => run.send({ type: 'GO' }, { id: 'go' })).catch(() => {});
    await world.settle();
    return client.run('w', '1');
  };
  if (crash) {
    const first = world.boot({ crash });
    await drive(first.host);
    await first.kill();
  }
  const last = world.boot();
  const run = await drive(last.host);
  run.subscribe(() => {});
  const { status } = world.head('w', '1') as { status: string };
  const ended = status === 'failed' || status === 'done';
  const result = ended
    ? run.result().then(
        (output) => ({ output }),
        (error) => ({ error }),
      )
    : undefined;
  const outcome = await result;
  await vi.waitFor(() => expect(run.getSnapshot().run.status).toBe(status), { timeout: 20_000 });
  const { value, error } = run.getSnapshot() as { value: unknown; error: unknown };
  expect(world.errors).toEqual([]);
  await last.kill();
  return { status, value, error, outcome };
}

/** The same on XState's own interpreter. */
function playOriginal(machine: AnyStateMachine) {
  const actor = createActor(machine);
  actor.subscribe({ error: () => {} });
  actor.start();
  actor.send({ type: 'GO' });
  const { status, value } = actor.getSnapshot();
  return { status: status === 'error' ? 'failed' : status === 'done' ? 'done' : 'waiting', value };
}

const goes = (go: object, more: object = {}) =>
  createMachine({
    context: { n: 0 },
    initial: 'a',
    states: { a: { on: { GO: { target: 'b', ...go } } }, b: {} },
    ...more,
  } as never) as unknown as AnyStateMachine;

const failedAt = (value: unknown, more: Partial<Outcome> = {}): Outcome => ({ status: 'failed', value, ...more });
const child = (config: object) => createMachine({ initial: 'x', states: { x: {} }, ...config } as never);
const family = (config: object, invoke: object = {}) =>
  setup({ actors: { child: child(config) } }).createMachine({
    initial: 'a',
    states: {
      a: {
        invoke: { src: 'child', id: 'child', ...invoke },
        on: { GO: { actions: sendTo('child', { type: 'GO' }) } },
      },
      handled: {},
    },
  } as never) as unknown as AnyStateMachine;

/** Computed in the transition: the transition is not taken, and its checkpoint says that the run has failed. */
const COMPUTED: Case[] = [
  ['a guard', () => goes({ guard: broken }), failedAt('a')],
  ['an assign', () => goes({ actions: assign(broken) }), failedAt('a')],
  ['params', () => goes({ actions: { type: 'x', params: broken } }), failedAt('a')],
  ['an event expression', () => goes({ actions: raise(broken as never) }), failedAt('a')],
  ['a delay', () => goes({ actions: raise({ type: 'X' }, { delay: broken }) }), failedAt('a')],
  [
    'a delay of after',
    () =>
      goes({}, { states: { a: { on: { GO: 'b' } }, b: { after: { named: 'a' } } } }).provide({
        delays: { named: broken as never },
      }),
    failedAt('a'),
  ],
  ['a collector of enqueueActions', () => goes({ actions: enqueueActions(broken) }), failedAt('a')],
  [
    'a guard of always',
    () => goes({}, { states: { a: { on: { GO: 'b' } }, b: { always: { guard: broken } } } }),
    failedAt('a'),
  ],
  [
    'an output mapper',
    () => goes({}, { states: { a: { on: { GO: 'b' } }, b: { type: 'final' } }, output: broken }),
    failedAt('a'),
  ],
  [
    'an input mapper',
    () =>
      setup({ actors: { promise } }).createMachine({
        initial: 'a',
        states: { a: { on: { GO: 'b' } }, b: { invoke: { src: 'promise', input: broken } } },
      }),
    failedAt('a'),
  ],
  ['a context factory', () => createMachine({ context: broken, initial: 'a', states: { a: {} } }), failedAt('a')],
  ['an assign at the start', () => goes({}, { entry: assign(broken) }), failedAt('a')],
  [
    'a guard of always at the start',
    () => goes({}, { states: { a: { always: { guard: broken, target: 'b' } }, b: {} } }),
    failedAt('a'),
  ],
  [
    'an assign, after an action: which is performed all the same',
    () => goes({ actions: [note('before'), assign(broken), note('after')] }),
    failedAt('a', { seen: ['before'] }),
  ],
  ['an assign in a child', () => family({ on: { GO: { actions: assign(broken) } }, context: {} }), failedAt('a')],
  [
    'an assign in a child, which its parent handles',
    () => family({ on: { GO: { actions: assign(broken) } }, context: {} }, { onError: 'handled' }),
    { status: 'waiting', value: 'handled' },
  ],
  [
    "a child's context factory, which its parent handles",
    () => family({ context: broken }, { onError: 'handled' }),
    { status: 'waiting', value: 'handled' },
  ],
];

/** Performed after the commit: the transition stands, and the next checkpoint takes the error path. */
const PERFORMED: Case[] = [
  ['an inline action', () => goes({ actions: broken }), failedAt('b', { xstate: { value: 'a' } })],
  [
    'a named action',
    () => goes({ actions: 'named' }).provide({ actions: { named: broken } }),
    failedAt('b', { xstate: { value: 'a' } }),
  ],
  [
    'an action that was enqueued',
    () => goes({ actions: enqueueActions(({ enqueue }) => enqueue(broken)) }),
    failedAt('b', { xstate: { value: 'a' } }),
  ],
  [
    'one of several: those before it are performed, those after it are not',
    () => goes({ actions: [note('before'), broken, note('after')] }),
    failedAt('b', { seen: ['before'], xstate: { value: 'a' } }),
  ],
  ['an entry action at the start', () => goes({}, { entry: [broken, note('after')] }), failedAt('a')],
  [
    'an action of the last transition: the run has failed, not done',
    () => goes({}, { states: { a: { on: { GO: 'b' } }, b: { type: 'final', entry: broken } } }),
    failedAt('b', { xstate: { value: 'a' } }),
  ],
  ['an action in a child', () => family({ on: { GO: { actions: broken } } }), failedAt('a')],
  [
    'an action in a child, which its parent handles',
    () => family({ on: { GO: { actions: broken } } }, { onError: 'handled' }),
    { status: 'waiting', value: 'handled' },
  ],
  [
    'an action in a child: what other actors were to do is done',
    () =>
      setup({
        actors: {
          first: child({ on: { GO: { actions: [broken, note('first')] } } }),
          second: child({ on: { GO: { actions: note('second') } } }),
        },
      }).createMachine({
        initial: 'a',
        entry: [spawnChild('first', { id: 'first' }), spawnChild('second', { id: 'second' })],
        states: {
          a: {
            on: { GO: { target: 'b', actions: [sendTo('first', { type: 'GO' }), sendTo('second', { type: 'GO' })] } },
          },
          b: {},
        },
      } as never) as unknown as AnyStateMachine,
    failedAt('b', { seen: ['second'] }),
  ],
  [
    'an action of a child that the transition ended: its parent has been told that it is done',
    () => family({ states: { x: { on: { GO: 'y' } }, y: { type: 'final', entry: broken } } }, { onDone: 'handled' }),
    { status: 'waiting', value: 'handled', xstate: { status: 'failed', value: 'a' } },
  ],
];

describe.each([
  ['computed in the transition', COMPUTED],
  ['performed after it', PERFORMED],
])('what throws, %s', (_, cases) => {
  describe.each(cases)('%s', (_, machine, expected) => {
    test.each(POINTS)('comes to the same end, also when its host dies (%o)', async (crash) => {
      const { status, value, error, outcome } = await play(machine(), crash);
      expect({ status, value }).toEqual({ status: expected.status, value: expected.value });
      if (!crash) expect(seen).toEqual(expected.seen ?? []);
      for (const what of expected.seen ?? []) expect(seen).toContain(what);
      expect(seen.filter((what) => !expected.seen?.includes(what))).toEqual([]);
      if (status !== 'failed') return;
      const cause = { message: expect.stringMatching(/broken$/) };
      expect(error).toMatchObject(cause);
      expect(outcome).toMatchObject({ error: { code: 'RUN_FAILED', cause } });
    });

    test("XState's own interpreter comes to", () => {
      const { seen: _seen, ...rest } = expected;
      const { status, value } = { ...rest, ...expected.xstate };
      expect(playOriginal(machine())).toEqual({ status, value });
      expect(seen).toEqual(expected.xstate?.seen ?? expected.seen ?? []);
    });
  });
});

test('a run that failed goes no further while its last actions are ahead', async () => {
  let resolve = () => {};
  const work = fromPromise(() => new Promise<void>((settle) => (resolve = settle)));
  const kid = setup({ actors: { work } }).createMachine({
    invoke: { src: 'work', onDone: { actions: note('the child goes on') } },
  });
  const logic = setup({ actors: { kid } }).createMachine({
    context: {},
    invoke: { src: 'kid' },
    on: { GO: { actions: [note('before'), assign(broken)] } },
  });
  const gated = gate(createMemoryStore());
  const { holdfast } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { store: gated.store });
  const run = await holdfast.start('w');
  await gated.pass();
  await run.send({ type: 'GO' });
  await settled();
  resolve();
  await settled();
  gated.open();
  await expect(run.result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
  expect(seen).toEqual(['before']);
  await holdfast.close();
});

beforeEach(() => {
  seen = [];
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});
