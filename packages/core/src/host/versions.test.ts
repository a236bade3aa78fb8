import { describe, expect, test, vi } from 'vitest';
import { type AnyStateMachine, assign, createMachine, forwardTo, fromPromise, raise, setup } from 'xstate';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { Migrations } from '../define/migration.js';
import type { AnyWorkflow } from '../define/workflow.js';
import type { RunRow } from '../records/records.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import type { Ownership } from '../store/store.js';
import { gate } from '../testing/gated-store.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { ManualClock } from '../testing/manual-clock.js';

const NEVER = new Promise<never>(() => {});
const address = { workflow: 'w', run: 'a' };
const at = (version: number, logic: AnyWorkflow['logic'], migrate?: Migrations): AnyWorkflow =>
  defineWorkflow({ id: 'w', version, logic, ...(migrate ? { migrate } : {}) });
const same: Migrations = { 1: (state) => state };

/** One store and clock, and one host after another over it, each with its own code. */
function aWorld() {
  const database = createMemoryDatabase();
  const clock = new ManualClock();
  let current: ReturnType<typeof aHoldfast<readonly AnyWorkflow[]>> | undefined;
  return {
    clock,
    database,
    /** The run's stored records, as text. */
    stored: () => {
      const run = database.tables.load(address);
      return JSON.stringify([run?.row, [...(run?.values ?? [])]]);
    },
    head: () => database.tables.head(address),
    history: () => database.tables.history(address),
    async deploy(...workflows: readonly AnyWorkflow[]) {
      await current?.holdfast.close();
      current = aHoldfast(workflows, { database, clock });
      await settled();
      const { holdfast, errors } = current;
      const run = holdfast.run('w', 'a');
      return {
        holdfast,
        errors,
        run,
        codes: () => errors.map((error) => (error as { code?: string }).code),
        async start(input?: unknown) {
          await holdfast.start('w', { id: 'a', input } as never);
          await settled();
        },
        async send(type: string) {
          await run.send({ type } as never, { until: 'processed' });
          await settled();
        },
        async see() {
          const stop = run.subscribe(() => {});
          await settled();
          await vi.waitFor(() => expect(run.getSnapshot().run.status).not.toBe('unknown'), { timeout: 20_000 });
          stop.unsubscribe();
          return run.getSnapshot();
        },
        async pass(ms: number) {
          clock.advance(ms);
          await settled();
        },
      };
    },
    close: () => current?.holdfast.close(),
  };
}

type World = ReturnType<typeof aWorld>;

/** A run of `first`, then a host with `then`. */
async function upgraded(
  first: AnyWorkflow,
  then: AnyWorkflow,
  before?: (world: World, host: Host) => Promise<unknown>,
) {
  const world = aWorld();
  const host = await world.deploy(first);
  await host.start();
  await before?.(world, host);
  return { world, ...(await world.deploy(then)) };
}
type Host = Awaited<ReturnType<World['deploy']>>;

const machine = (states: Record<string, object>, initial = 'a'): AnyStateMachine =>
  createMachine({ id: 'm', initial, states } as never) as AnyStateMachine;
const final = { type: 'final' } as const;

/** Leaves the run as a host does that dies between a commit and the actions that it set off. */
async function diedBeforeItsActions(world: World, rows: readonly object[]): Promise<void> {
  const store = createMemoryStore({ database: world.database });
  const { epoch, release } = (await store.acquire({ signal: new AbortController().signal })) as Ownership;
  const row = world.head() as RunRow;
  const value = { text: encode(rows, 'actions').text };
  const ops = [
    { op: 'put', id: 'actions', value } as const,
    { op: 'run', row: { ...row, status: 'running' } } as const,
  ];
  await store.commit({ ...address, epoch, after: row.seq, durability: 'strict', ops });
  await release();
  await store.close();
}

