import { describe, expect, test, vi } from 'vitest';
import { createMachine, fromCallback, fromPromise, setup } from 'xstate';
import { createClient } from '../client/holdfast.js';
import { linkLocally } from '../client/local-link.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import { gate } from '../testing/gated-store.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { createHost } from './host.js';

/** Work that ends when a test says so. */
class Bench {
  readonly begun: string[] = [];
  readonly signals = new Map<string, AbortSignal>();
  readonly #ends = new Map<string, (result: unknown) => void>();

  work = (name: string, signal?: AbortSignal): Promise<unknown> => {
    this.begun.push(name);
    if (signal) this.signals.set(name, signal);
    return new Promise((end) => this.#ends.set(name, end));
  };

  async end(name: string, result: unknown = name): Promise<void> {
    this.#ends.get(name)?.(result);
    await settled();
  }
}

async function started(logic: Parameters<typeof defineWorkflow>[0]['logic'], more: object = {}) {
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic, ...more })];
  const world = aHoldfast(workflows);
  const run = await world.holdfast.start('w', { id: '1' } as never);
  await settled();
  const head = () => world.database.tables.head({ workflow: 'w', run: '1' });
  const journal = () =>
    [...(world.database.tables.load({ workflow: 'w', run: '1' })?.values.keys() ?? [])].filter((id) =>
      id.startsWith('journal/'),
    );
  const history = async () =>
    (await run.history()).map(({ arrival }) => `${arrival.kind} ${arrival.name ?? ''}`.trim());
  return { ...world, workflows, run, head, journal, history };
}

const twoSteps = (bench: Bench) =>
  fromSteps(async ({ step, sleep }) => {
    const first = await step('first', ({ signal }) => bench.work('first', signal));
    await sleep('nap', '1m');
    await step('second', () => bench.work('second'));
    return first;
  });

