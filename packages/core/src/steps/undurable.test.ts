import { describe, expect, test, vi } from 'vitest';
import { assign, createActor, SimulatedClock, setup } from 'xstate';
import { fromSteps } from '../define/from-steps.js';
import type { StepsContext } from '../define/steps-logic.js';
import { settle } from '../testing/steps-world.test-support.js';

/** A plain actor of XState, with what became of it. */
function play(body: (context: StepsContext) => Promise<unknown>, options: { input?: unknown; clock?: object } = {}) {
  const clock = new SimulatedClock();
  const actor = createActor(fromSteps(body), { clock, ...options } as never);
  const errors: unknown[] = [];
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  return { actor, clock, errors };
}

describe('a step function under plain createActor', () => {
  test('performs its steps, and its result is the output of the actor', async () => {
    const seen: unknown[] = [];
    const { actor } = play(
      async ({ input, step }) => {
        const one = await step('one', ({ attempt, epoch, services, idempotencyKey }) => {
          seen.push(attempt, epoch, services, idempotencyKey.endsWith('/one'));
          return 1;
        });
        const online = await step('two', { requires: 'online' }, () => 2);
        const many = await step.all([3, 4], { name: 'many', concurrency: 1 }, (n) => n);
        return [input, one, online, many];
      },
      { input: 0 },
    );
    await settle();
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', output: [0, 1, 2, [3, 4]] });
    expect(seen).toEqual([1, 0, {}, true]);
  });

  test('continues itself with another input', async () => {
    const keys = new Set<string>();
    const { actor } = play(
      async ({ input, step, continueWith }) => {
        await step('work', ({ idempotencyKey }) => void keys.add(idempotencyKey));
        return (input as number) < 3 ? continueWith((input as number) + 1) : input;
      },
      { input: 1 },
    );
    await settle();
    expect([actor.getSnapshot().output, keys.size]).toEqual([3, 3]);
  });

  test('fails as a promise actor does', async () => {
    const error = new Error('no');
    const { actor, errors } = play(({ step }) => step('one', () => Promise.reject(error)));
    await settle();
    expect([actor.getSnapshot().status, errors]).toEqual(['error', [error]]);
  });

  test("sleeps, waits and times out by the actor system's clock, and tells its time", async () => {
    const { actor, clock } = play(async ({ step, sleep, now }) => {
      const tries: number[] = [];
      await sleep('nap', '1h');
      const woken = now();
      await step('again', { retry: { delay: '1s', attempts: 2 } }, ({ attempt }) => {
        tries.push(attempt);
        if (attempt === 1) throw new Error('x');
      });
      const slow = await step('slow', { timeout: '5s' }, () => new Promise(() => {})).catch(({ code }) => code);
      return [woken, tries, slow, now()];
    });
    for (const ms of [3_600_000, 1000, 5000]) {
      await settle();
      expect(actor.getSnapshot().status).toBe('active');
      clock.increment(ms);
    }
    await settle();
    expect(actor.getSnapshot().output).toEqual([3_600_000, [1, 2], 'STEP_TIMEOUT', 3_606_000]);
  });

  test('sleeps longer than a timeout of the platform can be', async () => {
    const time = new SimulatedClock();
    const clock = {
      now: () => time.now(),
      setTimeout: (wake: () => void, ms: number) => time.setTimeout(wake, ms > 2 ** 31 - 1 ? 1 : ms),
      clearTimeout: (id: number) => time.clearTimeout(id),
    };
    const { actor } = play(({ sleep }) => sleep('nap', '60d'), { clock });
    await settle();
    time.increment(59 * 86_400_000);
    await settle();
    expect(actor.getSnapshot().status).toBe('active');
    time.increment(86_400_000);
    await settle();
    expect(actor.getSnapshot().status).toBe('done');
  });

  test('takes the wall clock where the clock tells no time', async () => {
    const waits: { wake: () => void; ms: number }[] = [];
    const clock = { setTimeout: (wake: () => void, ms: number) => waits.push({ wake, ms }), clearTimeout: vi.fn() };
    const before = Date.now();
    const { actor } = play(({ sleep, now }) => sleep('nap', '1h').then(now), { clock });
    await settle();
    expect(waits).toHaveLength(1);
    expect(waits[0]?.ms).toBeGreaterThan(3_590_000);
    waits[0]?.wake();
    await settle();
    expect(actor.getSnapshot().output).toBeGreaterThanOrEqual(before);
  });

  test('stopping the actor aborts the signals of its steps, and nothing goes on', async () => {
    let reason: unknown;
    const performed: string[] = [];
    const { actor } = play(async ({ step }) => {
      await step('one', ({ signal }) => new Promise((done) => signal.addEventListener('abort', done))).finally(
        () => {},
      );
      await step('two', () => performed.push('two'));
    });
    const second = play(({ step }) =>
      step('one', ({ signal }) => new Promise(() => signal.addEventListener('abort', () => (reason = signal.reason)))),
    );
    await settle();
    actor.stop();
    second.actor.stop();
    await settle();
    expect(performed).toEqual([]);
    expect(reason).toMatchObject({ name: 'AbortError' });
    expect([actor.getSnapshot().status, second.actor.getSnapshot().status]).toEqual(['stopped', 'stopped']);
  });

  test('a step that lost a race is aborted when the function has returned', async () => {
    const aborted = vi.fn();
    const { actor } = play(({ step }) =>
      Promise.race([
        step('slow', ({ signal }) => new Promise(() => signal.addEventListener('abort', aborted))),
        step('quick', () => 'quick'),
      ]),
    );
    await settle();
    expect(actor.getSnapshot().output).toBe('quick');
    expect(aborted).toHaveBeenCalledTimes(1);
  });

  test('two actors of one function draw different numbers', async () => {
    const draw = async ({ random, uuid }: StepsContext) => [random(), uuid()];
    const [one, two] = [play(draw), play(draw)];
    await settle();
    expect(one.actor.getSnapshot().output).not.toEqual(two.actor.getSnapshot().output);
  });

  test('a machine invokes it: onDone, onError, and the abort when its state is left', async () => {
    const aborted = vi.fn();
    const machine = setup({
      actors: {
        good: fromSteps({ types: {} as { input: number } }, ({ input, step }) => step('one', () => input * 2)),
        bad: fromSteps(({ step }) => step('one', () => Promise.reject(new Error('no')))),
        long: fromSteps(({ step }) =>
          step('one', ({ signal }) => new Promise(() => signal.addEventListener('abort', aborted))),
        ),
      },
    }).createMachine({
      context: {} as Record<string, unknown>,
      initial: 'good',
      states: {
        good: {
          invoke: {
            src: 'good',
            input: 21,
            onDone: { target: 'bad', actions: assign({ output: ({ event }) => event.output }) },
          },
        },
        bad: {
          invoke: {
            src: 'bad',
            onError: { target: 'long', actions: assign({ error: ({ event }) => String(event.error) }) },
          },
        },
        long: { invoke: { src: 'long' }, on: { LEAVE: 'over' } },
        over: { type: 'final' },
      },
    });
    const actor = createActor(machine).start();
    await settle();
    expect(actor.getSnapshot().value).toBe('long');
    actor.send({ type: 'LEAVE' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', context: { output: 42, error: 'Error: no' } });
    expect(aborted).toHaveBeenCalledTimes(1);
  });

  test('one that had ended performs nothing when it is restored', async () => {
    const body = vi.fn(async () => 1);
    const logic = fromSteps(body);
    const actor = createActor(logic).start();
    actor.stop();
    await settle();
    body.mockClear();
    createActor(logic, { snapshot: actor.getPersistedSnapshot() as never }).start();
    await settle();
    expect(body).not.toHaveBeenCalled();
  });

  test('its waits get what the actor is sent, by then and later, and what it emits is told', async () => {
    const { actor, clock } = play(async ({ waitForEvent, emit, sleep }) => {
      const first = await waitForEvent('first', { type: 'GO', timeout: '1h' });
      emit({ type: 'GOT', n: first.n } as never);
      await sleep('nap', '1m');
      const second = await waitForEvent('second', { type: 'GO' });
      const third = await waitForEvent('third', { type: 'GO', timeout: '1h' }).catch(({ code }) => code);
      return [first.n, second.n, third];
    });
    const emitted: unknown[] = [];
    actor.on('*' as never, (event: unknown) => emitted.push(event));
    await settle();
    for (const event of [{ type: 'OTHER' }, { type: 'GO', n: 1 }, { type: 'GO', n: 2 }]) actor.send(event);
    for (const ms of [60_000, 3_600_000]) {
      await settle();
      clock.increment(ms);
    }
    await settle();
    expect([actor.getSnapshot().output, emitted]).toEqual([[1, 2, 'EVENT_TIMEOUT'], [{ type: 'GOT', n: 1 }]]);
  });
});
