import { describe, expect, test } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyServices, StepContext } from '../define/steps-logic.js';
import {
  type CrashPoint,
  CrashWorld,
  ends,
  type LedgerLine,
  type MortalHost,
} from '../testing/crash-world.test-support.js';

/** A step body that leaves its begin and end in the ledger. */
const leaves =
  <T>(name: string, result: T) =>
  async ({ services, idempotencyKey }: StepContext<AnyServices>) => {
    await services.effect?.(name, idempotencyKey, 'begin');
    await Promise.resolve();
    await services.effect?.(name, idempotencyKey, 'end');
    return result;
  };

const prepare = fromSteps(async ({ input, step, sleep, uuid, now, random }) => {
  const made = { uuid: uuid(), random: random(), now: now() };
  const one = await step('one', leaves('one', 1));
  await sleep('nap', '1h');
  const many = await step.all([1, 2, 3], { name: 'many', key: (n) => n, concurrency: 2 }, (n, context) =>
    leaves(`many:${n}`, n * 10)(context),
  );
  let failures = 0;
  try {
    await step('broken', () => {
      throw Object.assign(new Error('always'), { code: 'E_ALWAYS' });
    });
  } catch (error) {
    failures = (error as { code: string }).code === 'E_ALWAYS' ? 1 : 100;
  }
  return {
    input,
    one,
    many,
    failures,
    steady: made.uuid.length === 36 && made.random < 1 && made.now > 0,
    again: now() >= made.now,
  };
});