describe('pause', () => {
  test('lets the step under way end, stores its result, and begins nothing more', async () => {
    const bench = new Bench();
    const { run, head, journal, clock, holdfast } = await started(twoSteps(bench));
    await run.pause();
    expect(head()).toMatchObject({ status: 'paused', reasons: ['person'], pausedFrom: 'running' });
    expect(bench.signals.get('first')?.aborted).toBe(false);
    await bench.end('first');
    expect(journal()).toEqual(['journal/#1/first']);
    expect(head()).toMatchObject({ status: 'paused', pausedFrom: 'running' });
    clock.advance(3_600_000);
    await settled();
    expect(journal()).toEqual(['journal/#1/first']);
    await run.resume();
    await settled();
    clock.advance(60_000);
    await settled();
    expect(bench.begun).toEqual(['first', 'second']);
    await bench.end('second');
    expect(await run.result()).toBe('first');
    await holdfast.close();
  });

  test('a run that is resumed before its step has ended goes on as if nothing had been', async () => {
    const bench = new Bench();
    const { run, head, holdfast, clock, history } = await started(twoSteps(bench));
    await run.pause();
    await run.pause();
    await run.resume();
    expect(head()).toMatchObject({ status: 'running', reasons: [] });
    expect(head()).not.toHaveProperty('pausedFrom');
    await bench.end('first');
    clock.advance(60_000);
    await settled();
    expect(bench.begun).toEqual(['first', 'second']);
    expect(bench.signals.get('first')?.aborted).toBe(false);
    expect(await history()).toEqual([
      ...['start', 'control pause', 'control resume'],
      ...['step first', 'step nap', 'step nap'],
    ]);
    await holdfast.close();
  });

  test('a step that ends while it is paused, in a run that is resumed then, is not performed again', async () => {
    const bench = new Bench();
    const { run, holdfast, clock } = await started(
      fromSteps(async ({ step }) => Promise.all([step('a', () => bench.work('a')), step('b', () => bench.work('b'))])),
    );
    await run.pause();
    await bench.end('a');
    await run.resume();
    await bench.end('b');
    expect(await run.result()).toEqual(['a', 'b']);
    expect(bench.begun).toEqual(['a', 'b']);
    expect(clock.now()).toBeGreaterThan(0);
    await holdfast.close();
  });

  test('a deadline that passes in between is taken on resume, and a sleep that was over is not longer for it', async () => {
    const { run, head, clock, holdfast } = await started(
      fromSteps(async ({ sleep, now }) => {
        const begun = now();
        await sleep('nap', '1m');
        return now() - begun;
      }),
    );
    await run.pause();
    expect(head()).toMatchObject({ status: 'paused', pausedFrom: 'waiting' });
    clock.advance(90_000);
    await settled();
    await run.resume();
    expect(await run.result()).toBe(90_000);
    await holdfast.close();
  });

  const machine = (bench: Bench) =>
    setup({
      actors: { work: fromPromise(() => bench.work('work')), next: fromPromise(() => bench.work('next')) },
    }).createMachine({
      initial: 'working',
      states: {
        working: { invoke: { id: 'work', src: 'work', onDone: 'next' }, after: { 60000: 'late' } },
        next: { invoke: { src: 'next', onDone: 'over' }, on: { SKIP: 'over' } },
        late: {},
        over: { type: 'final' },
      },
    });

  test('the state of a machine stands still: what its actor came to, events and timers are taken on resume', async () => {
    const bench = new Bench();
    const { run, head, clock, holdfast, history, database } = await started(machine(bench));
    await run.pause();
    await bench.end('work');
    await run.send({ type: 'SKIP' } as never);
    clock.advance(120_000);
    await settled();
    expect(head()).toMatchObject({ status: 'paused' });
    expect(database.tables.inbox({ workflow: 'w', run: '1' })).toHaveLength(1);
    expect((await run.history()).at(-1)?.value).toBe('working');
    await run.resume();
    await settled();
    expect(bench.begun).toEqual(['work', 'next']);
    expect(head()?.status).toBe('done');
    expect(await history()).toEqual([
      ...['start', 'control pause', 'actor work', 'control resume'],
      ...['message xstate.promise.resolve', 'event SKIP'],
    ]);
    await holdfast.close();
  });

  test('the same when it is resumed while something else is still under way', async () => {
    const bench = new Bench();
    const both = setup({
      actors: { a: fromPromise(() => bench.work('a')), b: fromPromise(() => bench.work('b')) },
    }).createMachine({
      type: 'parallel',
      states: {
        a: { initial: 'on', states: { on: { invoke: { src: 'a', onDone: 'off' } }, off: { type: 'final' } } },
        b: { initial: 'on', states: { on: { invoke: { src: 'b', onDone: 'off' } }, off: { type: 'final' } } },
      },
    });
    const { run, head, holdfast } = await started(both);
    await run.pause();
    await bench.end('a');
    await run.resume();
    await bench.end('b');
    expect(head()?.status).toBe('done');
    expect(bench.begun).toEqual(['a', 'b']);
    await holdfast.close();
  });

  test('a sleep that is over while a step still ends is taken on resume', async () => {
    const bench = new Bench();
    const { run, journal, clock, holdfast } = await started(
      fromSteps(async ({ step, sleep }) => Promise.all([step('a', () => bench.work('a')), sleep('nap', '1m')])),
    );
    await run.pause();
    clock.advance(60_000);
    await settled();
    expect((await run.history()).at(-1)?.arrival.name).toBe('pause');
    await bench.end('a');
    expect(journal()).toHaveLength(2);
    await run.resume();
    expect(await run.result()).toEqual(['a', undefined]);
    await holdfast.close();
  });

  test('a live actor is begun anew too when the run goes on before all has ended', async () => {
    const bench = new Bench();
    const seen: string[] = [];
    const listen = fromCallback(() => void seen.push('begun'));
    const logic = createMachine({
      invoke: [
        { src: listen, id: 'listen' },
        { src: fromPromise(() => bench.work('a')), id: 'work' },
      ],
    });
    const { run, holdfast } = await started(logic, { liveActors: 'restart' });
    await run.pause();
    await run.resume();
    await settled();
    expect([seen, bench.begun]).toEqual([['begun', 'begun'], ['a']]);
    await holdfast.close();
  });

  test('a call that is made again is carried out once', async () => {
    const bench = new Bench();
    const { run, head, host, holdfast } = await started(twoSteps(bench));
    const pause = { workflow: 'w', run: '1', callId: 'pause', control: { control: 'pause' } } as const;
    await host.control(pause);
    await run.resume();
    await host.control(pause);
    expect(head()?.status).toBe('running');
    await run.pause();
    await bench.end('first');
    const resume = { ...pause, callId: 'resume', control: { control: 'resume' } } as const;
    await host.control(resume);
    await run.pause();
    await settled();
    await host.control(resume);
    expect(head()?.status).toBe('paused');
    await holdfast.close();
  });

  test('a live actor is ended, and begun anew on resume', async () => {
    const seen: string[] = [];
    const listen = fromCallback(() => {
      seen.push('begun');
      return () => void seen.push('ended');
    });
    const logic = createMachine({ invoke: { src: listen, id: 'listen' } });
    const { run, holdfast } = await started(logic, { liveActors: 'restart' });
    await run.pause();
    await settled();
    expect(seen).toEqual(['begun', 'ended']);
    await run.resume();
    await settled();
    expect(seen).toEqual(['begun', 'ended', 'begun']);
    await holdfast.close();
  });

  test('the host dies while it is paused with a step under way: that step runs again on resume, and not before', async () => {
    const bench = new Bench();
    const { run, host, workflows, database, clock } = await started(twoSteps(bench));
    await run.pause();
    await host.close();
    const second = aHoldfast(workflows, { database, clock });
    await settled();
    expect(bench.begun).toEqual(['first']);
    await second.holdfast.run('w', '1').resume();
    await settled();
    expect(bench.begun).toEqual(['first', 'first']);
    await second.holdfast.close();
  });

  test('pause and resume that are accepted while it is busy are carried out in their order', async () => {
    const bench = new Bench();
    const { run, head, holdfast, history } = await started(twoSteps(bench));
    await Promise.all([run.pause(), run.resume(), run.pause()]);
    expect(head()?.status).toBe('paused');
    expect((await history()).slice(1)).toEqual(['control pause', 'control resume', 'control pause']);
    await holdfast.close();
  });

  test('from a host that does not own the store', async () => {
    const bench = new Bench();
    const { head, workflows, database, clock, holdfast } = await started(twoSteps(bench));
    const host = createHost({ store: createMemoryStore({ database }), workflows, clock });
    host.open();
    const other = createClient(linkLocally(host)).run('w', '1');
    await other.pause();
    expect(head()?.status).toBe('paused');
    await other.terminate();
    expect(head()?.status).toBe('cancelled');
    await holdfast.close();
    await host.close();
  });
});

