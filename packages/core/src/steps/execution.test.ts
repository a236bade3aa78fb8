import { describe, expect, test, vi } from 'vitest';
import type { StepContext, StepOptions, StepsContext } from '../define/steps-logic.js';
import { HoldfastError } from '../errors/index.js';
import { StepsWorld, settle } from '../testing/steps-world.test-support.js';
import type { JournalEntry } from './journal.js';

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: HoldfastError) => error.code,
  );

describe('invariant 1: what completed is not performed again', () => {
  test('a step is performed once; a replay answers from its entry', async () => {
    const world = new StepsWorld();
    let performed = 0;
    const body = ({ step }: StepsContext) => step('one', () => ({ n: ++performed }));
    expect(await world.output(body)).toEqual({ n: 1 });
    const again = world.run(body);
    await settle();
    expect(again.outcomes).toEqual([{ output: { n: 1 } }]);
    expect([performed, again.records.length, again.begun()]).toEqual([1, 0, 0]);
  });

  test('steps may be called as what every object has', async () => {
    const names = ['constructor', 'toString', '__proto__', 'hasOwnProperty'];
    const world = new StepsWorld();
    const performed: string[] = [];
    const body = async ({ step }: StepsContext) => {
      for (const name of names) await step(name, () => performed.push(name));
      return performed.length;
    };
    expect([await world.output(body), await world.output(body)]).toEqual([names.length, names.length]);
    expect(performed).toEqual(names);
  });

  test('an output of undefined is an answer too', async () => {
    const world = new StepsWorld();
    let performed = 0;
    const body = ({ step }: StepsContext) => step('one', () => void performed++);
    await world.output(body);
    await world.output(body);
    expect(performed).toBe(1);
  });

  test('a step that failed for good throws the same again', async () => {
    const world = new StepsWorld();
    let performed = 0;
    const error = Object.assign(new Error('no'), { code: 'E_NO' });
    const body = async ({ step }: StepsContext) => {
      try {
        await step('one', () => {
          performed++;
          throw error;
        });
      } catch (caught) {
        return (caught as typeof error).code;
      }
    };
    expect([await world.output(body), await world.output(body), performed]).toEqual(['E_NO', 'E_NO', 1]);
  });

  test('even when what it threw was undefined', async () => {
    const world = new StepsWorld();
    const body = ({ step }: StepsContext) => step('one', () => Promise.reject(undefined)).catch((error) => [error]);
    expect([await world.output(body), await world.output(body)]).toEqual([[undefined], [undefined]]);
  });

  test('parallel steps are handed back in the order in which they completed', async () => {
    const world = new StepsWorld();
    const body = async ({ step }: StepsContext) => {
      const seen: string[] = [];
      const note = (name: string) => () => void seen.push(name);
      const slow = step('slow', async () => void (await settle())).then(note('slow'));
      await Promise.all([slow, step('quick', () => {}).then(note('quick'))]);
      return seen;
    };
    const session = world.run(body);
    for (let i = 0; i < 5; i++) await settle();
    expect(session.outcomes).toEqual([{ output: ['quick', 'slow'] }]);
    expect(await world.output(body)).toEqual(['quick', 'slow']);
  });

  test('a race between a step and step.all ends as it did, however deep the code of each', async () => {
    const world = new StepsWorld();
    const body = ({ step }: StepsContext) =>
      Promise.race([
        step('late', () => settle()).then(() => 'late'),
        step.all([1, 2], { name: 'all' }, (n) => n).then(() => 'all'),
      ]);
    const session = world.run(body);
    for (let i = 0; i < 5; i++) await settle();
    expect(session.outcomes).toEqual([{ output: 'all' }]);
    expect(await world.output(body)).toBe('all');
  });

  test('a new result comes after the stored ones that are asked for', async () => {
    const world = new StepsWorld();
    const body = async ({ step }: StepsContext) => {
      const seen: string[] = [];
      const branch = async () => {
        for (const name of ['a', 'b', 'c']) {
          await step(name, () => {});
          seen.push(name);
        }
      };
      await Promise.all([branch(), step('new', () => {}).then(() => seen.push('new'))]);
      return seen;
    };
    await world.output(body);
    world.journal.delete('new');
    expect(await world.output(body)).toEqual(['a', 'b', 'c', 'new']);
  });
});

