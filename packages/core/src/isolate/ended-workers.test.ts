import { afterEach, describe, expect, test } from 'vitest';
import type { StepContext, StepsContext } from '../define/steps-logic.js';
import { settled } from '../testing/local.test-support.js';
import { endless, isolated } from '../testing/workshop.test-support.js';

type World = ReturnType<typeof isolated>;
type Body = (context: StepsContext<never>) => Promise<unknown>;

let world: World;
afterEach(() => world.holdfast.close());

/** Starts a run of that body. */
async function start(body: Body, options?: Parameters<typeof isolated>[1]) {
  world = isolated(body, options);
  const run = await world.holdfast.start('w', { id: '1' });
  await settled();
  return run;
}

async function advance(ms: number): Promise<void> {
  world.clock.advance(ms);
  await settled();
}

const status = () => world.database.tables.head({ workflow: 'w', run: '1' })?.status;

const codeOf = (error: { code: string }) => error.code;

describe('a body that goes on a second after its timeout', () => {
  test('is ended with its worker when it spins: the try has failed, and the next one is performed elsewhere', async () => {
    const tries: number[] = [];
    const run = await start(({ step }) =>
      step('spin', { timeout: '30s', retry: { attempts: 2, delay: '5s' } }, ({ attempt }) => {
        tries.push(attempt);
        if (attempt === 2) return 'done';
        world.workshop.newest.spin();
        return endless();
      }),
    );
    await advance(30_999);
    expect(world.workshop.made.map(({ ended }) => ended)).toEqual([false]);
    await advance(1);
    expect(world.workshop.made.map(({ ended }) => ended)).toEqual([true, false]);
    await advance(5_000);
    expect(await run.result()).toBe('done');
    expect(tries).toEqual([1, 2]);
  });

  test('is ended with its worker when it is deaf to its signal; what it was about is gone on with', async () => {
    const tries: string[] = [];
    const run = await start(async ({ step }) => {
      const failed = await step('deaf', { timeout: '30s' }, () => endless()).catch(codeOf);
      const other = step('other', ({ attempt, idempotencyKey }) => {
        tries.push(`${attempt} ${idempotencyKey}`);
        return tries.length === 2 ? 'done' : endless();
      });
      return [failed, await other];
    });
    await advance(30_000);
    expect(tries).toHaveLength(1);
    await advance(1_000);
    expect(await run.result()).toEqual(['STEP_TIMEOUT', 'done']);
    expect(tries[1]).toBe(tries[0]);
  });

  test('makes of one beside it, to be done at most once, one whose outcome is unknown', async () => {
    const done: string[] = [];
    const run = await start(({ step }) =>
      Promise.all([
        step('charge', { delivery: 'at-most-once' }, () => {
          done.push('charge');
          return endless();
        }).catch(codeOf),
        step('spin', { timeout: '30s' }, async () => {
          await settled(2);
          world.workshop.newest.spin();
          return endless();
        }).catch(codeOf),
      ]),
    );
    await advance(31_000);
    expect(await run.result()).toEqual(['STEP_OUTCOME_UNKNOWN', 'STEP_TIMEOUT']);
    expect(done).toEqual(['charge']);
  });

  test('is left alone when it ends before', async () => {
    const run = await start(({ step }) =>
      step('late', { timeout: '30s' }, ({ signal }: StepContext) => {
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve('too late')));
      }).catch(codeOf),
    );
    await advance(30_000);
    expect(await run.result()).toBe('STEP_TIMEOUT');
    await advance(10_000);
    expect(world.workshop.made).toHaveLength(1);
  });
});

