import { describe, expect, test } from 'vitest';
import { assign, createMachine, fromPromise, setup } from 'xstate';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyServices, StepContext } from '../define/steps-logic.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { createMemoryStore } from '../store/memory-store.js';
import { CrashWorld, ends, type MortalHost } from '../testing/crash-world.test-support.js';
import { isOver, killer, runsWith, startOn, worker } from '../testing/loops.test-support.js';
import { createHost } from './host.js';

/** Boots a first host, lets `starts` begin their work on it, and takes it down. */
async function firstLife(
  world: CrashWorld,
  starts: (mortal: MortalHost) => Promise<void>,
  options: Parameters<CrashWorld['boot']>[0] = {},
): Promise<void> {
  const mortal = world.boot(options);
  await starts(mortal);
  await world.settle();
  await mortal.kill();
}

describe('a run that takes its host down each time', () => {
  test('is paused, and fifty neighbours finish, with steps short and long', async () => {
    const world = new CrashWorld([killer, worker]);
    const first = world.boot();
    for (let n = 0; n < 50; n++) await startOn(first, 'worker', `w${n}`, { ms: n % 2 === 0 ? 600_000 : 0 });
    await world.settle();
    await startOn(first, 'killer', 'k');
    await world.pass(() => first.dead);
    expect(await world.survive(() => isOver(world))).toBe(3);
    expect(runsWith(world, 'paused')).toEqual(['k']);
    expect(runsWith(world, 'done')).toHaveLength(50);
    expect(world.head('killer', 'k')).toMatchObject({
      status: 'paused',
      reasons: ['crash-loop'],
      pausedFrom: 'running',
    });
    expect(world.errors).toMatchObject([
      { code: 'CRASH_LOOP', details: { workflow: 'killer', run: 'k', restores: 3 } },
    ]);
    expect(ends(world.ledger)).toHaveLength(50);
  });

  test('is found among runs that began with it, whatever their order', async () => {
    const world = new CrashWorld([killer, worker]);
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const first = world.boot();
    const starts = names.map((run) =>
      startOn(first, run === 'c' ? 'killer' : 'worker', run, { ms: 600_000, afterMs: 0 }),
    );
    await Promise.all(starts);
    await world.pass(() => first.dead);
    await world.survive(() => isOver(world));
    expect(runsWith(world, 'paused')).toEqual(['c']);
    expect(runsWith(world, 'done')).toHaveLength(names.length - 1);
  });

  test.each([1000, 10_000, 60_000])('%i ms after its step began is paused, and no other', async (afterMs) => {
    const world = new CrashWorld([killer, worker]);
    const first = world.boot();
    await startOn(first, 'killer', 'k', { afterMs });
    for (let n = 0; n < 5; n++) await startOn(first, 'worker', `w${n}`, { ms: 3_600_000 });
    await world.pass(() => first.dead);
    expect(await world.survive(() => isOver(world))).toBeLessThan(15);
    expect(runsWith(world, 'paused')).toEqual(['k']);
    expect(runsWith(world, 'done')).toHaveLength(5);
  });

  test('is paused without neighbours too', async () => {
    const world = new CrashWorld([killer]);
    await firstLife(world, (mortal) => startOn(mortal, 'killer', 'k'));
    expect(await world.survive(() => isOver(world))).toBe(3);
    expect(world.ledger).toHaveLength(4);
    expect(new Set(world.ledger.map(({ key }) => key)).size).toBe(1);
  });

  test('is paused though events go on coming to it', async () => {
    const world = new CrashWorld([killer]);
    const event = encode({ type: 'MORE' }, 'event');
    await firstLife(world, (mortal) => startOn(mortal, 'killer', 'k'));
    for (let life = 0; life < 10 && !isOver(world); life++) {
      const tab = createMemoryStore({ database: world.database });
      const row = {
        workflow: 'killer',
        run: 'k',
        lane: 'event',
        id: `${life}`,
        acceptedAt: 0,
        body: { text: event.text },
      };
      await tab.accept({ kind: 'inbox', row: row as never });
      await tab.close();
      const mortal = world.boot();
      await world.pass(() => mortal.dead || isOver(world));
    }
    expect(runsWith(world, 'paused')).toEqual(['k']);
  });
});