describe('a migration', () => {
  test('is a checkpoint of its own, with its line in the history', async () => {
    const renamed = at(2, machine({ b: { on: { GO: 'c' } }, c: final }, 'b'), {
      1: (state) => ({ ...state, value: 'b', context: { from: 1 } }),
    });
    const { world, see, send, run, errors } = await upgraded(at(1, machine({ a: {} })), renamed);
    expect(world.history().at(-1)).toMatchObject({ seq: 2, arrival: { kind: 'version', name: '1 -> 2' }, value: 'b' });
    expect(world.head()).toMatchObject({ version: 2, seq: 2, status: 'waiting' });
    expect(await see()).toMatchObject({ value: 'b', context: { from: 1 } });
    await send('GO');
    expect(await run.result()).toBeUndefined();
    expect(errors).toEqual([]);
    await world.close();
  });

  test('is chained: 1 -> 3 in one checkpoint', async () => {
    const third = at(3, machine({ a: {} }), {
      1: (state) => ({ ...state, context: { path: ['1'] } }),
      2: (state) => ({ ...state, context: { path: [...state.context.path, '2'] } }),
    });
    const { world, see } = await upgraded(at(1, machine({ a: {} })), third);
    expect(world.history().at(-1)).toMatchObject({ seq: 2, arrival: { name: '1 -> 3' } });
    expect((await see()).context).toEqual({ path: ['1', '2'] });
    await world.close();
  });

  test('that throws, or gives no state, leaves the run as it was, parked, until it is repaired', async () => {
    const broken: [string, Migrations[1], RegExp][] = [
      ['throws', (state) => state.context.gone.map(() => 1), /from version 1 to 2 failed: Cannot read/],
      ['gives nothing', (() => undefined) as never, /returned no state/],
      ['gives a promise', (async (state: unknown) => state) as never, /returned a promise/],
      ['gives no value', (state) => ({ ...state, value: undefined }), /the value is undefined/],
      ['puts in an actor', (state) => ({ ...state, children: { kid: { src: 'kid' } } }), /puts in an actor "kid"/],
      [
        'gives what can not be stored',
        (state) => ({ ...state, context: { f: () => 1 } }),
        /state\.context\.f is a function/,
      ],
      [
        'changes what it was given, and throws then',
        (state) => {
          state.value = 'elsewhere';
          throw new Error('late');
        },
        /late/,
      ],
    ];
    for (const [name, migration, message] of broken) {
      const world = aWorld();
      const first = await world.deploy(at(1, machine({ a: { on: { GO: 'c' } }, c: final })));
      await first.start();
      const before = world.stored();
      const parked = await world.deploy(
        at(2, machine({ a: { on: { GO: 'c' } }, c: final }), { 1: migration } as Migrations),
      );
      expect(parked.errors, name).toEqual([
        expect.objectContaining({ code: 'MIGRATION_FAILED', message: expect.stringMatching(message) }),
      ]);
      await parked.pass(60_000);
      expect(parked.errors, name).toHaveLength(1);
      expect((await parked.see()).run, name).toMatchObject({ status: 'parked', problem: { code: 'MIGRATION_FAILED' } });
      await parked.run.send({ type: 'GO' } as never);
      await settled();
      expect(world.stored(), name).toBe(before);
      const { run } = await world.deploy(at(2, machine({ a: { on: { GO: 'c' } }, c: final }), same));
      expect(await run.result(), name).toBeUndefined();
      await world.close();
    }
  });

  test('to a state that is not there parks, naming it, and what moved it there', async () => {
    const nowhere = at(2, machine({ b: {} }, 'b'), { 1: (state) => ({ ...state, value: 'c' }) });
    const { world, errors } = await upgraded(at(1, machine({ a: {} })), nowhere);
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'VERSION_UNFIT',
        message: expect.stringContaining('migrated from version 1 to 2, does not fit: missing state m.c'),
      }),
    ]);
    expect(world.head()).toMatchObject({ version: 1, seq: 1 });
    await world.close();
  });

  test('that is missing parks, and says which', async () => {
    const gap = at(3, machine({ a: {} }), { 2: (state) => state });
    const { world, errors } = await upgraded(at(1, machine({ a: {} })), gap);
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'VERSION_UNFIT',
        remedy: expect.stringContaining('missing migrations from version 1'),
        details: expect.objectContaining({ stored: 1, registered: [3] }),
      }),
    ]);
    await world.close();
  });

  test('into a final state parks: only a transition ends a run', async () => {
    const ended = at(2, machine({ a: final }), same);
    const { world, errors } = await upgraded(at(1, machine({ a: {} })), ended);
    expect(errors).toMatchObject([{ code: 'VERSION_UNFIT', message: expect.stringContaining('m.a is final') }]);
    await world.close();
  });

  test('may rename an actor and the steps of its journal: what is done is not done again', async () => {
    const effects: string[] = [];
    const work = (names: readonly string[]) =>
      fromSteps(async ({ step, sleep }) => {
        const first = await step(names[0] as string, () => effects.push(names[0] as string));
        await sleep('nap', '1h');
        return [first, await step(names[1] as string, () => effects.push(names[1] as string))];
      });
    const logic = (src: string, names: readonly string[]) =>
      setup({ actors: { [src]: work(names) } }).createMachine({
        initial: 'a',
        context: {},
        states: {
          a: {
            invoke: { id: 'work', src: src as never, onDone: { target: 'b', actions: assign(({ event }) => event) } },
          },
          b: final,
        },
        output: ({ context }) => (context as { output?: unknown }).output,
      });
    const migrate: Migrations = {
      1: (state) => {
        const child = state.children?.work;
        if (!child?.steps?.one) throw new Error('no journal');
        const { one, ...steps } = child.steps;
        return {
          ...state,
          children: { work: { ...child, src: 'new', steps: { ...steps, eins: { ...one, output: 10 } } } },
        };
      },
    };
    const { world, pass, run } = await upgraded(
      at(1, logic('old', ['one', 'two'])),
      at(2, logic('new', ['eins', 'zwei']), migrate),
    );
    expect(world.head()?.status).toBe('waiting');
    await pass(3_600_000);
    expect(await run.result()).toEqual([10, 2]);
    expect(effects).toEqual(['one', 'zwei']);
    await world.close();
  });

  test('leaves what a heartbeat told to the next try', async () => {
    const seen: unknown[] = [];
    const work = fromSteps(async ({ step }) =>
      step('upload', async ({ details, heartbeat }) => {
        seen.push(details);
        if (details === 'half') return 'whole';
        await heartbeat('half');
        return new Promise<never>(() => {});
      }),
    );
    const { world, run } = await upgraded(at(1, work), at(2, work, { 1: (state) => state }));
    expect(await run.result()).toBe('whole');
    expect(seen).toEqual([undefined, 'half']);
    await world.close();
  });

  test('may put a step into the journal: it counts as done', async () => {
    const effects: string[] = [];
    const work = (more: boolean) =>
      fromSteps(async ({ step, sleep }) => {
        if (more) await step('before', () => effects.push('before'));
        await step('one', () => effects.push('one'));
        await sleep('nap', '1h');
        return more ? step('after', () => 'new') : 'old';
      });
    const migrate: Migrations = {
      1: (state) => ({
        ...state,
        steps: { ...state.steps, before: { status: 'completed' }, after: { status: 'completed', output: 5 } },
      }),
    };
    const { world, pass, run } = await upgraded(at(1, work(false)), at(2, work(true), migrate));
    await pass(3_600_000);
    expect(await run.result()).toBe(5);
    expect(effects).toEqual(['one']);
    await world.close();
  });

  test('may take an actor out: it is stopped, and its journal goes with it', async () => {
    const work = fromSteps(async ({ step, sleep }) => {
      await step('one', () => 1);
      await sleep('nap', '1h');
    });
    const first = setup({ actors: { work } }).createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { invoke: { src: 'work', id: 'k' } } },
    });
    const without = at(2, machine({ a: { on: { GO: 'b' } }, b: final }), {
      1: (state) => ({ ...state, children: {} }),
    });
    const { world, errors, send, run } = await upgraded(at(1, first), without);
    expect(
      [...(world.database.tables.load(address)?.values.keys() ?? [])].filter((id) => id.startsWith('journal')),
    ).toEqual([]);
    expect(errors).toEqual([]);
    await send('GO');
    await run.result();
    await world.close();
  });

  test('knows nested machines, their contexts and histories', async () => {
    const child = (name: string) =>
      createMachine({
        id: 'child',
        initial: 'out',
        context: { n: 1 },
        states: {
          out: { on: { IN: 'in.back' } },
          in: {
            initial: 'x',
            on: { OUT: 'out' },
            states: { x: { on: { NEXT: name } }, [name]: {}, back: { type: 'history' } },
          },
        },
      } as never);
    const logic = (name: string) =>
      setup({ actors: { child: child(name) } }).createMachine({
        initial: 'a',
        states: { a: { invoke: { src: 'child', id: 'kid' }, on: { '*': { actions: forwardTo('kid') } } } },
      });
    const migrate: Migrations = {
      1: (state) => {
        const kid = state.children?.kid;
        if (!kid) throw new Error('no kid');
        expect(kid).toMatchObject({
          value: 'out',
          context: { n: 1 },
          historyValue: { 'child.in.back': ['child.in.old'] },
        });
        const historyValue = { 'child.in.back': ['child.in.new'] };
        return { ...state, children: { kid: { ...kid, context: { n: 2 }, historyValue } } };
      },
    };
    const { world, send } = await upgraded(
      at(1, logic('old') as never),
      at(2, logic('new') as never, migrate),
      async (_, host) => {
        for (const type of ['IN', 'NEXT', 'OUT']) await host.send(type);
      },
    );
    await send('IN');
    expect(JSON.parse(JSON.stringify(world.database.tables.load(address)?.values.get('state')?.text))).toMatch(/"new"/);
    await world.close();
  });
});

