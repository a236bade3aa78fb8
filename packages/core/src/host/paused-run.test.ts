import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import type { Run } from '../client/run.js';
import type { RunSnapshot } from '../client/snapshot.js';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { CrashWorld, type MortalHost } from '../testing/crash-world.test-support.js';
import { clientOf, isOver, startOn } from '../testing/loops.test-support.js';

const MINUTE_MS = 60_000;
const address = { workflow: 'w', run: '1' };

/** A world with a run that is paused for its crash loop: the transition of ANSWER takes hosts down until `mend`. */
async function aPausedRun() {
  let mended = false;
  const logic = createMachine({
    context: {},
    initial: 'asking',
    states: {
      asking: {
        on: {
          ANSWER: {
            guard: () => {
              if (!mended) world.fall();
              return true;
            },
            target: 'over',
          },
        },
        after: { [MINUTE_MS]: 'late' },
      },
      late: {},
      over: { type: 'final' },
    },
    output: 'answered',
  });
  const workflows = [defineWorkflow({ id: 'w', version: 1, logic })];
  const world = new CrashWorld(workflows);
  const first = world.boot();
  await startOn(first, 'w', '1');
  await world.settle();
  await first.host.send({ ...address, id: 'answer', event: encode({ type: 'ANSWER' }, 'event'), until: 'accepted' });
  await world.pass(() => first.dead);
  await world.survive(() => isOver(world));
  world.clock.advance(10 * MINUTE_MS);
  await world.settle();
  const mortal = world.boot();
  const mend = () => {
    mended = true;
  };
  return { world, mend, ...handOn(mortal) };
}

function handOn(mortal: MortalHost): { mortal: MortalHost; run: Run } {
  return { mortal, run: clientOf(mortal).run('w', '1') as Run };
}

async function seenOf(run: Run): Promise<RunSnapshot> {
  const seen = await new Promise<RunSnapshot>((resolve) => {
    const subscription = run.subscribe((snapshot) => {
      if (snapshot.run.status === 'unknown') return;
      resolve(snapshot);
      queueMicrotask(() => subscription.unsubscribe());
    });
  });
  return seen;
}

test('a run that is paused says so, with its reason, and its result stays pending', async () => {
  const { world, run } = await aPausedRun();
  const { value, run: standing } = await seenOf(run);
  expect(standing).toMatchObject({ status: 'paused', reasons: ['crash-loop'], problem: { code: 'CRASH_LOOP' } });
  expect(standing.problem?.message).toContain('restored 3 times');
  expect(value).toBe('asking');
  let settled = false;
  const settle = () => {
    settled = true;
  };
  void run.result().then(settle, settle);
  await world.settle();
  expect(settled).toBe(false);
});

test('a paused run takes no event and no timer, through restarts of its host', async () => {
  const { world, mend, mortal, run } = await aPausedRun();
  mend();
  await run.send({ type: 'MORE' });
  await world.settle();
  await mortal.host.close();
  const next = world.boot();
  await world.settle();
  world.clock.advance(10 * MINUTE_MS);
  await world.settle();
  expect(next.writes).toBe(0);
  expect(world.database.tables.inbox(address)).toHaveLength(2);
  expect(world.head('w', '1')).toMatchObject({ status: 'paused', seq: 1 });
});

test('a resumed run goes on from where it stands, with all that was accepted for it', async () => {
  const { world, mend, run } = await aPausedRun();
  mend();
  const result = run.result();
  await run.resume();
  expect(await result).toBe('answered');
  expect(world.head('w', '1')).toMatchObject({ status: 'done', reasons: [] });
  expect(world.head('w', '1')).not.toHaveProperty('pausedFrom');
  expect(world.head('w', '1')).not.toHaveProperty('suspicion');
});

test('a resumed run that only waits is waiting again', async () => {
  const { world, run } = await aPausedRun();
  const paused = world.head('w', '1');
  for (const { n } of world.database.tables.inbox(address)) {
    world.database.tables.apply(address, [{ op: 'taken', n }]);
  }
  expect(paused?.pausedFrom).toBe('waiting');
  world.clock.set(0);
  await run.resume();
  await world.settle();
  expect(world.head('w', '1')?.status).toBe('waiting');
});

test('a run that is resumed unmended is paused again, after as many restores', async () => {
  const { world, mortal, run } = await aPausedRun();
  void run.resume();
  await world.pass(() => mortal.dead);
  expect(await world.survive(() => isOver(world))).toBe(3);
  expect(world.head('w', '1')).toMatchObject({ status: 'paused', reasons: ['crash-loop'] });
});

test('resume may be called twice, and on a run that is not paused', async () => {
  const { world, mend, run } = await aPausedRun();
  mend();
  await Promise.all([run.resume(), run.resume()]);
  expect(await run.result()).toBe('answered');
  const done = world.head('w', '1');
  await run.resume();
  expect(world.head('w', '1')).toMatchObject({ status: 'done', seq: done?.seq });
  expect(world.database.tables.inbox(address)).toEqual([]);
  await expect(clientOf(world.boot()).run('w', 'none').resume()).resolves.toBeUndefined();
});

test('resume reaches the owner from another tab, and the next owner when there is none', async () => {
  const { world, mend, mortal, run } = await aPausedRun();
  mend();
  const standby = handOn(world.boot());
  await standby.run.resume();
  expect(await run.result()).toBe('answered');
  await mortal.kill();
});

test('resume that no owner has seen is carried out by the next one', async () => {
  const { world, mend, mortal } = await aPausedRun();
  mend();
  const body = encode({ control: 'resume' }, 'control');
  const store = world.database.tables;
  store.enqueue({
    ...address,
    n: ++world.database.lastN,
    lane: 'control',
    id: 'c',
    acceptedAt: 0,
    body: { text: body.text },
  });
  await mortal.host.close();
  expect(await handOn(world.boot()).run.result()).toBe('answered');
});

test('a paused run can be deleted, and started anew', async () => {
  const { world, mend, mortal, run } = await aPausedRun();
  mend();
  const restart = { ...address, callId: 'anew', ifExists: 'restart', input: encode(undefined, 'input') } as const;
  await mortal.host.start(restart);
  await world.settle();
  expect(world.head('w', '1')).toMatchObject({ status: 'waiting', key: 'anew', reasons: [] });
  await run.delete();
  expect(world.head('w', '1')).toBeUndefined();
  const again = await aPausedRun();
  await again.run.delete();
  expect(again.world.head('w', '1')).toBeUndefined();
});

test('a paused run whose code is gone is still shown, resumed and deleted', async () => {
  const { world, mortal } = await aPausedRun();
  await mortal.host.close();
  const other = defineWorkflow({ id: 'w', version: 2, logic: createMachine({}) });
  const { run } = handOn(world.boot({ workflows: [other] }));
  expect((await seenOf(run)).run).toMatchObject({ status: 'parked', reasons: ['crash-loop'] });
  await run.resume();
  expect(world.head('w', '1')).toMatchObject({ status: 'waiting', reasons: [] });
  await run.delete();
  expect(world.head('w', '1')).toBeUndefined();
});