describe('invariant 2: a result reaches the function only after its entry is durable', () => {
  test('a held back record holds back the step', async () => {
    const world = new StepsWorld();
    let store: (entry: JournalEntry) => void = () => {};
    const record = () => new Promise<JournalEntry>((stored) => (store = stored));
    const seen: unknown[] = [];
    const body = async ({ step }: StepsContext) => void seen.push(await step('one', () => 1));
    const session = world.run(body, { ports: { record } });
    await settle();
    expect([seen, session.outcomes]).toEqual([[], []]);
    store({ kind: 'step', status: 'completed', attempts: 1, startedAt: 0, endedAt: 0, output: 2, order: 1 });
    await settle();
    expect([seen, session.outcomes]).toEqual([[2], [{ output: undefined }]]);
  });

  test('no effect before begin says so', async () => {
    const world = new StepsWorld();
    let begin = () => {};
    let performed = 0;
    world.run(({ step }) => step('one', () => void performed++), {
      ports: { begin: () => new Promise((begun) => (begin = begun)) },
    });
    await settle();
    expect(performed).toBe(0);
    begin();
    await settle();
    expect(performed).toBe(1);
  });
});

describe('invariant 3: after stop nothing has an effect', () => {
  const stopped = new Error('stopped');

  test('the signal of a step under way is aborted, its result goes nowhere', async () => {
    const world = new StepsWorld();
    const seen: unknown[] = [];
    const session = world.run(async ({ step }) => {
      seen.push(await step('one', ({ signal }) => new Promise((done) => signal.addEventListener('abort', done))));
    });
    await settle();
    session.execution.stop(stopped);
    await settle();
    expect([seen, session.records, session.outcomes]).toEqual([[], [], []]);
  });

  test('the signal says why', async () => {
    const world = new StepsWorld();
    let reason: unknown;
    const session = world.run(({ step }) =>
      step('one', ({ signal }) => new Promise(() => signal.addEventListener('abort', () => (reason = signal.reason)))),
    );
    await settle();
    session.execution.stop(stopped);
    expect(reason).toBe(stopped);
  });

  test('a step that was allowed to begin only afterwards does not begin', async () => {
    const world = new StepsWorld();
    let begin = () => {};
    let performed = 0;
    const session = world.run(({ step }) => step('one', () => void performed++), {
      ports: { begin: () => new Promise((begun) => (begin = begun)) },
    });
    await settle();
    session.execution.stop(stopped);
    begin();
    await settle();
    expect(performed).toBe(0);
  });

  test('neither a step nor a sleep that is asked for afterwards does anything', async () => {
    const world = new StepsWorld();
    let goOn = () => {};
    let performed = 0;
    const session = world.run(async ({ step, sleep, progress }) => {
      await new Promise<void>((resolve) => (goOn = resolve));
      progress(1, 2);
      void sleep('nap', 5);
      await step('one', () => void performed++);
    });
    await settle();
    session.execution.stop(stopped);
    goOn();
    await settle();
    world.clock.advance(10);
    await settle();
    expect([performed, session.records, session.progress, session.outcomes]).toEqual([0, [], [], []]);
  });

  test('a sleep, a retry and a wait for the network let go of what they listen to', async () => {
    const world = new StepsWorld();
    world.network.set(false);
    const session = world.run(({ step, sleep }) =>
      Promise.all([
        sleep('nap', '1h'),
        step('again', { retry: {} }, () => Promise.reject(new Error('x'))),
        step('online', { requires: 'online' }, () => {}),
      ]),
    );
    await settle();
    expect([world.clock.nextAt !== undefined, world.network.listeners]).toEqual([true, 1]);
    session.execution.stop(stopped);
    expect([world.clock.nextAt, world.network.listeners]).toEqual([undefined, 0]);
    const { length } = session.records;
    world.network.set(true);
    world.clock.advance(3_600_000);
    await settle();
    expect(session.records.length).toBe(length);
  });

  test('stopped while its sleep is being stored, it does not wait for the deadline', async () => {
    const world = new StepsWorld();
    let store = () => {};
    const session = world.run(({ sleep }) => sleep('nap', 5), {
      ports: {
        record: ({ entry }) => new Promise((stored) => (store = () => stored({ ...entry, order: 1 }))),
      },
    });
    await settle();
    session.execution.stop(stopped);
    store();
    await settle();
    expect(world.clock.nextAt).toBeUndefined();
  });

  test('a body that ignores its signal is not waited for, and a function that throws settles nothing', async () => {
    const world = new StepsWorld();
    const session = world.run(({ step }) => step('deaf', () => new Promise(() => {})));
    await settle();
    session.execution.stop(stopped);
    await settle();
    expect(session.outcomes).toEqual([]);
  });

  test('what was stored is not handed back any more', async () => {
    const world = new StepsWorld();
    let seen = 0;
    const body = async ({ step }: StepsContext) => {
      await step('one', () => {});
      seen++;
    };
    await world.output(body);
    world.run(body).execution.stop(stopped);
    await settle();
    expect(seen).toBe(1);
  });
});