describe('a definition that changed within its version', () => {
  const first = at(1, machine({ a: { on: { GO: 'b' } }, b: {} }));
  const other = at(1, machine({ a: { on: { GO: 'b' } }, b: { on: { END: 'c' } }, c: final }));

  test('goes on where it fits, in a checkpoint of its own, and is told of once', async () => {
    const world = aWorld();
    const host = await world.deploy(first);
    await host.start();
    await host.holdfast.start('w', { id: 'b' } as never);
    await settled();
    const next = await world.deploy(other);
    expect(next.codes()).toEqual(['VERSION_UNBUMPED']);
    expect(world.history().at(-1)).toMatchObject({ arrival: { kind: 'version', name: '1 -> 1' } });
    await next.send('GO');
    await next.send('END');
    await next.run.result();
    const again = await world.deploy(other);
    expect(again.codes()).toEqual([]);
    expect(world.database.tables.history({ workflow: 'w', run: 'b' })).toHaveLength(2);
    await world.close();
  });

  test('where it does not fit, it parks, naming what is missing and that the version was not raised', async () => {
    const { world, errors, see } = await upgraded(first, at(1, machine({ b: {} }, 'b')));
    expect(errors).toMatchObject([
      { code: 'VERSION_UNFIT', message: expect.stringMatching(/version was not raised: missing state m\.a/) },
    ]);
    expect((await see()).run.status).toBe('parked');
    await world.close();
  });

  test('that has not changed makes no checkpoint', async () => {
    const { world, codes } = await upgraded(first, at(1, machine({ b: {}, a: { on: { GO: 'b' } } })));
    expect(codes()).toEqual([]);
    expect(world.history()).toHaveLength(1);
    await world.close();
  });
});

