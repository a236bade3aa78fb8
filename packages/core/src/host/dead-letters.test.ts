import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { createClient } from '../client/holdfast.js';
import { linkLocally } from '../client/local-link.js';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { WorkflowSchemas } from '../define/schemas.js';
import { createMemoryStore } from '../store/memory-store.js';
import { type CrashPoint, CrashWorld } from '../testing/crash-world.test-support.js';

const logic = setup({
  types: {} as { context: { got: number[] }; events: { type: 'N'; n: number } | { type: 'END' } },
}).createMachine({
  context: { got: [] },
  initial: 'on',
  states: {
    on: {
      on: { N: { actions: assign({ got: ({ context, event }) => [...context.got, event.n] }) }, END: 'off' },
    },
    off: { type: 'final' },
  },
  output: ({ context }) => context.got,
});
const END = z.object({});
const under = (schemas: WorkflowSchemas) => [defineWorkflow({ id: 'w', version: 1, logic, schemas: schemas as never })];
/** What an older tab has, and what the newer ones have. */
const older = under({ events: { N: z.object({ n: z.number(), at: z.date().optional() }), END } });
const newer = under({ events: { N: z.object({ n: z.number().min(10) }), END } });

const address = { workflow: 'w', run: '1' };
const at = new Date(5);

/** An older tab accepts `events`, and is closed before a newer one is there: it has never owned the store. */
async function acceptedBefore(events: Readonly<Record<string, object>>): Promise<CrashWorld> {
  const world = new CrashWorld(newer);
  const holder = await createMemoryStore({ database: world.database }).acquire();
  const tab = world.boot({ workflows: older });
  await tab.host.start({ ...address, callId: 'key', input: encode(undefined, 'input'), ifExists: 'join' });
  for (const [id, event] of Object.entries(events)) {
    await tab.host.send({ ...address, id, event: encode(event, 'event'), until: 'accepted' });
  }
  await tab.host.close();
  await holder.release();
  return world;
}

/** Newer owners take it over, the first of which dies so. */
async function handedOver(crash?: CrashPoint) {
  const world = await acceptedBefore({
    first: { type: 'N', n: 10 },
    small: { type: 'N', n: 9, at },
    last: { type: 'N', n: 11 },
    end: { type: 'END' },
  });
  const closed = () => world.head('w', '1')?.closedAt !== undefined;
  const owner = world.boot(crash ? { crash } : {});
  await world.pass(() => owner.dead || closed());
  if (owner.dead) await world.survive(closed);
  else await owner.host.close();
  return { world, writes: owner.writes };
}

function left({ database }: CrashWorld) {
  const stored = database.tables.load(address);
  const outcomes = database.tables
    .history(address)
    .map(({ arrival: { kind, name, outcome } }) => [kind, name, outcome]);
  const kept = [...(stored?.values.keys() ?? [])].filter((id) => id.startsWith('dead/'));
  return { outcomes, kept, inbox: stored?.inbox, status: stored?.row.status, seq: stored?.row.seq };
}

test('what an older tab accepted, and the owner refuses, is a dead letter, wherever the owner dies', async () => {
  const calm = await handedOver();
  expect(left(calm.world)).toEqual({
    outcomes: [
      ['start', undefined, undefined],
      ['event', 'N', undefined],
      ['event', 'N', 'refused'],
      ['event', 'N', undefined],
      ['event', 'END', undefined],
    ],
    kept: ['dead/3'],
    inbox: [],
    status: 'done',
    seq: 5,
  });
  expect(calm.writes).toBe(5);
  const reader = calm.world.boot();
  const run = createClient(linkLocally(reader.host)).run('w', '1');
  expect(await run.result()).toEqual([10, 11]);
  expect(await run.deadLetters()).toEqual([
    {
      id: 'small',
      event: { type: 'N', n: 9, at },
      code: 'EVENT_INVALID',
      message: expect.stringContaining('n: '),
      issues: [{ path: ['n'], message: expect.any(String) }],
      acceptedAt: calm.world.clock.now(),
      refusedAt: calm.world.clock.now(),
      seq: 3,
    },
  ]);
  expect(calm.world.errors).toEqual([]);
  await reader.host.close();
  for (let write = 1; write <= calm.writes; write++) {
    for (const when of ['before', 'after'] as const) {
      const { world } = await handedOver({ write, when });
      expect(left(world), `${when} write ${write}`).toEqual(left(calm.world));
    }
  }
});

test('the latest hundred are kept', async () => {
  const ids = Array.from({ length: 101 }, (_, n) => `e${n}`);
  const world = await acceptedBefore(Object.fromEntries(ids.map((id) => [id, { type: 'N', n: 1 }])));
  const owner = world.boot();
  await world.settle();
  expect(world.database.tables.inbox()).toEqual([]);
  const letters = await createClient(linkLocally(owner.host)).run('w', '1').deadLetters();
  expect(letters.map(({ id }) => id)).toEqual(ids.slice(1));
  await owner.host.close();
});

test('an input that no longer fits when it is taken fails the run, of a machine and of a step function', async () => {
  const steps = fromSteps({ schemas: { input: z.object({ n: z.number() }) } }, async () => 1);
  const machine = setup({}).createMachine({});
  const schemas = { input: z.object({ n: z.number() }) };
  const strict = [
    defineWorkflow({ id: 'steps', version: 1, logic: steps }),
    defineWorkflow({ id: 'machine', version: 1, logic: machine, schemas }),
  ];
  const lax = strict.map(({ id }) => defineWorkflow({ id, version: 1, logic: fromSteps(async () => 1) }));
  const world = new CrashWorld(strict);
  const owner = world.boot();
  await owner.host.owned;
  const old = world.boot({ workflows: lax });
  for (const workflow of ['steps', 'machine']) {
    const input = encode({ n: 'x' }, 'input');
    await old.host.start({ workflow, run: '1', callId: 'key', input, ifExists: 'join' });
    const run = createClient(linkLocally(owner.host)).run(workflow, '1');
    await expect(run.result()).rejects.toMatchObject({
      code: 'RUN_FAILED',
      cause: { code: 'INPUT_INVALID', details: { issues: [{ path: ['n'] }] } },
    });
  }
  expect(world.errors).toEqual([]);
  await old.host.close();
  await owner.host.close();
});