describe('retry', () => {
  const failing = (times: number) => {
    const attempts: number[] = [];
    const body = ({ attempt }: StepContext) => {
      attempts.push(attempt);
      if (attempts.length <= times) throw new Error(`try ${attempts.length}`);
      return 'done';
    };
    return { attempts, body };
  };

  test('waits durably, then tries again', async () => {
    const world = new StepsWorld();
    const { attempts, body } = failing(2);
    const session = world.run(({ step }) => step('one', { retry: { attempts: 3, delay: '1s' } }, body));
    await settle();
    expect(attempts).toEqual([1]);
    expect(session.records.at(-1)?.entry).toMatchObject({
      status: 'retrying',
      attempts: 1,
      until: world.clock.now() + 1000,
    });
    expect(session.execution.quiet).toBe(true);
    world.clock.advance(999);
    await settle();
    expect(attempts).toEqual([1]);
    world.clock.advance(1);
    await settle();
    world.clock.advance(2000);
    await settle();
    expect(attempts).toEqual([1, 2, 3]);
    expect(session.outcomes).toEqual([{ output: 'done' }]);
    expect(session.records.map(({ entry }) => entry.status)).toEqual(['retrying', 'retrying', 'completed']);
  });

  test('throws the last error when the tries are used up', async () => {
    const world = new StepsWorld();
    const { body } = failing(9);
    const session = world.run(({ step }) => step('one', { retry: { attempts: 2, delay: 0 } }, body));
    await settle();
    expect(session.outcomes).toEqual([{ error: new Error('try 2') }]);
  });

  test('goes on where it was after a restore: same deadline, next attempt', async () => {
    const world = new StepsWorld();
    const { attempts, body } = failing(1);
    const steps = ({ step }: StepsContext) => step('one', { retry: { attempts: 2, delay: '10s' } }, body);
    world.run(steps).execution;
    await settle();
    world.clock.advance(4000);
    const after = world.run(steps);
    await settle();
    expect(after.execution.quiet).toBe(true);
    world.clock.advance(5999);
    await settle();
    expect(attempts).toEqual([1]);
    world.clock.advance(1);
    await settle();
    expect(attempts).toContain(2);
    expect(after.outcomes).toEqual([{ output: 'done' }]);
  });

  test('an overdue one is tried at once after a restore', async () => {
    const world = new StepsWorld();
    const { attempts, body } = failing(1);
    const steps = ({ step }: StepsContext) => step('one', { retry: { delay: '10s' } }, body);
    world.run(steps).execution.stop(new Error('crash'));
    await settle();
    world.run(steps);
    await settle();
    const crashed = world.run(steps);
    crashed.execution.stop(new Error('crash'));
    world.clock.set(world.clock.now() + 60_000);
    const session = world.run(steps);
    await settle();
    expect(session.outcomes).toEqual([{ output: 'done' }]);
    expect(attempts.at(-1)).toBe(2);
  });

  test('a crash in the middle of a try does not use one up', async () => {
    const world = new StepsWorld();
    const attempts: number[] = [];
    const steps = ({ step }: StepsContext) =>
      step('one', ({ attempt }) => {
        attempts.push(attempt);
        return attempts.length > 3 ? 'done' : new Promise(() => {});
      });
    for (let i = 0; i < 3; i++) {
      const session = world.run(steps);
      await settle();
      session.execution.stop(new Error('crash'));
    }
    expect(await world.output(steps)).toBe('done');
    expect(attempts).toEqual([1, 1, 1, 1]);
  });

  test('a retryIf that throws ends the step, durably', async () => {
    const world = new StepsWorld();
    let asked = 0;
    const retryIf = () => {
      asked++;
      throw new Error('retryIf is broken');
    };
    const body = ({ step }: StepsContext) =>
      step('one', { retry: { retryIf } }, () => Promise.reject(new Error('x'))).catch((error) => error.message);
    expect([await world.output(body), await world.output(body), asked]).toEqual([
      'retryIf is broken',
      'retryIf is broken',
      1,
    ]);
  });
});

