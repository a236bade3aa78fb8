import { describe, expect, test } from 'vitest';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { SCHEDULES, type Schedule } from '../define/schedule.js';
import type { AnyServices, StepContext } from '../define/steps-logic.js';
import { schedule } from '../schedules/schedule.js';
import { createMemoryDatabase, type MemoryDatabase } from '../store/memory-store.js';
import { CrashWorld } from '../testing/crash-world.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import { ManualClock } from '../testing/manual-clock.js';

const HOUR_MS = 3_600_000;

const report = defineWorkflow({
  id: 'report',
  version: 1,
  logic: fromSteps({ types: {} as { input: { day: string; takes?: number } } }, async ({ input, step, sleep }) => {
    if (input.takes) await sleep('long', input.takes);
    return step('write', () => input.day);
  }),
});

type Options = Partial<Parameters<typeof schedule<typeof report>>[1]>;

/** At six in Berlin, which in winter is five in UTC. */
const daily = (options: Options = {}) =>
  schedule(report, {
    id: 'daily',
    cron: '0 6 * * *',
    timeZone: 'Europe/Berlin',
    input: (at) => ({ day: at.toISOString().slice(5, 10) }),
    ...options,
  });

/** A database and a clock, which stands at 2026-01-01T00:00Z, for hosts that come and go. */
function aWorld() {
  const [database, clock] = [createMemoryDatabase(), new ManualClock()];
  return {
    database,
    clock,
    open: (...schedules: Schedule[]) => aHoldfast([report], { database, clock, schedules }),
    /** From deadline to deadline, so that what is due is attended to in time. */
    async pass(hours: number) {
      const end = clock.now() + hours * HOUR_MS;
      await settled();
      while (clock.now() < end) {
        clock.advance(Math.max(Math.min(clock.nextAt ?? end, end) - clock.now(), 0));
        await settled();
      }
    },
  };
}

/** Runs and how they stand, as `01-02T05 done`. */
function runsOf(database: MemoryDatabase): string[] {
  return database.tables.list({ workflow: 'report' }).rows.map(({ run, status }) => {
    return `${run.slice('daily@2026-'.length, 'daily@2026-01-01T05'.length)} ${status}`;
  });
}

const headOf = ({ tables }: MemoryDatabase) => tables.head({ workflow: SCHEDULES, run: 'daily' });

test('each occurrence starts one run, with its input, at its instant', async () => {
  const { database, clock, open, pass } = aWorld();
  const { host, holdfast, errors } = open(daily());
  await settled();
  expect(headOf(database)).toMatchObject({ status: 'waiting', nextDeadlineAt: Date.parse('2026-01-01T05:00Z') });
  await pass(4);
  expect(runsOf(database)).toEqual([]);
  await pass(27);
  expect(runsOf(database)).toEqual(['01-01T05 done', '01-02T05 done']);
  expect(await holdfast.run('report', 'daily@2026-01-02T05:00:00.000Z').result()).toBe('01-02');
  expect(headOf(database)?.nextDeadlineAt).toBe(Date.parse('2026-01-03T05:00Z'));
  expect(clock.now()).toBe(Date.parse('2026-01-02T07:00Z'));
  expect(errors).toEqual([]);
  await host.close();
});

describe('what came while no host was open', () => {
  test.each([
    ['all', ['01-01T05 done', '01-02T05 done', '01-03T05 done', '01-04T05 done']],
    ['last', ['01-01T05 done', '01-04T05 done']],
    ['none', ['01-01T05 done']],
  ] as const)('with catchUp %j', async (catchUp, expected) => {
    const { database, open, clock, pass } = aWorld();
    const first = open(daily({ catchUp }));
    await pass(6);
    await first.host.close();
    clock.advance(72 * HOUR_MS);
    const second = open(daily({ catchUp }));
    await settled(30);
    expect(runsOf(database)).toEqual(expected);
    await pass(24);
    expect(runsOf(database)).toEqual([...expected, '01-05T05 done']);
    await second.host.close();
  });

  test('is made up for one after the other', async () => {
    const { database, open, clock, pass } = aWorld();
    const options: Options = { catchUp: 'all', input: { day: '', takes: HOUR_MS } };
    await settled();
    const first = open(daily(options));
    await settled();
    await first.host.close();
    clock.advance(53 * HOUR_MS + 61_000);
    const second = open(daily(options));
    await settled();
    expect(runsOf(database)).toEqual(['01-01T05 waiting']);
    await pass(1);
    expect(runsOf(database)).toEqual(['01-01T05 done', '01-02T05 waiting']);
    await pass(2);
    expect(runsOf(database)).toEqual(['01-01T05 done', '01-02T05 done', '01-03T05 done']);
    await second.host.close();
  });

  test('is not missed if it is less than a minute ago', async () => {
    const { database, open, clock } = aWorld();
    const first = open(daily({ catchUp: 'none' }));
    await settled();
    await first.host.close();
    clock.advance(5 * HOUR_MS + 59_000);
    const second = open(daily({ catchUp: 'none' }));
    await settled();
    expect(runsOf(database)).toEqual(['01-01T05 done']);
    await second.host.close();
  });
});