describe('versions side by side', () => {
  const named = (version: number, migrate?: Migrations) =>
    at(version, machine({ a: { on: { GO: 'b' } }, b: final }).provide({}) as AnyStateMachine, migrate);
  const marked = (version: number, migrate?: Migrations) =>
    at(
      version,
      createMachine({
        initial: 'a',
        context: { version } as { version: number },
        states: { a: { on: { GO: { target: 'b', actions: assign({ by: () => version } as never) } } }, b: final },
        output: ({ context }) => context,
      }) as never,
      migrate,
    );

  test('a new run takes the newest, whatever the order; an old one goes on with its own', async () => {
    const world = aWorld();
    await (await world.deploy(marked(1))).start();
    const { holdfast, run, send, codes } = await world.deploy(marked(2, same), marked(1));
    expect(world.history()).toHaveLength(1);
    await send('GO');
    expect(await run.result()).toEqual({ version: 1, by: 1 });
    const fresh = await holdfast.start('w', { id: 'b' } as never);
    await fresh.send({ type: 'GO' } as never);
    expect(await fresh.result()).toEqual({ version: 2, by: 2 });
    expect(codes()).toEqual([]);
    await world.close();
  });

  test('an old run whose version is gone moves no further than it has to', async () => {
    const world = aWorld();
    await (await world.deploy(marked(1))).start();
    const chain: Migrations = { 1: (state) => state, 2: (state) => state };
    const { send, run } = await world.deploy(marked(3, chain), marked(2, same));
    expect(world.head()?.version).toBe(2);
    await send('GO');
    expect(await run.result()).toEqual({ version: 1, by: 2 });
    await world.close();
  });

  test('a version that the chain does not reach is passed over', async () => {
    const world = aWorld();
    await (await world.deploy(marked(1))).start();
    const chain: Migrations = { 1: (state) => state, 2: (state) => state };
    await world.deploy(marked(2), marked(3, chain));
    expect(world.head()?.version).toBe(3);
    await world.close();
  });

  test('a run started anew takes the newest', async () => {
    const world = aWorld();
    await (await world.deploy(marked(1))).start();
    const { holdfast, run } = await world.deploy(marked(1), marked(2));
    await holdfast.start('w', { id: 'a', ifExists: 'restart' } as never);
    await settled();
    expect(world.head()?.version).toBe(2);
    await run.send({ type: 'GO' } as never);
    expect(await run.result()).toEqual({ version: 2, by: 2 });
    await world.close();
  });

  test('a downgrade is not touched, begun or not', async () => {
    const world = aWorld();
    await (await world.deploy(marked(2))).start();
    const before = world.stored();
    const { errors, see, run, holdfast } = await world.deploy(marked(1));
    expect(errors).toMatchObject([{ code: 'VERSION_UNFIT', remedy: 'Update this host.' }]);
    await run.send({ type: 'GO' } as never);
    expect((await see()).run.status).toBe('parked');
    expect(world.stored()).toBe(before);
    const row = { workflow: 'w', run: 'q', key: 'k', version: 2, seq: 0, status: 'queued', reasons: [] } as const;
    world.database.tables.start({ ...row, createdAt: 0, updatedAt: 0 }, { text: '[-1]' });
    const queued = holdfast.run('w', 'q');
    await queued.send({ type: 'GO' } as never);
    await expect(queued.result()).rejects.toMatchObject({ code: 'RUN_PARKED' });
    expect(world.database.tables.head({ workflow: 'w', run: 'q' })?.seq).toBe(0);
    const newer = await world.deploy(marked(2));
    expect(await newer.run.result()).toEqual({ version: 2, by: 2 });
    await world.close();
  });

  test('a run that is over is never migrated, and shown whole by its own version', async () => {
    const logic = () => machine({ a: { type: 'final', tags: ['over'] } });
    const first = at(1, logic());
    const moving = at(2, logic(), { 1: (state) => ({ ...state, context: { moved: true } }) });
    const { world, see } = await upgraded(first, moving);
    expect(await see()).toMatchObject({ status: 'done', value: 'a', context: {} });
    expect((await see()).context).not.toHaveProperty('moved');
    const beside = await world.deploy(moving, first);
    expect((await beside.see()).hasTag('over')).toBe(true);
    await world.close();
  });

  test('one id and one version twice is refused', () => {
    expect(() => aHoldfast([named(1), named(1)])).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

describe('parked runs', () => {
  test('name the actor that is gone', async () => {
    const work = fromPromise(() => NEVER);
    const first = setup({ actors: { work } }).createMachine({
      initial: 'a',
      states: { a: { invoke: { src: 'work', id: 'w1' } } },
    });
    const { world, errors } = await upgraded(at(1, first), at(2, machine({ a: {} }), same));
    expect(errors).toMatchObject([{ message: expect.stringContaining('missing actor work (running as w1)') }]);
    await world.close();
  });

  test('name the steps that are gone, and go on when they are back', async () => {
    const effects: string[] = [];
    const work = (...names: string[]) =>
      fromSteps(async ({ step, sleep }) => {
        for (const name of names) await step(name, () => effects.push(name));
        await sleep('nap', '1h');
      });
    const { world, see, pass, errors } = await upgraded(at(1, work('one', 'two')), at(1, work('two')));
    await pass(3_600_000);
    expect(errors).toMatchObject([{ code: 'JOURNAL_MISMATCH', details: { steps: ['one'] } }]);
    expect((await see()).run).toMatchObject({ status: 'parked', problem: { code: 'JOURNAL_MISMATCH' } });
    const { run } = await world.deploy(at(1, work('one', 'two')));
    await run.result();
    expect(effects).toEqual(['one', 'two']);
    await world.close();
  });

  test('name the step of a function that is no step function any more', async () => {
    const logic = (work: never) =>
      setup({ actors: { work } }).createMachine({
        initial: 'a',
        states: { a: { invoke: { src: 'work', id: 'k' } as never } },
      });
    const steps = fromSteps(async ({ step, sleep }) => {
      await step('one', () => 1);
      await sleep('nap', '1h');
    });
    const { world, errors } = await upgraded(
      at(1, logic(steps as never)),
      at(2, logic(fromPromise(() => NEVER) as never), same),
    );
    expect(errors).toMatchObject([
      { code: 'VERSION_UNFIT', message: expect.stringMatching(/missing step (one|nap) of k/) },
    ]);
    await world.close();
  });

  const broken = () => {
    throw new Error('bad code');
  };
  const work = fromPromise(() => NEVER);
  test.each<[string, AnyWorkflow['logic']]>([
    ['a guard', machine({ a: { always: { guard: broken, target: 'b' } }, b: {} })],
    [
      'the input of an actor',
      setup({ actors: { work } }).createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { invoke: { src: 'work', input: broken } } },
      }),
    ],
    ['a loop without end', machine({ a: { always: 'b' }, b: { always: 'a' } })],
    [
      'what can not be stored',
      machine({ a: { always: { target: 'b', actions: assign({ f: () => broken }) } }, b: {} }),
    ],
  ])('are as they were when %s shows only as they are taken over, and can be deleted', async (_, logic) => {
    const { world, codes, run } = await upgraded(at(1, machine({ a: {} })), at(1, logic));
    expect(codes()).toEqual(['VERSION_UNBUMPED', 'VERSION_UNFIT']);
    expect(world.head()).toMatchObject({ seq: 1, status: 'waiting' });
    await run.delete();
    expect(world.head()).toBeUndefined();
    await world.close();
  });
});

test('until its migration is durable, a run is shown as it is stored', async () => {
  const database = createMemoryDatabase();
  const first = aHoldfast([at(1, machine({ a: {} }))] as readonly AnyWorkflow[], { database });
  await first.holdfast.start('w', { id: 'a' } as never);
  await settled();
  await first.holdfast.close();
  const gated = gate(createMemoryStore({ database }));
  const moving = at(2, machine({ b: {} }, 'b'), { 1: (state) => ({ ...state, value: 'b' }) });
  const { holdfast } = aHoldfast([moving] as readonly AnyWorkflow[], { store: gated.store });
  const run = holdfast.run('w', 'a');
  const seen: unknown[] = [];
  run.subscribe(({ value, run: { status } }) => seen.push([status, value]));
  await vi.waitFor(() => expect(gated.waiting).toHaveLength(1), { timeout: 20_000 });
  await vi.waitFor(() => expect(seen.at(-1)).toEqual(['waiting', 'a']), { timeout: 20_000 });
  gated.open();
  await vi.waitFor(() => expect(seen.at(-1)).toEqual(['waiting', 'b']), { timeout: 20_000 });
  await holdfast.close();
});

describe('a run that waits is brought in line when a host with other code takes over', () => {
  test('an overdue timer fires at once, and once, after it', async () => {
    const of = (ms: number) => machine({ a: { after: { [ms]: 'b' } }, b: { on: { GO: 'c' } }, c: final });
    const world = aWorld();
    await (await world.deploy(at(1, of(86_400_000)))).start();
    world.clock.advance(5000);
    const { see } = await world.deploy(at(2, of(1000), same));
    expect((await see()).value).toBe('b');
    expect(world.history().map(({ arrival }) => arrival.kind)).toEqual(['start', 'version', 'timer']);
    expect(world.head()).not.toHaveProperty('nextDeadlineAt');
    await world.close();
  });

  test('a timer that was overdue before it comes after it too', async () => {
    const of = (target: string) => machine({ a: { after: { 1000: target } }, b: {}, c: {} });
    const world = aWorld();
    const first = await world.deploy(at(1, of('b')));
    await first.start();
    await first.holdfast.close();
    world.clock.advance(5000);
    await world.deploy(at(2, of('c'), same));
    expect(world.history().map(({ arrival, value }) => [arrival.kind, value])).toEqual([
      ['start', 'a'],
      ['version', 'a'],
      ['timer', 'c'],
    ]);
    await world.close();
  });

  test('what was under way goes on', async () => {
    const of = (work: Promise<unknown>) =>
      setup({ actors: { work: fromPromise(() => work) } }).createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { invoke: { src: 'work', id: 'k', onDone: 'b' } }, b: final },
      });
    const { world, run } = await upgraded(at(1, of(NEVER)), at(2, of(Promise.resolve()), same));
    await run.result();
    await world.close();
  });

  test('timers of an actor that its migration took out go with it', async () => {
    const child = machine({ x: { after: { 1000: 'y' } }, y: {} }, 'x');
    const of = (invoke: object) =>
      setup({ actors: { child } }).createMachine({ id: 'm', initial: 'a', states: { a: invoke } } as never);
    const without = at(2, of({}), { 1: (state) => ({ ...state, children: {} }) });
    const { world } = await upgraded(at(1, of({ invoke: { src: 'child', id: 'kid' } })), without);
    expect(world.head()?.version).toBe(2);
    expect(world.head()).not.toHaveProperty('nextDeadlineAt');
    await world.close();
  });

  test('an inline actor that has ended, and is gone, holds nothing up', async () => {
    const inline = fromPromise(async () => 1);
    const { world, codes } = await upgraded(
      at(1, machine({ a: { invoke: { src: inline, onDone: { actions: () => {} } } } })),
      at(2, machine({ a: { tags: 'new' } }), same),
    );
    expect(codes()).toEqual([]);
    expect(world.head()?.version).toBe(2);
    await world.close();
  });

  test('a later deadline is the stored one', async () => {
    const of = (ms: number) => machine({ a: { after: { [ms]: 'b' } }, b: final });
    const { world, pass, run } = await upgraded(at(1, of(1000)), at(2, of(2000), same));
    const { createdAt, nextDeadlineAt } = world.head() as RunRow;
    expect(nextDeadlineAt).toBe(createdAt + 2000);
    await pass(1500);
    expect(world.head()?.status).toBe('waiting');
    await pass(500);
    await run.result();
    await world.close();
  });

  test('an always that became true by its migration is taken', async () => {
    const always = { guard: ({ context }: { context: { ready?: boolean } }) => context.ready === true, target: 'b' };
    const next = at(2, machine({ a: { always }, b: final }), {
      1: (state) => ({ ...state, context: { ready: true } }),
    });
    const { world, run } = await upgraded(at(1, machine({ a: {} })), next);
    await run.result();
    expect(world.history().at(-1)).toMatchObject({ seq: 2, arrival: { kind: 'version' }, status: 'done' });
    await world.close();
  });

  test('an actor that is invoked now begins after the checkpoint that says so', async () => {
    const seen: unknown[] = [];
    const world = aWorld();
    const work = fromPromise(async () => void seen.push(world.history().at(-1)?.arrival.kind));
    const invoking = setup({ actors: { work } }).createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { invoke: { src: 'work', onDone: 'b' } }, b: final },
    });
    await (await world.deploy(at(1, machine({ a: {} })))).start();
    const { run } = await world.deploy(at(2, invoking, same));
    await run.result();
    expect(seen).toEqual(['version']);
    await world.close();
  });
});