describe('timeout', () => {
  const hang = (signals: AbortSignal[], settled?: () => unknown) => (context: StepContext) => {
    signals.push(context.signal);
    return new Promise((resolve) => context.signal.addEventListener('abort', () => settled && resolve(settled())));
  };

  test('aborts the signal and counts as a try', async () => {
    const world = new StepsWorld();
    const signals: AbortSignal[] = [];
    const options: StepOptions = { timeout: '5s', retry: { attempts: 2, delay: '1s' } };
    const session = world.run(({ step }) => step('one', options, hang(signals)));
    await settle();
    world.clock.advance(4999);
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    world.clock.advance(1);
    await settle();
    expect(signals[0]?.reason).toMatchObject({ code: 'STEP_TIMEOUT', details: { step: 'one', timeoutMs: 5000 } });
    expect(session.records.at(-1)?.entry).toMatchObject({ status: 'retrying', attempts: 1 });
    world.clock.advance(1000);
    await settle();
    world.clock.advance(5000);
    await settle();
    expect(signals).toHaveLength(2);
    expect(session.outcomes).toMatchObject([{ error: { code: 'STEP_TIMEOUT' } }]);
  });

  test('a body that answers its signal by a result is too late', async () => {
    const world = new StepsWorld();
    const session = world.run(({ step }) =>
      step(
        'one',
        { timeout: 5 },
        hang([], () => 'late'),
      ),
    );
    await settle();
    world.clock.advance(5);
    await settle();
    expect(session.outcomes).toMatchObject([{ error: { code: 'STEP_TIMEOUT' } }]);
  });

  test('a late rejection of a body that was cut off is not unhandled', async () => {
    const world = new StepsWorld();
    let reject: (error: Error) => void = () => {};
    const session = world.run(({ step }) => step('one', { timeout: 5 }, () => new Promise((_, no) => (reject = no))));
    await settle();
    world.clock.advance(5);
    await settle();
    reject(new Error('late'));
    await settle();
    expect(session.outcomes).toMatchObject([{ error: { code: 'STEP_TIMEOUT' } }]);
  });

  test('is cancelled when the body ends in time, and its signal stays quiet', async () => {
    const world = new StepsWorld();
    let signal: AbortSignal | undefined;
    await world.output(({ step }) =>
      step('one', { timeout: 5 }, (context) => {
        signal = context.signal;
      }),
    );
    expect(world.clock.nextAt).toBeUndefined();
    world.clock.advance(10);
    expect(signal?.aborted).toBe(false);
  });

  test('runs from the try on, not from the wait before it', async () => {
    const world = new StepsWorld();
    world.network.set(false);
    const session = world.run(({ step }) => step('one', { timeout: 5, requires: 'online' }, () => 'done'));
    await settle();
    world.clock.advance(1000);
    await settle();
    world.network.set(true);
    await settle();
    expect(session.outcomes).toEqual([{ output: 'done' }]);
  });
});

describe('requires: online', () => {
  test('waits for the network', async () => {
    const world = new StepsWorld();
    world.network.set(false);
    const session = world.run(({ step }) => step('one', { requires: 'online' }, () => 'done'));
    await settle();
    expect([session.begun(), session.outcomes]).toEqual([0, []]);
    world.network.set(true);
    await settle();
    expect(session.outcomes).toEqual([{ output: 'done' }]);
  });

  test('a change that brings no network wakes nothing', async () => {
    const world = new StepsWorld();
    world.network.set(false);
    const session = world.run(({ step }) => step('one', { requires: 'online' }, () => 'done'));
    await settle();
    world.network.set(false);
    await settle();
    expect(session.begun()).toBe(0);
    expect(world.network.listeners).toBe(1);
  });

  test('a try that fails while it is gone is not counted', async () => {
    const world = new StepsWorld();
    const attempts: number[] = [];
    const session = world.run(({ step }) =>
      step('one', { requires: 'online' }, ({ attempt }) => {
        attempts.push(attempt);
        if (attempts.length > 1) return 'done';
        world.network.set(false);
        throw new Error('failed to fetch');
      }),
    );
    await settle();
    expect([session.records, session.outcomes]).toEqual([[], []]);
    world.network.set(true);
    await settle();
    expect(attempts).toEqual([1, 1]);
    expect(session.outcomes).toEqual([{ output: 'done' }]);
  });

  test('a try that fails is not counted when a check finds the network gone, whatever was believed', async () => {
    const world = new StepsWorld();
    const attempts: number[] = [];
    world.network.probe = async () => {
      world.network.set(false);
      return false;
    };
    const session = world.run(({ step }) =>
      step('one', { requires: 'online' }, ({ attempt }) => {
        if (attempts.push(attempt) > 1) return 'done';
        throw new TypeError('Failed to fetch');
      }),
    );
    await settle();
    expect([session.records, session.outcomes]).toEqual([[], []]);
    world.network.set(true);
    await settle();
    expect([attempts, session.outcomes]).toEqual([[1, 1], [{ output: 'done' }]]);
  });

  test('a check that finds it there lets the failure count', async () => {
    const world = new StepsWorld();
    await expect(
      world.output(({ step }) => step('one', { requires: 'online' }, () => Promise.reject(new Error('bad request')))),
    ).rejects.toThrow('bad request');
  });

  test('a step that was stopped while the network was checked records nothing', async () => {
    const world = new StepsWorld();
    let answer = (_: boolean) => {};
    world.network.probe = () => new Promise((resolve) => (answer = resolve));
    const session = world.run(({ step }) =>
      step('one', { requires: 'online' }, () => Promise.reject(new Error('bad request'))),
    );
    await settle();
    session.execution.stop(new Error('enough'));
    answer(true);
    await settle();
    expect([session.records, session.outcomes]).toEqual([[], []]);
  });

  test('a try that succeeds while it is gone counts', async () => {
    const world = new StepsWorld();
    const output = await world.output(({ step }) =>
      step('one', { requires: 'online' }, () => {
        world.network.set(false);
        return 'done';
      }),
    );
    expect(output).toBe('done');
  });

  test('a step that does not require it fails as any other', async () => {
    const world = new StepsWorld();
    world.network.set(false);
    await expect(world.output(({ step }) => step('one', () => Promise.reject(new Error('x'))))).rejects.toThrow('x');
  });
});