describe('what takes the host down may be', () => {
  const worlds = new Map<string, CrashWorld>();
  const fall = (id: string) => worlds.get(id)?.fall();
  const event = (type: string) => ({ id: type, event: encode({ type }, 'event'), until: 'accepted' as const });

  const cases: Record<string, (id: string) => AnyWorkflow['logic']> = {
    'the first transition': (id) =>
      createMachine({
        context: () => {
          fall(id);
          return {};
        },
      }),
    'the transition of an event': (id) => createMachine({ on: { GO: { actions: assign(() => fall(id) ?? {}) } } }),
    'the transition of a timer': (id) => createMachine({ after: { 10: { actions: assign(() => fall(id) ?? {}) } } }),
    'a custom action': (id) =>
      setup({ actions: { die: () => fall(id) } }).createMachine({ on: { GO: { actions: 'die' } } }),
    'a promise actor': (id) =>
      setup({
        actors: {
          die: fromPromise(() => {
            fall(id);
            return new Promise(() => {});
          }),
        },
      }).createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: { invoke: { src: 'die' } } } }),
  };

  test.each(Object.entries(cases))('%s', async (name, logicOf) => {
    const world = new CrashWorld([defineWorkflow({ id: 'w', version: 1, logic: logicOf(name) }), worker]);
    worlds.set(name, world);
    const first = world.boot();
    await startOn(first, 'worker', 'neighbour', { ms: 60_000 });
    await world.settle();
    void startOn(first, 'w', '1');
    await world.settle();
    if (!first.dead) void first.host.send({ workflow: 'w', run: '1', ...event('GO') });
    await world.pass(() => first.dead);
    expect(await world.survive(() => isOver(world))).toBeLessThanOrEqual(4);
    expect(runsWith(world, 'paused')).toEqual(['1']);
    expect(runsWith(world, 'done')).toEqual(['neighbour']);
  });
});

describe('what counts', () => {
  test('progress between two crashes begins the count anew', async () => {
    const fell = new Set<string>();
    const logic = fromSteps(async ({ step }) => {
      for (let n = 0; n < 10; n++) {
        await step(`step ${n}`, async ({ services, idempotencyKey }: StepContext<AnyServices>) => {
          if (fell.has(idempotencyKey)) return;
          fell.add(idempotencyKey);
          await services.fall?.();
        });
      }
    });
    const world = new CrashWorld([defineWorkflow({ id: 'w', version: 1, logic })]);
    await firstLife(world, (mortal) => startOn(mortal, 'w', '1'));
    expect(await world.survive(() => isOver(world), { crashLoopLimit: 2 })).toBe(9);
    expect(runsWith(world, 'done')).toEqual(['1']);
    expect(world.head('w', '1')).not.toHaveProperty('suspicion');
  });

  test('hosts that are closed during a long step pause nothing, and cost no commit', async () => {
    const world = new CrashWorld([worker]);
    for (let life = 0; life < 10; life++) {
      const mortal = world.boot();
      if (life === 0) await startOn(mortal, 'worker', 'w', { ms: 3_600_000 });
      await world.settle();
      if (life > 0) expect(mortal.writes).toBe(0);
      await mortal.host.close();
    }
    expect(world.head('worker', 'w')).not.toHaveProperty('suspicion');
    await world.survive(() => isOver(world));
    expect(runsWith(world, 'done')).toEqual(['w']);
  });

  test('a crash after the probation counts for nothing, however often', async () => {
    const world = new CrashWorld([worker]);
    await firstLife(world, (mortal) => startOn(mortal, 'worker', 'w', { ms: 86_400_000 }));
    for (let life = 0; life < 10; life++) {
      const mortal = world.boot();
      await world.settle();
      world.clock.advance(3_600_000);
      await world.settle();
      expect(world.head('worker', 'w')?.suspicion).toEqual({ restores: 0, outlived: life + 1 });
      await mortal.kill();
    }
    await world.survive(() => isOver(world));
    expect(runsWith(world, 'done')).toEqual(['w']);
  });

  test('runs that only wait are not suspected, nor written to', async () => {
    const world = new CrashWorld([
      defineWorkflow({ id: 'w', version: 1, logic: fromSteps(({ sleep }) => sleep('nap', '1h')) }),
    ]);
    await firstLife(world, (mortal) => startOn(mortal, 'w', '1'));
    const before = world.head('w', '1');
    expect(before?.status).toBe('waiting');
    for (let life = 0; life < 5; life++) {
      const mortal = world.boot();
      await world.settle();
      expect(mortal.writes).toBe(0);
      await mortal.kill();
    }
    expect(world.head('w', '1')).toEqual(before);
    await world.survive(() => isOver(world));
    expect(runsWith(world, 'done')).toEqual(['1']);
  });
});

describe('the limit', () => {
  test.each([2, 5])('of %i restores is kept', async (crashLoopLimit) => {
    const world = new CrashWorld([killer]);
    await firstLife(world, (mortal) => startOn(mortal, 'killer', 'k'), { crashLoopLimit });
    expect(await world.survive(() => isOver(world), { crashLoopLimit })).toBe(crashLoopLimit);
    expect(world.errors).toMatchObject([{ code: 'CRASH_LOOP', details: { restores: crashLoopLimit } }]);
  });

  test('of Infinity pauses nothing', async () => {
    const world = new CrashWorld([killer]);
    await firstLife(world, (mortal) => startOn(mortal, 'killer', 'k'));
    const lives = world.survive(() => isOver(world), { crashLoopLimit: Number.POSITIVE_INFINITY });
    await expect(lives).rejects.toThrow('go on dying');
  });

  test.each([1, 0, -1, 2.5, Number.NaN, '3', null])('may not be %s', (crashLoopLimit) => {
    const options = { store: createMemoryStore(), workflows: [], crashLoopLimit: crashLoopLimit as number };
    expect(() => createHost(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
