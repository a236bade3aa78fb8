import { afterEach, describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { StepsContext } from '../define/steps-logic.js';
import { createHost } from '../host/host.js';
import { createMemoryStore } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { endless, isolated, Workshop } from '../testing/workshop.test-support.js';

type Body = (context: StepsContext<never>) => Promise<unknown>;
type World = ReturnType<typeof isolated>;

let world: Pick<World, 'holdfast' | 'clock' | 'database' | 'errors'> & { workshop: Workshop };
afterEach(() => world.holdfast.close());

async function start(body: Body, options?: Parameters<typeof isolated>[1]) {
  const made = isolated(body, options);
  world = made;
  const run = await made.holdfast.start('w', { id: '1' });
  await settled();
  return run;
}

const head = () => world.database.tables.head({ workflow: 'w', run: '1' });

describe('what crosses between a host and a step worker', () => {
  test('is each value as it is stored', async () => {
    const value = { at: new Date(5), ids: new Set(['a']), blob: new Blob(['x']), none: undefined, n: 1n };
    const run = await start(async ({ step }) => {
      const stored = await step('one', () => value);
      return [stored, await (stored.blob as Blob).text()];
    });
    const [stored, text] = (await run.result()) as [typeof value, string];
    expect([stored.at, stored.ids, stored.n, text]).toEqual([value.at, value.ids, 1n, 'x']);
  });

  test('are the calls of services, with their errors', async () => {
    const services = {
      double: (n: number) => 2 * n,
      fail: () => {
        throw new RangeError('not today');
      },
    };
    const run = await start(
      ({ step }) =>
        step('ask', async ({ services }) => {
          const { double, fail, other } = services as unknown as Record<string, (n?: number) => Promise<unknown>>;
          return [await double?.(21), await fail?.().catch(String), await other?.().catch(({ code }) => code)];
        }),
      { services },
    );
    expect(await run.result()).toEqual([42, 'RangeError: not today', 'SERVICE_UNKNOWN']);
  });

  test('is no result that can not be stored: its step fails, and says which part', async () => {
    const run = await start(({ step }) =>
      step('one', () => ({ inside: { f: () => {} } })).catch(({ code, message }) => [code, message]),
    );
    const [code, message] = (await run.result()) as string[];
    expect([code, message]).toEqual(['VALUE_NOT_STORABLE', expect.stringContaining('step "one".output.inside.f')]);
    expect((await run.history()).map(({ arrival }) => arrival)).toContainEqual(
      expect.objectContaining({ name: 'one', outcome: 'failed' }),
    );
  });

  test('is what makes a result too large for its host: the step fails', async () => {
    const run = await start(({ step }) => step('one', () => 'x'.repeat(100)).catch(({ code }) => code), {
      limits: { valueLength: 50 },
    });
    expect(await run.result()).toBe('VALUE_TOO_LARGE');
  });

  test('is no event that can not be told: it is reported, and the run goes on', async () => {
    const run = await start(async ({ emit }) => {
      emit({ type: 'TOLD', f: () => {} } as never);
      return 'done';
    });
    expect([await run.result(), world.errors]).toMatchObject(['done', [{ code: 'VALUE_NOT_STORABLE' }]]);
  });

  test('is each try, as it begins and ends, to `around`, which may fail it or take its place', async () => {
    const seen: string[] = [];
    const around = (({ kind, name, attempt }: never, perform: () => unknown) => {
      if (kind !== 'step') return perform();
      seen.push(`${name} ${attempt}`);
      if (name === 'refused') throw new Error('not now');
      if (name === 'replaced') return 'instead';
      const body = perform() as Promise<unknown>;
      return body.then(
        () => void seen.push('ended'),
        (error) => {
          seen.push(String(error));
          throw error;
        },
      );
    }) as never;
    const run = await start(
      async ({ step }) => [
        await step('good', () => 1),
        await step('bad', () => Promise.reject(new Error('bad'))).catch(String),
        await step('refused', () => seen.push('never')).catch(String),
        await step('replaced', () => seen.push('never')),
      ],
      { around },
    );
    expect(await run.result()).toEqual([1, 'Error: bad', 'Error: not now', 'instead']);
    expect(seen).toEqual(['good 1', 'ended', 'bad 1', 'Error: bad', 'refused 1', 'replaced 1']);
  });

  test('is the network', async () => {
    let change = () => {};
    let online = false;
    const subscribe = (listener: () => void) => {
      change = listener;
      return () => {
        change = () => {};
      };
    };
    const run = await start(({ step }) => step('fetch', { requires: 'online' }, () => 'fetched'), {
      connectivity: { online: () => online, subscribe },
    });
    expect(head()?.status).toBe('running');
    online = true;
    change();
    expect(await run.result()).toBe('fetched');
  });

  test('is who waits for the network, and its check when a step has failed', async () => {
    let online = true;
    const waiting = new Set<() => void>();
    const seen: unknown[] = [];
    const run = await start(
      ({ step }) =>
        step('fetch', { requires: 'online' }, ({ attempt }) => {
          if (seen.push(attempt) === 1) throw new TypeError('Failed to fetch');
          return 'fetched';
        }),
      {
        connectivity: {
          online: () => online,
          watch: () => () => {},
          subscribe(change) {
            waiting.add(change);
            return () => waiting.delete(change);
          },
          async check() {
            seen.push(`${waiting.size} wait`);
            online = false;
            return online;
          },
        },
      },
    );
    expect([seen, waiting.size]).toEqual([[1, '0 wait'], 1]);
    online = true;
    for (const change of [...waiting]) change();
    expect([await run.result(), seen]).toEqual(['fetched', [1, '0 wait', 1]]);
    expect(waiting.size).toBe(0);
  });

  test('is the ground that the host stands on, when a step has failed', async () => {
    const seen: number[] = [];
    let firm = false;
    const run = await start(
      ({ step }) =>
        step('fetch', ({ attempt }) => {
          if (seen.push(attempt) === 1) throw new TypeError('Load failed');
          return 'fetched';
        }),
      {
        ground: {
          async holds() {
            const held = firm;
            firm = true;
            return held;
          },
        },
      },
    );
    expect([await run.result(), seen]).toEqual(['fetched', [1, 1]]);
  });

  test('is nobody who waits for the network any more, once its run was ended', async () => {
    const waiting = new Set<() => void>();
    const run = await start(({ step }) => step('fetch', { requires: 'online' }, () => 'fetched'), {
      connectivity: {
        online: () => false,
        watch: () => () => {},
        subscribe(change) {
          waiting.add(change);
          return () => waiting.delete(change);
        },
      },
    });
    expect(waiting.size).toBe(1);
    await run.terminate();
    await settled();
    expect(waiting.size).toBe(0);
  });
});

describe('a run in a step worker', () => {
  test('is seen to wait as soon as it does, and performs nothing before its head says that it does', async () => {
    const seen: unknown[] = [];
    const run = await start(async ({ step, waitForEvent }) => {
      await waitForEvent('go', { type: 'GO' });
      return step('one', () => seen.push(head()?.status));
    });
    expect(head()?.status).toBe('waiting');
    await run.send({ type: 'GO' } as never);
    await run.result();
    expect(seen).toEqual(['running']);
  });

  test('that only waits leaves memory again, also where something brought it back that does not move it', async () => {
    const part = defineWorkflow({ id: 'part', version: 1, logic: fromSteps(({ sleep }) => sleep('short', '1m')) });
    const logic = fromSteps(async ({ child, sleep }) => {
      await child('aside', part, { detached: true });
      await sleep('long', '1h');
    });
    const workflow = defineWorkflow({ id: 'w', version: 1, logic, isolate: true });
    const workshop = new Workshop([workflow]);
    world = { workshop, ...aHoldfast([workflow, part], { clock: workshop.clock, stepWorker: workshop.make }) } as never;
    await world.holdfast.start('w', { id: '1' } as never);
    await settled();
    for (const [ms, made, atWork] of [
      [5_000, 1, 0],
      [55_000, 2, 1],
      [5_000, 2, 0],
    ] as const) {
      world.clock.advance(ms);
      await settled(16);
      expect([workshop.made.length, workshop.atWork]).toEqual([made, atWork]);
    }
  });

  test('is paused once what is under way has ended; nothing begins in it meanwhile', async () => {
    let go = () => {};
    const told: string[] = [];
    const run = await start(async ({ step }) => {
      await step('one', () => new Promise<void>((resolve) => (go = resolve)));
      return step('two', () => told.push('two'));
    });
    await run.pause();
    await settled();
    expect(world.workshop.atWork).toBe(1);
    go();
    await settled();
    expect([world.workshop.atWork, told]).toEqual([0, []]);
    expect((await run.history()).map(({ arrival }) => arrival.name)).toContain('one');
    await run.resume();
    await run.result();
    expect(told).toEqual(['two']);
  });

  test('can not go on where its worker has other workflows than its host', async () => {
    const run = await start(async () => 'done', { workerHas: [] });
    run.subscribe(() => {});
    await settled();
    world.clock.advance(100);
    await settled();
    expect(run.getSnapshot().run).toMatchObject({ status: 'parked', problem: { code: 'WORKFLOW_UNKNOWN' } });
  });

  test('is run again there when it has ended, to tell whether it does the same', async () => {
    let lives = 0;
    const run = await start(({ step }) => step(`step ${++lives}`, () => 1), { dev: { checkDeterminism: true } });
    await run.result();
    await settled(80);
    expect(world.errors).toMatchObject([{ code: 'STEPS_DIVERGED' }]);
    expect(world.workshop.atWork).toBe(0);
  });

  test('is found in the machine that invokes it, in the definition of its version', async () => {
    const seen: number[] = [];
    const machines = [1, 2].map((version) => {
      const work = fromSteps(({ step }) => step('work', () => seen.push(version)));
      const inner = setup({ actors: { work } }).createMachine({
        initial: 'at',
        states: { at: { invoke: { src: 'work', onDone: 'end' } }, end: { type: 'final' } },
      });
      const logic = setup({ actors: { inner } }).createMachine({
        initial: 'in',
        states: { in: { invoke: { src: 'inner', onDone: 'end' } }, end: { type: 'final' } },
      });
      return defineWorkflow({ id: 'w', version, logic, isolate: true });
    });
    const workshop = new Workshop(machines);
    world = { workshop, ...aHoldfast(machines, { clock: workshop.clock, stepWorker: workshop.make }) } as never;
    await (await world.holdfast.start('w', { id: '1' })).result();
    expect([seen, workshop.made.length]).toEqual([[2], 1]);
  });

  test('runs in no step worker where its workflow is not isolated', async () => {
    const workflow = defineWorkflow({ id: 'w', version: 1, logic: fromSteps(async () => 'here'), isolate: false });
    const workshop = new Workshop([workflow]);
    world = { workshop, ...aHoldfast([workflow], { clock: workshop.clock, stepWorker: workshop.make }) } as never;
    expect(await (await world.holdfast.start('w', {})).result()).toBe('here');
    expect(workshop.made).toEqual([]);
  });
});

test('a host that can make no step worker refuses isolated workflows; `isolate` is true or false', async () => {
  world = isolated(() => endless());
  const logic = fromSteps(async () => {});
  const workflow = defineWorkflow({ id: 'w', version: 1, logic, isolate: true });
  expect(() => createHost({ store: createMemoryStore(), workflows: [workflow] })).toThrow(/isolated/);
  const wrong = { id: 'w', version: 1, logic, isolate: 'yes' } as never;
  expect(() => defineWorkflow(wrong)).toThrow(/neither true nor false/);
});