describe('sleep', () => {
  test('stores its deadline, and holds it through a restore', async () => {
    const world = new StepsWorld();
    const body = async ({ sleep, now }: StepsContext) => {
      const before = now();
      await sleep('nap', '1h');
      return now() - before;
    };
    const first = world.run(body);
    await settle();
    expect(first.records.map(({ entry }) => [entry.kind, entry.status, entry.until])).toEqual([
      ['sleep', 'sleeping', world.clock.now() + 3_600_000],
    ]);
    expect(first.execution.quiet).toBe(true);
    first.execution.stop(new Error('crash'));
    world.clock.advance(1_800_000);
    const second = world.run(body);
    await settle();
    expect(second.records).toEqual([]);
    world.clock.advance(1_799_999);
    await settle();
    expect(second.outcomes).toEqual([]);
    world.clock.advance(1);
    await settle();
    expect(second.outcomes).toMatchObject([{ output: expect.any(Number) }]);
    expect(second.records.map(({ entry }) => entry.status)).toEqual(['completed']);
  });

  test('an overdue one ends at once after a restore, and is not slept again', async () => {
    const world = new StepsWorld();
    const body = ({ sleep }: StepsContext) => sleep('nap', '1h');
    const first = world.run(body);
    await settle();
    first.execution.stop(new Error('crash'));
    world.clock.set(world.clock.now() + 7_200_000);
    await world.output(body);
    const again = world.run(body);
    await settle();
    expect([again.outcomes, again.records]).toEqual([[{ output: undefined }], []]);
  });

  test('of no length', async () => {
    expect(await new StepsWorld().output(({ sleep }) => sleep('nap', 0))).toBeUndefined();
  });

  test('and of an impossible one', async () => {
    const world = new StepsWorld();
    const attempt = (duration: unknown) => codeOf(world.output(({ sleep }) => sleep('nap', duration as number)));
    for (const duration of [-1, Number.NaN, 'soon', undefined, 5n])
      expect(await attempt(duration)).toBe('OPTION_INVALID');
  });
});

