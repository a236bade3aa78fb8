import { describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { encode } from '../codec/index.js';
import type { Concurrency } from '../define/concurrency.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyServices, StepContext } from '../define/steps-logic.js';
import { queuedRow, type RunRow } from '../records/records.js';
import { createMemoryStore } from '../store/memory-store.js';
import { CrashWorld, type LedgerLine, type MortalHost } from '../testing/crash-world.test-support.js';
import { clientOf, isOver } from '../testing/loops.test-support.js';

type Context = StepContext<AnyServices>;

/** A body that takes a second, whose begin and end stand in the ledger. */
const takesASecond =
  (name: string) =>
  async ({ services, idempotencyKey }: Context) => {
    await services.effect?.(name, idempotencyKey, 'begin');
    await services.work?.(1000);
    await services.effect?.(name, idempotencyKey, 'end');
  };

const work = fromSteps(
  { types: {} as { input: { name: string; sleeps?: boolean } } },
  async ({ input, step, sleep }) => {
    await step('first', takesASecond(`${input.name}1`));
    if (input.sleeps) await sleep('nap', '1m');
    await step('second', takesASecond(`${input.name}2`));
  },
);

const jobs = (concurrency: Concurrency<{ name: string }>) =>
  defineWorkflow({ id: 'job', version: 1, logic: work, concurrency });

/** Works once it is told to. */
const called = defineWorkflow({
  id: 'called',
  version: 1,
  concurrency: { limit: 1 },
  logic: setup({ actors: { work } }).createMachine({
    context: ({ input }) => ({ name: input as string }),
    initial: 'idle',
    states: {
      idle: { on: { GO: 'working' } },
      working: { invoke: { src: 'work', input: ({ context }) => ({ name: context.name }), onDone: 'over' } },
      over: { type: 'final' },
    },
  }),
});

async function start(
  { host }: MortalHost,
  name: string,
  more: { workflow?: string; input?: unknown; priority?: number; startAt?: number } = {},
): Promise<void> {
  const { workflow = 'job', input = { name }, ...when } = more;
  await host.start({ workflow, run: name, callId: name, ifExists: 'join', input: encode(input, 'input'), ...when });
}

async function go({ host }: MortalHost, run: string): Promise<void> {
  const event = encode({ type: 'GO' }, 'event');
  await host.send({ workflow: 'called', run, id: `go ${run}`, event, until: 'accepted' });
}

/** Most effects under way at a time. */
function peak(ledger: readonly LedgerLine[]): number {
  let [now, most] = [0, 0];
  for (const { phase } of ledger) {
    now += phase === 'begin' ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

const begun = (world: CrashWorld) => world.ledger.filter(({ phase }) => phase === 'begin').map(({ name }) => name);
const statusOf = (world: CrashWorld, run: string, workflow = 'job') => world.head(workflow, run)?.status;

describe('a run of a limited workflow', () => {
  test('is queued while it has no slot; the highest priority goes first, then who came first', async () => {
    const world = new CrashWorld([jobs({ limit: 1 })]);
    const mortal = world.boot();
    await world.settle();
    for (const [name, priority] of [
      ['z', 0],
      ['b', 0],
      ['a', 0],
      ['low', -1],
      ['high', 5],
    ] as const) {
      await start(mortal, name, { priority });
    }
    await world.settle();
    expect(['z', 'b', 'high'].map((run) => statusOf(world, run))).toEqual(['running', 'queued', 'queued']);
    await world.pass(() => isOver(world));
    expect(begun(world).filter((name) => name.endsWith('1'))).toEqual(['z1', 'high1', 'b1', 'a1', 'low1']);
    expect(peak(world.ledger)).toBe(1);
    await mortal.host.close();
  });

  test('shares the limit with runs of its key alone', async () => {
    const world = new CrashWorld([jobs({ limit: 1, key: ({ name }) => name[0] as string })]);
    const mortal = world.boot();
    for (const name of ['aa', 'ab', 'ba', 'bb']) await start(mortal, name);
    await world.settle();
    expect(['aa', 'ab', 'ba', 'bb'].map((run) => statusOf(world, run))).toEqual([
      'running',
      'queued',
      'running',
      'queued',
    ]);
    await world.pass(() => isOver(world));
    expect(peak(world.ledger)).toBe(2);
    await mortal.host.close();
  });

  test('gives its slot back while it sleeps, and is queued for another when it wakes', async () => {
    const world = new CrashWorld([jobs({ limit: 1 })]);
    const mortal = world.boot();
    await start(mortal, 'sleeper', { input: { name: 'sleeper', sleeps: true } });
    await world.pass(() => statusOf(world, 'sleeper') === 'waiting');
    for (let n = 0; n < 35; n++) await start(mortal, `other${n}`);
    await world.pass(() => statusOf(world, 'sleeper') === 'queued');
    expect(world.clock.now() - (world.head('job', 'sleeper')?.createdAt ?? 0)).toBe(61_000);
    await world.pass(() => isOver(world));
    const names = begun(world);
    // It came when the 30th was at work, behind all that had come before it.
    expect(names.at(-1)).toBe('sleeper2');
    expect(peak(world.ledger)).toBe(1);
    await mortal.host.close();
  });

  test('that waits for an event has no slot: who sends it may work, and the event waits for a slot', async () => {
    const world = new CrashWorld([called, jobs({ limit: 1 })]);
    const mortal = world.boot();
    for (const name of ['a', 'b']) await start(mortal, name, { workflow: 'called', input: name });
    await world.settle();
    expect(['a', 'b'].map((run) => statusOf(world, run, 'called'))).toEqual(['waiting', 'waiting']);
    for (const name of ['b', 'a']) await go(mortal, name);
    await world.settle();
    expect(['a', 'b'].map((run) => statusOf(world, run, 'called'))).toEqual(['queued', 'running']);
    await world.pass(() => isOver(world));
    expect(begun(world)).toEqual(['b1', 'b2', 'a1', 'a2']);
    expect(peak(world.ledger)).toBe(1);
    await mortal.host.close();
  });

  test('gives its slot to the next when it is deleted, queued or at work', async () => {
    const world = new CrashWorld([jobs({ limit: 1 })]);
    const mortal = world.boot();
    for (const name of ['a', 'b', 'c']) await start(mortal, name);
    await world.settle();
    const holdfast = clientOf(mortal);
    for (const name of ['b', 'a']) await holdfast.run('job', name).delete();
    await world.settle();
    expect(statusOf(world, 'c')).toBe('running');
    await mortal.host.close();
  });

  test('is paused and goes on, is cancelled or terminated while it is queued', async () => {
    const world = new CrashWorld([jobs({ limit: 1 })]);
    const mortal = world.boot();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await start(mortal, name);
    const holdfast = clientOf(mortal);
    await holdfast.run('job', 'b').pause();
    await holdfast.run('job', 'c').cancel();
    await holdfast.run('job', 'd').terminate();
    expect(['b', 'c', 'd'].map((run) => statusOf(world, run))).toEqual(['paused', 'cancelled', 'cancelled']);
    expect(world.head('job', 'b')).toMatchObject({ seq: 0 });
    await world.pass(() => statusOf(world, 'e') === 'done');
    await holdfast.run('job', 'b').resume();
    await world.pass(() => isOver(world));
    expect(statusOf(world, 'b')).toBe('done');
    expect(begun(world)).toEqual(['a1', 'a2', 'e1', 'e2', 'b1', 'b2']);
    await mortal.host.close();
  });

  test('gives its slot to the next when it is paused, once what is under way has ended', async () => {
    const world = new CrashWorld([jobs({ limit: 1 })]);
    const mortal = world.boot();
    for (const name of ['a', 'b']) await start(mortal, name);
    await world.settle();
    await clientOf(mortal).run('job', 'a').pause();
    expect([statusOf(world, 'a'), statusOf(world, 'b')]).toEqual(['paused', 'queued']);
    await world.pass(() => statusOf(world, 'b') === 'done');
    await clientOf(mortal).run('job', 'a').resume();
    await world.pass(() => isOver(world));
    expect(begun(world)).toEqual(['a1', 'b1', 'b2', 'a2']);
    await mortal.host.close();
  });

  test('is offered its end beyond the limit: a cancel waits for no slot', async () => {
    const logic = setup({ actors: { work } }).createMachine({
      initial: 'working',
      states: {
        working: { invoke: { src: 'work', input: { name: 'work' } }, on: { WAIT: 'waiting' } },
        waiting: { on: { GO: 'working', 'holdfast.cancel': 'cleaning' } },
        cleaning: { invoke: { src: 'work', input: { name: 'clean' }, onDone: 'over' } },
        over: { type: 'final' },
      },
    });
    const world = new CrashWorld([defineWorkflow({ id: 'called', version: 1, logic, concurrency: { limit: 1 } })]);
    const mortal = world.boot();
    const holdfast = clientOf(mortal);
    for (const id of ['a', 'b']) await holdfast.start('called', { id });
    await holdfast.run('called', 'a').send({ type: 'WAIT' });
    await world.settle();
    await go(mortal, 'a');
    await holdfast.start('called', { id: 'c' });
    await world.settle();
    expect(['a', 'b'].map((run) => statusOf(world, run, 'called'))).toEqual(['queued', 'running']);
    await holdfast.run('called', 'a').cancel();
    await world.settle();
    expect(begun(world)).toEqual(['work1', 'work1', 'clean1']);
    expect(statusOf(world, 'a', 'called')).toBe('cancelling');
    await mortal.kill();
    const next = world.boot();
    await world.settle();
    const statuses = () => ['a', 'b', 'c'].map((run) => statusOf(world, run, 'called'));
    expect(statuses()).toEqual(['cancelling', 'running', 'queued']);
    await clientOf(next).run('called', 'a').terminate();
    await world.settle();
    // The slot that it leaves was none.
    expect(statuses()).toEqual(['cancelled', 'running', 'queued']);
    await next.host.close();
  });

  test('has no slot while this code can not go on with it', async () => {
    const logic = fromSteps(async ({ step }) => void (await step('only', () => 1)));
    const parked = defineWorkflow({ id: 'job', version: 1, logic, concurrency: { limit: 1 } });
    const world = new CrashWorld([jobs({ limit: 1 })]);
    const first = world.boot();
    await start(first, 'a');
    await world.pass(() => (world.head('job', 'a')?.seq ?? 0) === 2);
    await first.kill();
    const second = world.boot({ workflows: [parked] });
    await start(second, 'b');
    await world.pass(() => statusOf(world, 'b') === 'done');
    expect(world.errors).toMatchObject([{ code: 'JOURNAL_MISMATCH' }]);
    await second.host.close();
  });

  test('is seen to run as soon as it has its slot for the next try of a step', async () => {
    const logic = fromSteps({ types: {} as { input: { name: string } } }, async ({ input, step }) =>
      step('try', { retry: { attempts: 2, delay: '500ms' } }, async (context) => {
        if (input.name === 'a' && context.attempt === 1) throw new Error('again');
        await takesASecond(input.name)(context);
      }),
    );
    const world = new CrashWorld([defineWorkflow({ id: 'job', version: 1, logic, concurrency: { limit: 1 } })]);
    const mortal = world.boot();
    for (const name of ['a', 'b']) await start(mortal, name);
    await world.pass(() => statusOf(world, 'a') === 'queued');
    await world.pass(() => begun(world).includes('a'));
    expect([statusOf(world, 'a'), statusOf(world, 'b')]).toEqual(['running', 'done']);
    await mortal.host.close();
  });

  test('that has nothing to do when its slot comes gives it back', async () => {
    const world = new CrashWorld([jobs({ limit: 2 })]);
    const first = world.boot();
    for (const name of ['a', 'b']) await start(first, name, { input: { name, sleeps: true } });
    await world.pass(() => ['a', 'b'].every((name) => statusOf(world, name) === 'waiting'));
    await first.kill();
    // As they are where the host dies before a checkpoint could tell that they rest.
    for (const run of ['a', 'b']) {
      const row = world.head('job', run) as RunRow;
      world.database.tables.apply(row, [{ op: 'run', row: { ...row, status: 'running' } }]);
    }
    const second = world.boot({ workflows: [jobs({ limit: 1 })] });
    await start(second, 'c');
    await world.settle();
    expect(['a', 'b', 'c'].map((run) => statusOf(world, run))).toEqual(['waiting', 'waiting', 'running']);
    await second.host.close();
  });

  test('keeps to a limit that new code has lowered', async () => {
    const world = new CrashWorld([jobs({ limit: 3 })]);
    const first = world.boot();
    for (const name of ['a', 'b', 'c']) await start(first, name);
    await world.settle();
    expect(peak(world.ledger)).toBe(3);
    await first.kill();
    const before = world.ledger.length;
    const second = world.boot({ workflows: [jobs({ limit: 1 })] });
    await world.pass(() => isOver(world));
    expect(peak(world.ledger.slice(before))).toBe(1);
    await second.host.close();
  });
});

/** Whether the host died at its nth write, before it came to its end. */
async function survives(n: number, when: 'before' | 'after'): Promise<boolean> {
  const world = new CrashWorld([called, jobs({ limit: 1 })]);
  let mortal = world.boot({ crash: { write: n, when } });
  const lives = [0];
  const client = async () => {
    for (const name of ['a', 'b', 'c']) await start(mortal, name, { workflow: 'called', input: name });
    // All of them have begun by now, and wait.
    await world.settle();
    for (const name of ['c', 'b', 'a']) {
      world.clock.advance(1);
      await go(mortal, name);
    }
  };
  void client();
  await world.settle();
  const isDone = () => world.database.tables.list({ status: 'done' }).rows.length === 3;
  await world.pass(() => mortal.dead || isDone());
  const died = mortal.dead;
  if (died) {
    lives.push(world.ledger.length);
    mortal = world.boot();
    void client();
    await world.settle();
    await world.pass(isDone);
  }
  lives.push(world.ledger.length);
  for (let life = 1; life < lives.length; life++) {
    expect(peak(world.ledger.slice(lives[life - 1], lives[life]))).toBeLessThanOrEqual(1);
  }
  const order = world.ledger.filter(({ name, phase }) => name.endsWith('2') && phase === 'end').map(({ name }) => name);
  // The step in flight may have run again.
  expect([...new Set(order)]).toEqual(['c2', 'b2', 'a2']);
  expect(world.errors).toEqual([]);
  await mortal.host.close();
  return died;
}

test('limits hold when the host dies before or after any write', async () => {
  let n = 1;
  while ((await survives(n, 'before')) && (await survives(n, 'after'))) n++;
  expect(n).toBeGreaterThan(20);
});

describe('a run with startAt', () => {
  const HOUR_MS = 3_600_000;

  test('is queued till then, and starts once, with what it was sent, though hosts come and go', async () => {
    const world = new CrashWorld([called]);
    const first = world.boot();
    const startAt = world.clock.now() + HOUR_MS;
    await start(first, 'a', { workflow: 'called', input: 'a', startAt });
    await go(first, 'a');
    await world.settle();
    expect(world.head('called', 'a')).toMatchObject({ status: 'queued', seq: 0, nextDeadlineAt: startAt });
    await first.kill();
    const second = world.boot();
    await world.settle();
    expect(world.head('called', 'a')).toMatchObject({ status: 'queued', seq: 0 });
    world.clock.advance(HOUR_MS - 1);
    await world.settle();
    expect(statusOf(world, 'a', 'called')).toBe('queued');
    await second.host.close();
    world.clock.advance(HOUR_MS);
    const third = world.boot();
    await world.pass(() => isOver(world));
    expect(begun(world)).toEqual(['a1', 'a2']);
    expect(world.database.tables.history({ workflow: 'called', run: 'a' })[0]?.at).toBe(startAt + HOUR_MS - 1);
    await third.host.close();
  });

  test('starts at its instant, also where it is started anew, and can be deleted before', async () => {
    const world = new CrashWorld([jobs({ limit: 1 })]);
    const mortal = world.boot();
    const holdfast = clientOf(mortal);
    const startAt = new Date(world.clock.now() + HOUR_MS);
    for (const id of ['a', 'b']) await holdfast.start('job', { id, input: { name: id }, startAt });
    await holdfast.run('job', 'b').delete();
    await holdfast.start('job', { id: 'a', input: { name: 'new' }, startAt, ifExists: 'restart', priority: 1 });
    await world.settle();
    expect(world.head('job', 'a')).toMatchObject({ status: 'queued', priority: 1, nextDeadlineAt: startAt.getTime() });
    await world.pass(() => isOver(world));
    expect(begun(world)).toEqual(['new1', 'new2']);
    expect(world.head('job', 'a')?.closedAt).toBe(startAt.getTime() + 2000);
    await mortal.host.close();
  });

  test('is refused with an instant or a priority that is none', async () => {
    const world = new CrashWorld([jobs({ limit: 1 })]);
    const mortal = world.boot();
    const holdfast = clientOf(mortal);
    for (const wrong of [{ startAt: new Date('no') }, { startAt: 'soon' as never }, { priority: 0.5 }]) {
      await expect(holdfast.start('job', { input: { name: 'a' }, ...wrong })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
      });
    }
    expect(world.database.tables.list().rows).toEqual([]);
    await mortal.host.close();
  });
});

test('a run that is paused before its host takes it up begins when it is resumed', async () => {
  const world = new CrashWorld([defineWorkflow({ id: 'job', version: 1, logic: work })]);
  const store = createMemoryStore({ database: world.database });
  const row = queuedRow({ workflow: 'job', run: 'a', key: 'a', version: 1 }, world.clock.now());
  await store.accept({ kind: 'start', row, input: { text: encode({ name: 'a' }, 'input').text } });
  const body = { text: encode({ control: 'pause' }, 'control').text };
  const control = {
    workflow: 'job',
    run: 'a',
    lane: 'control',
    id: 'pause',
    acceptedAt: world.clock.now(),
    body,
  } as const;
  await store.accept({ kind: 'inbox', row: control });
  const mortal = world.boot();
  await world.settle();
  expect(world.head('job', 'a')).toMatchObject({ status: 'paused', seq: 0 });
  await clientOf(mortal).run('job', 'a').resume();
  await world.pass(() => isOver(world));
  expect(begun(world)).toEqual(['a1', 'a2']);
  await mortal.host.close();
});

test('limits and keys that are none are refused', async () => {
  for (const wrong of [{ limit: 0 }, { limit: 1.5 }, { limit: 1, key: 'name' }, 3]) {
    expect(() => jobs(wrong as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  }
  const world = new CrashWorld([jobs({ limit: 1, key: () => 3 as never })]);
  const mortal = world.boot();
  await expect(start(mortal, 'a')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  expect(world.database.tables.list().rows).toEqual([]);
  await mortal.host.close();
});