test.each([
  ['skip', ['01-01T05 done', '01-03T05 waiting']],
  ['queue', ['01-01T05 done', '01-02T05 waiting']],
] as const)('while the run before has not ended, overlap %j', async (overlap, expected) => {
  const { database, open, pass } = aWorld();
  const options: Options = { overlap, input: { day: '', takes: 30 * HOUR_MS } };
  const { host } = open(daily(options));
  await settled();
  await pass(30);
  expect(runsOf(database)).toEqual(['01-01T05 waiting']);
  await pass(24);
  expect(runsOf(database)).toEqual(expected);
  await host.close();
});

test('two hosts start each occurrence once, and one goes on for the other', async () => {
  const { database, open, pass } = aWorld();
  const [one, two] = [open(daily()), open(daily())];
  await settled();
  await pass(30);
  await one.host.close();
  await pass(24);
  expect(runsOf(database)).toEqual(['01-01T05 done', '01-02T05 done', '01-03T05 done']);
  expect([...one.errors, ...two.errors]).toEqual([]);
  await two.host.close();
});

test('one that is not in the code any more starts no runs, not even those that waited; changed, it goes on from where it was', async () => {
  const { database, open, pass } = aWorld();
  const long: Options = { overlap: 'queue', input: { day: '', takes: 30 * HOUR_MS } };
  const first = open(daily(long));
  await settled();
  await pass(30);
  await first.host.close();
  const second = open();
  await pass(23);
  expect(runsOf(database)).toEqual(['01-01T05 done']);
  expect(second.errors).toEqual([]);
  await second.host.close();
  const third = open(daily({ cron: '0 7 * * *', catchUp: 'last' }));
  await settled(20);
  expect(runsOf(database)).toEqual(['01-01T05 done', '01-02T05 done', '01-02T06 done']);
  await pass(1);
  expect(runsOf(database)).toEqual(['01-01T05 done', '01-02T05 done', '01-02T06 done', '01-03T06 done']);
  await third.host.close();
});

test('it is paused and resumed as any run; cancelled it starts none, and deleted it begins anew', async () => {
  const { database, open, pass } = aWorld();
  const { host, holdfast, errors } = open(daily());
  await settled();
  const own = (holdfast as unknown as { run(workflow: string, id: string): ReturnType<typeof holdfast.run> }).run(
    SCHEDULES,
    'daily',
  );
  await own.pause();
  await pass(6);
  expect([runsOf(database), headOf(database)?.status]).toEqual([[], 'paused']);
  await own.resume();
  await settled();
  expect(runsOf(database)).toEqual(['01-01T05 done']);
  await own.cancel();
  await pass(24);
  expect([runsOf(database).length, headOf(database)?.status]).toEqual([1, 'cancelled']);
  await own.delete();
  await pass(24);
  expect(runsOf(database)).toEqual(['01-01T05 done', '01-03T05 done']);
  expect(errors).toEqual([]);
  await host.close();
});

test('one whose run can not be started is told of, and the next comes all the same', async () => {
  const { database, open, pass } = aWorld();
  const input = (at: Date) => {
    if (at.getUTCDate() === 1) throw new Error('no input');
    return { day: '' };
  };
  const { host, errors } = open(daily({ input }));
  await settled();
  await pass(30);
  expect(errors).toMatchObject([{ message: 'no input' }]);
  expect(runsOf(database)).toEqual(['01-02T05 done']);
  await host.close();
});

test('two of one id, and one for a workflow that is not there, are refused', () => {
  const { open } = aWorld();
  expect(() => open(daily(), daily())).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  const other = defineWorkflow({ id: 'other', version: 1, logic: fromSteps(async () => 1) });
  const unknown = schedule(other, { cron: '@daily', timeZone: 'UTC' });
  expect(() => open(unknown)).toThrow(expect.objectContaining({ code: 'WORKFLOW_UNKNOWN' }));
});

const job = defineWorkflow({
  id: 'job',
  version: 1,
  logic: fromSteps({ types: {} as { input: { at: number } } }, async ({ input, step }) =>
    step('work', ({ services, idempotencyKey }: StepContext<AnyServices>) =>
      services.effect?.(String(input.at), idempotencyKey),
    ),
  ),
});

/** Whether the host died at its nth write, before two occurrences were over. */
async function survives(write: number, when: 'before' | 'after'): Promise<boolean> {
  const world = new CrashWorld([job]);
  let made = 0;
  // Never the same input twice: the run that is there counts.
  const input = (at: Date) => ({ at: at.getTime(), made: made++ });
  const schedules = [schedule(job, { cron: '* * * * *', timeZone: 'UTC', catchUp: 'all', input })];
  const begun = world.clock.now();
  const isOver = () => world.database.tables.list({ workflow: 'job', status: 'done' }).rows.length === 2;
  let mortal = world.boot({ schedules, crash: { write, when } });
  await world.pass(() => mortal.dead || isOver());
  const died = mortal.dead;
  if (died) {
    mortal = world.boot({ schedules });
    await world.pass(isOver);
  }
  const starts = [1, 2].map((minute) => String(begun + minute * 60_000));
  expect([...new Set(world.ledger.map(({ name }) => name))]).toEqual(starts);
  // One key for each: it was started once, though its step may have run again.
  expect(new Set(world.ledger.map(({ key }) => key)).size).toBe(2);
  expect(world.errors).toEqual([]);
  await mortal.host.close();
  return died;
}

test('each occurrence has its one run, wherever the host dies', async () => {
  let write = 1;
  while ((await survives(write, 'before')) && (await survives(write, 'after'))) write++;
  expect(write).toBeGreaterThan(10);
});