describe('step.all', () => {
  const keyed = { name: 'all', key: (item: string) => item };

  test('performs a step for each item, at most so many at a time, and keeps the order of the items', async () => {
    const world = new StepsWorld();
    const ends = new Map<string, () => void>();
    const under = () => [...ends.keys()];
    const session = world.run(({ step }) =>
      step.all(['a', 'b', 'c', 'd'], { ...keyed, concurrency: 2 }, async (item, _, index) => {
        await new Promise<void>((end) => ends.set(item, end));
        ends.delete(item);
        return `${item}${index}`;
      }),
    );
    await settle();
    expect(under()).toEqual(['a', 'b']);
    ends.get('b')?.();
    await settle();
    expect(under()).toEqual(['a', 'c']);
    ends.get('a')?.();
    await settle();
    ends.get('d')?.();
    await settle();
    ends.get('c')?.();
    await settle();
    expect(session.outcomes).toEqual([{ output: ['a0', 'b1', 'c2', 'd3'] }]);
    expect(session.records.map(({ step }) => step)).toEqual(['all:b', 'all:a', 'all:d', 'all:c']);
    expect(session.records.map(({ progress }) => progress)).toEqual([1, 2, 3, 4].map((done) => ({ done, total: 4 })));
  });

  test('all at a time, when no bound is given, without a warning of too many listeners', async () => {
    const world = new StepsWorld();
    const { process } = globalThis as unknown as { process: { emitWarning(): void } };
    const warned = vi.spyOn(process, 'emitWarning');
    const session = world.run(({ step }) =>
      step.all(Array.from({ length: 50 }), { name: 'all' }, () => new Promise(() => {})),
    );
    await settle();
    expect(session.begun()).toBe(50);
    expect(warned).not.toHaveBeenCalled();
    session.execution.stop(new Error('stopped'));
  });

  test('the first failure rejects, and begins no further item', async () => {
    const world = new StepsWorld();
    const performed: string[] = [];
    const session = world.run(({ step }) =>
      step.all(['a', 'b', 'c', 'd'], { ...keyed, concurrency: 2 }, async (item) => {
        performed.push(item);
        if (item === 'a') throw new Error('no');
        await settle();
      }),
    );
    for (let i = 0; i < 5; i++) await settle();
    expect(performed).toEqual(['a', 'b']);
    expect(session.outcomes).toEqual([{ error: new Error('no') }]);
  });

  test('after a restore only what is missing is performed, and progress goes on counting', async () => {
    const world = new StepsWorld();
    const performed: string[] = [];
    const body = ({ step }: StepsContext) =>
      step.all(['a', 'b', 'c'], keyed, (item) => {
        performed.push(item);
        return item.toUpperCase();
      });
    await world.output(body);
    world.journal.delete('all:b');
    const session = world.run(body);
    await settle();
    expect(session.outcomes).toEqual([{ output: ['A', 'B', 'C'] }]);
    expect(performed).toEqual(['a', 'b', 'c', 'b']);
    expect(session.records.map(({ progress }) => progress)).toEqual([{ done: 3, total: 3 }]);
  });

  test('of no items', async () => {
    expect(await new StepsWorld().output(({ step }) => step.all([], { name: 'all' }, () => 1))).toEqual([]);
  });

  test('one item tried again keeps the others going', async () => {
    const world = new StepsWorld();
    let failures = 1;
    const session = world.run(({ step }) =>
      step.all(['a', 'b', 'c'], { ...keyed, concurrency: 2, retry: { attempts: 2, delay: '1s' } }, (item) => {
        if (item === 'a' && failures-- > 0) throw new Error('once');
        return item;
      }),
    );
    await settle();
    const told = session.records.map(({ step, entry }) => `${step} ${entry.status}`);
    expect(told.sort()).toEqual(['all:a retrying', 'all:b completed', 'all:c completed']);
    world.clock.advance(1000);
    await settle();
    expect(session.outcomes).toEqual([{ output: ['a', 'b', 'c'] }]);
  });

  test.each<[string, (step: StepsContext['step']) => Promise<unknown>, string]>([
    ['two items of one key', (step) => step.all([1, 2], { name: 'all', key: () => 'k' }, () => 1), 'STEP_DUPLICATE'],
    ['concurrency 0', (step) => step.all([1], { name: 'all', concurrency: 0 }, () => 1), 'STEP_MISUSED'],
    ['concurrency 1.5', (step) => step.all([1], { name: 'all', concurrency: 1.5 }, () => 1), 'STEP_MISUSED'],
    ['no name', (step) => step.all([1], {} as never, () => 1), 'STEP_MISUSED'],
    ['no function', (step) => step.all([1], { name: 'all' }, undefined as never), 'STEP_MISUSED'],
    ['no items', (step) => step.all(undefined as never, { name: 'all' }, () => 1), 'STEP_MISUSED'],
    ['an unknown option', (step) => step.all([1], { name: 'all', retires: 1 } as never, () => 1), 'OPTION_INVALID'],
  ])('refused: %s', async (_, use, code) => {
    const world = new StepsWorld();
    expect(await codeOf(world.output(({ step }) => use(step)))).toBe(code);
  });
});

describe('misuse', () => {
  test.each<[string, (context: StepsContext) => Promise<unknown>, string]>([
    [
      'two steps of one name',
      async ({ step }) => [await step('a', () => 1), await step('a', () => 2)],
      'STEP_DUPLICATE',
    ],
    [
      'a step and a sleep of one name',
      async ({ step, sleep }) => [await step('a', () => 1), await sleep('a', 1)],
      'STEP_DUPLICATE',
    ],
    ['no name', ({ step }) => step('', () => 1), 'STEP_MISUSED'],
    ['a name that is no text', ({ step }) => step(1 as never, () => 1), 'STEP_MISUSED'],
    ['half a character as a name', ({ step }) => step('a\ud83d', () => 1), 'STEP_MISUSED'],
    ['no function', ({ step }) => step('a', undefined as never), 'STEP_MISUSED'],
    [
      'function and options exchanged',
      ({ step }) => step('a', (() => 1) as never, { timeout: 5 } as never),
      'STEP_MISUSED',
    ],
    ['an unknown option', ({ step }) => step('a', { retires: {} } as never, () => 1), 'OPTION_INVALID'],
    ['options that are none', ({ step }) => step('a', 5 as never, () => 1), 'OPTION_INVALID'],
  ])('%s is refused, and nothing is stored of it', async (_, body, code) => {
    const world = new StepsWorld();
    expect(await codeOf(world.output(body))).toBe(code);
    expect(world.journal.size).toBeLessThanOrEqual(1);
  });

  test('a step after its function has ended', async () => {
    const world = new StepsWorld();
    let late: StepsContext['step'] | undefined;
    const session = world.run(async ({ step }) => {
      late = step;
    });
    await settle();
    expect(await codeOf(late?.('late', () => 1) as Promise<unknown>)).toBe('STEP_MISUSED');
    expect(session.records).toEqual([]);
  });

  test('a function that is not async, and one that throws at once', async () => {
    const world = new StepsWorld();
    expect(await world.output((() => 5) as never)).toBe(5);
    const broken = () => {
      throw new Error('at once');
    };
    await expect(world.output(broken as never)).rejects.toThrow('at once');
  });
});