const reminder = setup({}).createMachine({
  initial: 'ticking',
  context: { ticks: 0 },
  states: {
    ticking: {
      after: {
        1000: {
          target: 'ticking',
          reenter: true,
          guard: ({ context }) => context.ticks < 2,
          actions: assign({ ticks: ({ context }) => context.ticks + 1 }),
        },
        1500: 'over',
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.ticks,
});

const order = setup({
  actors: { prepare, reminder, quick: fromPromise(async ({ input }: { input: number }) => input * 2) },
}).createMachine({
  id: 'order',
  context: {} as Record<string, unknown>,
  initial: 'preparing',
  states: {
    preparing: {
      invoke: {
        src: 'prepare',
        input: { for: 'order' },
        onDone: { target: 'both', actions: assign({ prepared: ({ event }) => event.output }) },
      },
    },
    both: {
      type: 'parallel',
      onDone: 'approving',
      states: {
        left: {
          initial: 'reminding',
          states: {
            reminding: {
              invoke: {
                src: 'reminder',
                id: 'reminder',
                onDone: { target: 'done', actions: assign({ ticks: ({ event }) => event.output }) },
              },
            },
            done: { type: 'final' },
          },
        },
        right: {
          initial: 'doubling',
          states: {
            doubling: {
              invoke: {
                src: 'quick',
                input: 21,
                onDone: { target: 'done', actions: assign({ doubled: ({ event }) => event.output }) },
              },
            },
            done: { type: 'final' },
          },
        },
      },
    },
    approving: {
      on: {
        APPROVE: { target: 'shipped', actions: assign({ by: ({ event }) => (event as unknown as { by: string }).by }) },
      },
      after: { 86400000: 'refunded' },
    },
    shipped: { type: 'final' },
    refunded: { type: 'final' },
  },
  output: ({ context, self }) => ({ ...context, end: self.getSnapshot().value }),
});

const workflow = defineWorkflow({ id: 'order', version: 1, logic: order });
const address = { workflow: 'order', run: 'o-1' };
const STEPS = ['many:1', 'many:2', 'many:3', 'one'];

interface Outcome {
  readonly output: unknown;
  readonly status: string | undefined;
  readonly ledger: readonly LedgerLine[];
  readonly writes: number;
  readonly seqs: readonly number[];
  readonly inbox: number;
}

/** Runs the workflow to its end through the given crashes; each new host goes on where the one before died. */
async function live(crashes: readonly CrashPoint[]): Promise<Outcome> {
  const world = new CrashWorld([workflow]);
  const left = [...crashes];
  const closed = () => world.head('order', 'o-1')?.closedAt !== undefined;
  let mortal = boot();
  let started = false;
  let approved = false;
  let writes = 0;
  function boot(): MortalHost {
    const crash = left.shift();
    return world.boot(crash ? { crash } : {});
  }
  for (let life = 0; life <= crashes.length; life++) {
    const alive = mortal;
    // What a client does: it calls again until it was answered.
    const talk = async () => {
      if (!started)
        await alive.host.start({ ...address, input: encode({ n: 1 }, 'input'), ifExists: 'join', callId: 'call-1' });
      started = true;
    };
    void talk();
    await world.pass(() => alive.dead || closed() || started);
    const approve = async () => {
      if (approved || world.head('order', 'o-1')?.status !== 'waiting') return;
      const stored = world.database.tables.load(address)?.values.get('state')?.text ?? '';
      if (!stored.includes('approving')) return;
      approved = true;
      await alive.host
        .send({ ...address, id: 'approval', event: encode({ type: 'APPROVE', by: 'ann' }, 'event'), until: 'accepted' })
        .catch(() => {});
    };
    await world.pass(() => {
      if (life > 0 && approvedIsLost()) approved = false;
      void approve();
      return alive.dead || closed();
    });
    writes = alive.writes;
    if (!alive.dead) break;
    mortal = boot();
  }
  function approvedIsLost(): boolean {
    const run = world.database.tables.load(address);
    return approved && run?.inbox.length === 0 && ![...(run?.values.keys() ?? [])].includes('seen/approval');
  }
  const stored = world.database.tables.load(address);
  const history = world.database.tables.history(address);
  expect(world.errors, 'errors told to nobody').toEqual([]);
  await mortal.kill();
  const output = stored?.values.get('state')?.text;
  return {
    output,
    status: stored?.row.status,
    ledger: world.ledger,
    writes,
    seqs: history.map(({ seq }) => seq),
    inbox: stored?.inbox.length ?? -1,
  };
}

/** The result of a run, without what may differ: the random key, instants. */
function result({ output }: Outcome): string {
  return JSON.stringify(output)
    .replaceAll(/\d{13}/g, 'instant')
    .replaceAll(/[0-9a-f-]{36}/g, 'uuid');
}

function expectSound(outcome: Outcome, calm: Outcome, crashes: number): void {
  expect(outcome.status).toBe('done');
  expect(outcome.inbox, 'events left in the inbox').toBe(0);
  const finished = ends(outcome.ledger);
  expect([...new Set(finished)].sort()).toEqual(STEPS);
  for (const name of STEPS) {
    const keys = outcome.ledger.filter((line) => line.name === name).map(({ key }) => key);
    expect(new Set(keys).size, `keys of ${name}`).toBe(1);
    expect(finished.filter((end) => end === name).length, `times ${name} ended`).toBeLessThanOrEqual(1 + crashes);
  }
  const repeated = finished.length - STEPS.length;
  expect(repeated, 'repeated steps').toBeLessThanOrEqual(2 * crashes);
  expect(outcome.seqs).toEqual(outcome.seqs.map((_, index) => index + 1));
  expect(outcome.seqs.length).toBe(calm.seqs.length);
}

describe('crash sweep', async () => {
  const calm = await live([]);
  const points = Array.from({ length: calm.writes }, (_, i) => i + 1).flatMap((write): CrashPoint[] => [
    { write, when: 'before' },
    { write, when: 'after' },
  ]);

  test('an undisturbed run performs each step once', () => {
    expect(calm.status).toBe('done');
    expect(ends(calm.ledger).sort()).toEqual(STEPS);
    expect(calm.writes).toBeGreaterThan(15);
  });

  test.each(points)('killed $when write $write, the run ends as if nothing had happened', async (point) => {
    const outcome = await live([point]);
    expectSound(outcome, calm, 1);
    expect(result(outcome)).toBe(result(calm));
  });

  test.each(points.filter((_, i) => i % 3 === 0))(
    'killed $when write $write, and again at the first write of recovery',
    async (point) => {
      for (const when of ['before', 'after'] as const) {
        const outcome = await live([point, { write: 1, when }]);
        expectSound(outcome, calm, 2);
        expect(result(outcome)).toBe(result(calm));
      }
    },
  );
});