describe('cancel and terminate', () => {
  test.each(['cancel', 'terminate'] as const)(
    '%s: aborts what is under way, and nothing begins any more',
    async (how) => {
      const bench = new Bench();
      const { run, head, journal, clock, holdfast, database } = await started(twoSteps(bench));
      const result = run.result();
      await run[how]();
      await expect(result).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
      expect(bench.signals.get('first')?.aborted).toBe(true);
      await bench.end('first');
      clock.advance(3_600_000);
      await settled();
      expect(bench.begun).toEqual(['first']);
      expect(journal()).toEqual([]);
      expect(head()).toMatchObject({ status: 'cancelled', closedAt: expect.any(Number) });
      await run.send({ type: 'LATE' } as never, { until: 'processed' });
      for (const control of ['pause', 'resume', 'retry', 'cancel', 'terminate'] as const) await run[control]();
      expect(head()?.status).toBe('cancelled');
      expect(database.tables.inbox()).toEqual([]);
      await holdfast.close();
    },
  );

  const polite = setup({}).createMachine({
    initial: 'on',
    on: { 'holdfast.*': '.leaving' },
    states: { on: {}, leaving: { on: { LEFT: 'over' } }, over: { type: 'final' } },
    output: 'tidy',
  });

  test('a machine is asked to end, and has the time that was given', async () => {
    const { run, head, clock, holdfast, history } = await started(polite);
    await run.cancel({ timeout: '10s' });
    expect(head()).toMatchObject({ status: 'cancelling', nextDeadlineAt: clock.now() + 10_000 });
    await run.send({ type: 'LEFT' } as never, { until: 'processed' });
    expect(head()?.status).toBe('cancelled');
    expect(head()).not.toHaveProperty('cancel');
    expect(await history()).toEqual(['start', 'control cancel', 'event LEFT']);
    await holdfast.close();
  });

  test('one that does not end in time is ended, also after a restart of its host; a second cancel gives no more time', async () => {
    const { run, head, clock, workflows, host, database } = await started(polite);
    await run.cancel();
    clock.advance(29_000);
    await run.cancel({ timeout: '1h' });
    await host.close();
    const second = aHoldfast(workflows, { database, clock });
    await settled();
    expect(head()?.status).toBe('cancelling');
    clock.advance(1000);
    await settled();
    expect(head()?.status).toBe('cancelled');
    await second.holdfast.close();
  });

  test('terminate does not ask, also one that was asked before', async () => {
    const { run, head, holdfast } = await started(polite);
    await run.cancel();
    await run.terminate();
    expect(head()?.status).toBe('cancelled');
    await holdfast.close();
  });

  test('one that is ended while it is paused stays as it is, whatever it is sent', async () => {
    const { run, head, holdfast } = await started(polite);
    await run.pause();
    await settled();
    await run.terminate();
    await run.send({ type: 'LEFT' } as never, { until: 'processed' });
    expect(head()).toMatchObject({ status: 'cancelled', reasons: [] });
    await holdfast.close();
  });

  test('what a machine accepts does not name it', async () => {
    const { run, holdfast } = await started(polite);
    const seen = vi.fn();
    run.subscribe(seen);
    await settled();
    expect(run.getSnapshot().accepts.filter((type: string) => type.startsWith('holdfast.cancel'))).toEqual([]);
    await expect(run.send({ type: 'holdfast.cancel' } as never)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    await holdfast.close();
  });

  test('a run whose code is gone can be terminated; its cancellation waits for the code', async () => {
    const { run, head, host, database, clock, workflows } = await started(polite);
    await host.close();
    const other = [defineWorkflow({ id: 'w', version: 2, logic: createMachine({}) })];
    const second = aHoldfast(other, { database, clock });
    const handle = second.holdfast.run('w', '1');
    handle.cancel().catch(() => {});
    await settled();
    expect(head()?.status).toBe('waiting');
    await handle.terminate();
    expect(head()?.status).toBe('cancelled');
    await second.holdfast.close();
    expect([run.id, workflows.length]).toEqual(['1', 1]);
  });

  test('a timeout that is none is refused, and nothing happens', async () => {
    const { run, head, holdfast } = await started(polite);
    await expect(run.cancel({ timeout: 'soon' as never })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(head()?.status).toBe('waiting');
    await holdfast.close();
  });
});

describe("onExhausted: 'pause'", () => {
  const stubborn = (outside: { mended: boolean; tries: number[] }) =>
    fromSteps(async ({ step }) =>
      step(
        'stubborn',
        { retry: { attempts: 2, delay: '1s', onExhausted: 'pause' } },
        ({ attempt, details, heartbeat }) => {
          outside.tries.push(attempt);
          if (outside.mended) return { details };
          void heartbeat('so far');
          throw new Error('out of order');
        },
      ),
    );

  async function exhausted() {
    const outside = { mended: false, tries: [] as number[] };
    const world = await started(stubborn(outside));
    world.clock.advance(1000);
    await settled();
    return { outside, ...world };
  }

  test('pauses the run; retry begins the step anew, with all of its tries and what it has told', async () => {
    const { outside, run, head, clock, holdfast } = await exhausted();
    expect(head()).toMatchObject({ status: 'paused', reasons: ['exhausted'] });
    expect((await run.history()).at(-1)?.arrival).toMatchObject({
      name: 'stubborn',
      outcome: 'exhausted',
      attempts: 2,
    });
    clock.advance(3_600_000);
    await settled();
    expect(outside.tries).toEqual([1, 2]);
    await run.retry();
    await settled();
    clock.advance(1000);
    await settled();
    expect(outside.tries).toEqual([1, 2, 1, 2]);
    expect(head()?.reasons).toEqual(['exhausted']);
    outside.mended = true;
    await run.resume();
    expect(await run.result()).toEqual({ details: 'so far' });
    expect(outside.tries).toEqual([1, 2, 1, 2, 1]);
    await holdfast.close();
  });

  test('the snapshot says which step it was, and why', async () => {
    const { run, holdfast } = await exhausted();
    run.subscribe(() => {});
    await settled();
    const { problem, status } = run.getSnapshot().run;
    expect(status).toBe('paused');
    expect(problem).toMatchObject({ code: 'STEP_EXHAUSTED' });
    expect(problem?.message).toMatch(/"stubborn".*out of order/);
    await holdfast.close();
  });

  test('the snapshot says so also while the run is still in memory, as another step of it goes on', async () => {
    let finish = () => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const fails = () => Promise.reject(new Error('out of order'));
    const { run, holdfast } = await started(
      fromSteps(async ({ step }) => {
        await Promise.all([
          step('stubborn', { retry: { attempts: 1, onExhausted: 'pause' } }, fails),
          step('slow', () => slow),
        ]);
      }),
    );
    run.subscribe(() => {});
    await settled();
    const { status, problem } = run.getSnapshot().run;
    expect({ status, code: problem?.code }).toEqual({ status: 'paused', code: 'STEP_EXHAUSTED' });
    finish();
    await holdfast.close();
  });

  test('one that a person has paused as well goes on at resume only', async () => {
    const { outside, run, head, holdfast } = await exhausted();
    outside.mended = true;
    await run.pause();
    await run.retry();
    await settled();
    expect(head()).toMatchObject({ status: 'paused', reasons: ['person'] });
    await run.resume();
    expect(await run.result()).toEqual({ details: 'so far' });
    await holdfast.close();
  });

  test('an error that is not worth a retry fails the step all the same', async () => {
    const { run, holdfast } = await started(
      fromSteps(async ({ step }) =>
        step('picky', { retry: { attempts: 2, retryIf: () => false, onExhausted: 'pause' } }, () => {
          throw new Error('no use');
        }),
      ),
    );
    await expect(run.result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
    await holdfast.close();
  });

  test('others that are under way end first', async () => {
    const bench = new Bench();
    const { run, head, holdfast, journal } = await started(
      fromSteps(async ({ step }) =>
        Promise.all([
          step('a', { retry: { attempts: 1, onExhausted: 'pause' } }, () => {
            bench.begun.push('a');
            if (bench.begun.length < 3) throw new Error('x');
            return 'a';
          }),
          step('b', () => bench.work('b')),
        ]),
      ),
    );
    expect(head()?.status).toBe('paused');
    await bench.end('b');
    expect(journal()).toEqual(['journal/#1/a', 'journal/#1/b']);
    await run.retry();
    expect(await run.result()).toEqual(['a', 'b']);
    await holdfast.close();
  });
});

describe('cancelling a run whose steps have undos', () => {
  const saga = (undone: string[], bench: Bench) =>
    fromSteps(async ({ step }) => {
      await step('a', { undo: () => void undone.push('a') }, () => 1);
      await step('b', { undo: () => void undone.push('b') }, ({ signal }) => {
        signal.addEventListener('abort', () => void bench.end('b'));
        return bench.work('b');
      });
      await step('c', () => undone.push('c'));
    });

  test('it is `cancelling` until they are performed', async () => {
    const undone: string[] = [];
    const bench = new Bench();
    const { run, head, holdfast, history } = await started(saga(undone, bench));
    const result = run.result();
    await run.cancel();
    await expect(result).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
    expect(undone).toEqual(['b', 'a']);
    expect(head()?.status).toBe('cancelled');
    expect((await history()).slice(-5)).toEqual([
      ...['control cancel', 'step b', 'step b (undo)', 'step a (undo)', 'control undone'],
    ]);
    await holdfast.close();
  });

  test('terminate performs none, also when they are under way', async () => {
    const undone: string[] = [];
    const bench = new Bench();
    const { run, head, holdfast } = await started(saga(undone, bench));
    await run.terminate();
    expect([undone, head()?.status]).toEqual([[], 'cancelled']);
    await holdfast.close();
  });

  test('what actors have sent before is not taken meanwhile', async () => {
    const bench = new Bench();
    const slow = fromSteps(async ({ step, sleep }) => {
      await step('a', { undo: { perform: () => bench.work('undo') } }, () => 1);
      await sleep('nap', '1h');
    });
    const machine = setup({ actors: { slow } }).createMachine({
      invoke: { src: 'slow', id: 'slow' },
      initial: 'on',
      on: { TELL: { actions: ({ self }) => self.send({ type: 'GO' }) } },
      states: { on: { on: { GO: 'off' } }, off: {} },
    });
    const database = createMemoryDatabase();
    const gated = gate(createMemoryStore({ database }));
    const workflows = [defineWorkflow({ id: 'w', version: 1, logic: machine })];
    const { holdfast } = aHoldfast(workflows, { database, store: gated.store });
    const run = await holdfast.start('w', { id: '1' } as never);
    for (let i = 0; i < 5; i++) {
      await settled();
      if (gated.waiting.length > 0) await gated.pass();
    }
    await settled();
    expect(gated.waiting).toEqual([]);
    await run.send({ type: 'TELL' } as never);
    await settled();
    const cancelled = run.cancel();
    await settled();
    gated.open();
    await cancelled;
    await settled();
    expect((await run.history()).at(-1)).toMatchObject({
      arrival: { name: 'cancel' },
      value: 'on',
      status: 'cancelling',
    });
    await bench.end('undo');
    await holdfast.close();
  });

  test('events, timers and results of others are not taken meanwhile', async () => {
    const undone: string[] = [];
    const bench = new Bench();
    const slow = fromSteps(async ({ step, sleep }) => {
      await step('a', { undo: { perform: () => bench.work('undo').then(() => undone.push('a')) } }, () => 1);
      await sleep('nap', '1h');
    });
    const machine = setup({ actors: { slow, other: fromPromise(() => bench.work('other')) } }).createMachine({
      type: 'parallel',
      states: {
        a: { invoke: { src: 'slow', id: 'slow' } },
        b: { invoke: { src: 'other', id: 'other' } },
        c: { initial: 'on', states: { on: { after: { 1000: 'off' }, on: { GO: 'off' } }, off: {} } },
      },
    });
    const { run, head, clock, holdfast } = await started(machine);
    await run.cancel();
    expect(head()).toMatchObject({ status: 'cancelling', cancel: {} });
    clock.advance(5000);
    await bench.end('other');
    await run.send({ type: 'GO' } as never, { until: 'processed' });
    expect((await run.history()).at(-1)).toMatchObject({
      arrival: { kind: 'event', outcome: 'ignored' },
      value: { c: 'on' },
    });
    await bench.end('undo');
    expect([head()?.status, undone]).toEqual(['cancelled', ['a']]);
    await holdfast.close();
  });
});