describe('what a restore must not change', () => {
  test('now, random and uuid', async () => {
    const world = new StepsWorld();
    const body = async ({ step, sleep, now, random, uuid }: StepsContext) => {
      const seen: unknown[] = [now(), random(), uuid()];
      await step('one', () => world.clock.advance(50));
      seen.push(now(), random(), uuid());
      await sleep('nap', 0);
      seen.push(now(), random(), uuid());
      return seen;
    };
    const first = await world.output(body);
    world.clock.advance(1000);
    expect(await world.output(body)).toEqual(first);
    expect((first as number[])[3]).toBe(((first as number[])[0] as number) + 50);
  });

  test('now does not run backward with the clock', async () => {
    const world = new StepsWorld();
    const body = async ({ step, now }: StepsContext) => {
      await step('one', () => {});
      const before = now();
      await step('two', () => world.clock.set(world.clock.now() - 10_000));
      return now() - before;
    };
    expect(await world.output(body)).toBe(0);
  });

  test('progress is told once', async () => {
    const world = new StepsWorld();
    const body = async ({ step, progress }: StepsContext) => {
      progress(0, 2);
      await step('one', () => {});
      progress(1, 2);
      await step('two', () => {});
      progress(2, 2);
    };
    const first = world.run(body);
    await settle();
    expect(first.progress.map(({ done }) => done)).toEqual([0, 1, 2]);
    world.journal.delete('two');
    const second = world.run(body);
    await settle();
    expect(second.progress.map(({ done }) => done)).toEqual([1, 2]);
  });

  test('the idempotency key: the same at every try and restore, of characters that a header takes', async () => {
    const world = new StepsWorld();
    const keys: string[] = [];
    const name = 'größe: 図 😀 / "x"\n';
    const body = ({ step }: StepsContext) =>
      step(name, { retry: { attempts: 2, delay: 0 } }, ({ idempotencyKey }) => {
        keys.push(idempotencyKey);
        throw new Error('x');
      }).catch(() => {});
    await world.output(body);
    world.journal.clear();
    await world.output(body);
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
    expect(new Headers({ 'Idempotency-Key': keys[0] as string }).get('Idempotency-Key')).toBe(keys[0]);
    expect(keys[0]).toMatch(/^[\x21-\x7e]+$/);
  });

  test('keys of two steps, runs and incarnations differ', async () => {
    const keys = new Set<string>();
    const body = async ({ step }: StepsContext) => {
      for (const name of ['a', 'b', 'a/b', 'a%2Fb'])
        await step(name, ({ idempotencyKey }) => void keys.add(idempotencyKey));
    };
    await new StepsWorld().output(body, { runKey: 'one' });
    await new StepsWorld().output(body, { runKey: 'two' });
    expect(keys.size).toBe(8);
  });
});

describe('quiet', () => {
  test('only while nothing but a stored deadline can move it', async () => {
    const world = new StepsWorld();
    let end = () => {};
    const session = world.run(async ({ step, sleep }) => {
      const nap = sleep('nap', '1h');
      await step('work', () => new Promise<void>((resolve) => (end = resolve)));
      await nap;
    });
    expect(session.execution.quiet).toBe(false);
    await settle();
    expect(session.execution.quiet).toBe(false);
    end();
    await settle();
    expect(session.execution.quiet).toBe(true);
    world.clock.advance(3_600_000);
    await settle();
    expect([session.execution.quiet, session.outcomes]).toEqual([false, [{ output: undefined }]]);
  });

  test('a step that waits for the network is not: no stored deadline wakes it', async () => {
    const world = new StepsWorld();
    world.network.set(false);
    const session = world.run(({ step }) => step('one', { requires: 'online' }, () => 1));
    await settle();
    expect(session.execution.quiet).toBe(false);
  });
});