describe('a worker that dies', () => {
  test('after it has told how its function ended is not replaced', async () => {
    world = isolated(async () => 'done');
    world.workshop.whenMade = (worker) =>
      worker.watch(({ told }) => {
        if (told.some(({ kind }) => kind === 'settled')) queueMicrotask(() => worker.die());
      });
    const run = await world.holdfast.start('w', { id: '1' });
    await settled();
    expect([await run.result(), world.workshop.made.length]).toEqual(['done', 1]);
  });

  test('fails the tries under way, which are tried again by their policy', async () => {
    const tries: string[] = [];
    const run = await start(({ step }) =>
      step.all(['a', 'b'], { name: 'work', retry: { attempts: 2, delay: 0 } }, (item, { attempt }) => {
        tries.push(`${item}${attempt}`);
        if (attempt === 2) return item;
        if (item === 'b') world.workshop.newest.die();
        return endless<string>();
      }),
    );
    await settled();
    expect(await run.result()).toEqual(['a', 'b']);
    expect([tries, world.workshop.made.length]).toEqual([['a1', 'b1', 'a2', 'b2'], 2]);
  });

  test('tells the function why, where it is not tried again', async () => {
    const run = await start(({ step }) =>
      step('die', () => {
        world.workshop.newest.die();
        return endless();
      }).catch(({ code, cause }) => [code, cause.message]),
    );
    expect(await run.result()).toEqual(['STEP_WORKER_DIED', 'out of memory']);
  });

  test('before it performs anything is replaced three times; then the run can not go on here, and loses nothing', async () => {
    let deaths = 4;
    const body: Body = async ({ step }) => {
      await step('one', () => 1);
      if (deaths-- > 0) {
        world.workshop.newest.die();
        await endless();
      }
      return step('two', () => 2);
    };
    const run = await start(body);
    await settled();
    expect(world.workshop.made).toHaveLength(4);
    expect(world.errors).toMatchObject([{ code: 'STEP_WORKER_DIED' }]);
    expect(status()).toBe('running');
    await advance(60_000);
    expect(await run.result()).toBe(2);
    expect((await run.history()).filter(({ arrival }) => arrival.name === 'one')).toHaveLength(1);
  });

  test('is replaced as often as it takes where something was stored in between', async () => {
    const dead = new Set<number>();
    const run = await start(async ({ step }) => {
      for (let n = 0; n < 6; n++) {
        await step(`step ${n}`, () => n);
        if (dead.has(n)) continue;
        dead.add(n);
        world.workshop.newest.die();
        await endless();
      }
      return 'done';
    });
    await settled(40);
    expect(await run.result()).toBe('done');
    expect(world.errors).toEqual([]);
  });

  test('with a result on its way to the store: the next one begins when that is stored, and does not perform it', async () => {
    let performed = 0;
    world = isolated(({ step }) => step('one', () => ++performed));
    world.workshop.whenMade = (worker) =>
      worker.watch(({ told }) => {
        const records = told.some((one) => one.kind === 'call' && one.what.to === 'record');
        if (records && world.workshop.made.length === 1) queueMicrotask(() => worker.die());
      });
    const run = await world.holdfast.start('w', { id: '1' });
    await settled();
    expect([await run.result(), performed, world.workshop.made.length]).toEqual([1, 1, 2]);
  });
});

describe('a cancelled run', () => {
  test('whose body spins: its worker is ended when its time is over, and the next one undoes', async () => {
    const told: string[] = [];
    const run = await start(async ({ step }) => {
      await step('book', { undo: () => void told.push('unbook') }, () => told.push('book'));
      return step('spin', () => {
        told.push('spin');
        world.workshop.newest.spin();
        return endless();
      });
    });
    await run.cancel();
    await settled();
    await advance(30_999);
    expect(told).toEqual(['book', 'spin']);
    await advance(1);
    expect(told).toEqual(['book', 'spin', 'unbook']);
    expect(status()).toBe('cancelled');
  });

  test('whose body is deaf to its signal keeps its worker', async () => {
    const told: string[] = [];
    const run = await start(async ({ step }) => {
      const undo = () => {
        told.push('unbook');
        return new Promise<void>((resolve) => world.clock.at(world.clock.now() + 5_000, resolve));
      };
      await step('book', { undo }, () => told.push('book'));
      return step('deaf', () => endless());
    });
    await run.cancel();
    await settled();
    await advance(30_000);
    await advance(5_000);
    expect([told, world.workshop.made.length, status()]).toEqual([['book', 'unbook'], 1, 'cancelled']);
  });
});

describe('what is stopped', () => {
  const slow =
    (told: string[], end: boolean): Body =>
    ({ step }) =>
      step('slow', ({ signal }) => {
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            told.push('aborted');
            if (end) resolve('ended');
          });
        });
      });

  test('is asked to end, and its worker is ended with its last body', async () => {
    const told: string[] = [];
    const run = await start(slow(told, true));
    await run.terminate();
    await settled();
    expect([told, world.workshop.atWork]).toEqual([['aborted'], 0]);
  });

  test('has a second for that', async () => {
    const told: string[] = [];
    const run = await start(slow(told, false));
    await run.terminate();
    await settled();
    await advance(999);
    expect([told, world.workshop.atWork]).toEqual([['aborted'], 1]);
    await advance(1);
    expect(world.workshop.atWork).toBe(0);
  });

  test('because another host has the store now is ended at once', async () => {
    await start(slow([], false));
    world.database.owner = undefined;
    const young = isolated(slow([], true), { database: world.database, clock: world.clock });
    await settled();
    // Its commit is refused.
    await world.host.control({ workflow: 'w', run: '1', callId: 'c', control: { control: 'pause' } }).catch(() => {});
    await settled();
    expect([world.host.ownership, world.workshop.atWork]).toEqual(['standby', 0]);
    await young.holdfast.close();
  });

  test('in a wait leaves no worker behind when it is put to rest, and goes on at its deadline in another one', async () => {
    const run = await start(async ({ sleep }) => {
      await sleep('long', '1h');
      return 'awake';
    });
    expect([status(), world.workshop.atWork]).toEqual(['waiting', 1]);
    await advance(5_000);
    expect(world.workshop.atWork).toBe(0);
    await advance(3_600_000);
    expect([await run.result(), world.workshop.made.length]).toEqual(['awake', 2]);
  });
});