test('what is still to be performed is performed by the new code, with the context it had', async () => {
  const seen: unknown[] = [];
  const logic = (more: object) =>
    setup({ actions: { note: ({ context }) => void seen.push(context) } }).createMachine({
      initial: 'a',
      context: { n: 1 },
      states: { a: { on: { GO: { actions: 'note' } } }, b: {}, ...more },
    });
  const world = aWorld();
  const first = await world.deploy(at(1, logic({})));
  await first.start();
  await first.holdfast.close();
  await diedBeforeItsActions(world, [{ actor: '', type: 'note', event: { type: 'GO' } }]);
  seen.length = 0;
  const migrate: Migrations = { 1: (state) => ({ ...state, context: { n: 2 } }) };
  await world.deploy(
    at(
      2,
      logic({
        a: {
          always: {
            guard: ({ context }: { context: { n: number } }) => context.n === 2,
            target: 'b',
            actions: assign({ n: 3 }),
          },
        },
      }),
      migrate,
    ),
  );
  expect(seen).toEqual([{ n: 2 }]);
  expect(world.history().at(-1)).toMatchObject({ arrival: { kind: 'version' }, value: 'b', effects: ['action note'] });
  await world.close();
});

test('a delayed event of an app stays as it was', async () => {
  const logic = (delay: number) =>
    createMachine({
      initial: 'a',
      states: { a: { entry: raise({ type: 'LATER' }, { delay, id: 'later' }), on: { LATER: 'b' } }, b: final },
    });
  const { world, pass, run } = await upgraded(at(1, logic(1000)), at(2, logic(9000), same));
  await pass(1000);
  await run.result();
  await world.close();
});