test('what a step is told', async () => {
  const world = new StepsWorld();
  const services = { token: () => 't' };
  const seen: unknown[] = [];
  await world.output(
    ({ step, input }) =>
      step('one', ({ attempt, epoch, services, signal, idempotencyKey }) => {
        seen.push(attempt, epoch, services, signal.aborted, idempotencyKey, input);
      }),
    { ports: { services }, input: { a: 1 } },
  );
  expect(seen).toEqual([1, 7, services, false, 'run-key/worker#1/one', { a: 1 }]);
});

test('a step that the body of another calls at once is refused; later on it can not be told from one beside it', async () => {
  const world = new StepsWorld();
  const refused = world.output(({ step }) => step('outer', () => step('inner', () => 1)));
  await expect(refused).rejects.toMatchObject({ code: 'STEP_MISUSED', details: { step: 'inner', outer: 'outer' } });
});

test('a step inside a step is a step', async () => {
  const world = new StepsWorld();
  let performed = 0;
  const body = ({ step }: StepsContext) =>
    step('outer', async () => {
      performed++;
      await Promise.resolve();
      return (await step('inner', () => 1)) + 1;
    });
  expect([await world.output(body), await world.output(body), performed]).toEqual([2, 2, 1]);
});

test('a HoldfastError that a step throws is not tried again unless it says so', async () => {
  const world = new StepsWorld();
  let performed = 0;
  const body = ({ step }: StepsContext) =>
    step('one', { retry: { delay: 0 } }, () => {
      performed++;
      throw new HoldfastError('SERVICE_UNKNOWN', { message: 'x' });
    });
  expect(await codeOf(world.output(body))).toBe('SERVICE_UNKNOWN');
  expect(performed).toBe(1);
});

describe('a function that is not the one that wrote its journal is stopped, not told', () => {
  const mismatch = (step: string) => expect.objectContaining({ code: 'JOURNAL_MISMATCH', details: { steps: [step] } });

  test('a name that changed its kind', async () => {
    const world = new StepsWorld();
    await world.output(({ step }) => step('a', () => 1));
    let caught = false;
    const session = world.run(async ({ sleep }) => {
      await sleep('a', 5).catch(() => {
        caught = true;
      });
    });
    await settle();
    expect(session.misfits).toEqual([mismatch('a')]);
    expect([session.outcomes, session.records, caught]).toEqual([[], [], false]);
  });

  test('nothing else it does has an effect', async () => {
    const world = new StepsWorld();
    await world.output(({ step }) => step('a', () => 1));
    const session = world.run(async ({ sleep, step }) => {
      void sleep('a', 5);
      await step('b', () => 2);
    });
    await settle();
    expect([session.misfits.length, session.records, session.outcomes]).toEqual([1, [], []]);
  });

  test.each<[string, Parameters<StepsWorld['run']>[0]]>([
    ['returns', async ({ step }) => step('a', () => 1)],
    [
      'throws',
      async ({ step }) => {
        await step('a', () => 1);
        throw new Error('over');
      },
    ],
  ])('one that %s without asking for a stored result', async (_, body) => {
    const world = new StepsWorld();
    await world.output(async ({ step }) => {
      await step('a', () => 1);
      await step('b', () => 2);
    });
    const session = world.run(body);
    await settle();
    expect(session.misfits).toEqual([mismatch('b')]);
    expect(session.outcomes).toEqual([]);
  });

  test('a step that waits for its next try is no result: nothing is lost without it', async () => {
    const world = new StepsWorld();
    world.run(({ step }) => step('a', { retry: { delay: '1m' } }, () => Promise.reject(new Error('no'))));
    await settle();
    expect(world.journal.get('a')?.status).toBe('retrying');
    expect(await world.output(async () => 'without')).toBe('without');
  });

  test('branches that the function does not wait for are let go on to their stored results', async () => {
    const world = new StepsWorld();
    const body = async ({ step }: StepsContext) => {
      const branch = async () => {
        for (const name of ['b1', 'b2', 'b3']) await step(name, () => name);
      };
      void branch();
      return 'over';
    };
    for (const [index, name] of ['b1', 'b2', 'b3'].entries()) {
      const entry = { kind: 'step', status: 'completed', attempts: 1, startedAt: 0, endedAt: 0 } as const;
      world.journal.set(name, { ...entry, output: name, order: 2 * index + 2 });
      // Nobody asks for it: what comes after it is held up for a while.
      world.journal.set(`in ${name}`, { ...entry, nested: true, order: 2 * index + 1 });
    }
    const session = world.run(body);
    await settle();
    expect(session.misfits).toEqual([]);
    expect(session.outcomes).toEqual([{ output: 'over' }]);
  });
});
