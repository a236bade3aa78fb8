import { describe, expect, test } from 'vitest';
import { NonRetryableError } from '../define/step-errors.js';
import type { StepsContext } from '../define/steps-logic.js';
import { type Session, StepsWorld, settle } from '../testing/steps-world.test-support.js';

type Body = (context: StepsContext) => Promise<unknown>;

const names = ({ records }: Session) => records.map(({ step, entry }) => `${step} ${entry.status}`);

/** Two steps that have an undo, and one that fails. */
const saga =
  (undone: unknown[]): Body =>
  async ({ step }) => {
    await step('a', { undo: ({ completed, result }) => void undone.push(['a', completed, result]) }, () => 1);
    await step('b', { undo: ({ completed, result }) => void undone.push(['b', completed, result]) }, () => 2);
    await step('c', { undo: ({ completed, result }) => void undone.push(['c', completed, result]) }, () => {
      throw new Error('c failed');
    });
  };

describe('a function that fails', () => {
  test('is undone in reverse, from the step that failed on, and fails with its own error then', async () => {
    const undone: unknown[] = [];
    const world = new StepsWorld();
    const session = world.run(saga(undone));
    await settle();
    expect(undone).toEqual([
      ['c', false, undefined],
      ['b', true, 2],
      ['a', true, 1],
    ]);
    expect(session.outcomes).toMatchObject([{ error: new Error('c failed') }]);
    expect(names(session)).toEqual([
      ...['a begun', 'a completed', 'b begun', 'b completed', 'c begun', 'c failed'],
      ...['c (undo) completed', 'b (undo) completed', 'a (undo) completed'],
    ]);
  });

  test('after a restore what is undone already is not undone again', async () => {
    const undone: unknown[] = [];
    const world = new StepsWorld();
    const stuck = world.run(saga(undone), { ports: { begin: stopsAfter(4) } });
    await settle();
    stuck.execution.stop('dead');
    expect(undone.map((one) => (one as string[])[0])).toEqual(['c']);
    const session = world.run(saga(undone));
    await settle();
    expect(undone.map((one) => (one as string[])[0])).toEqual(['c', 'b', 'a']);
    expect(session.outcomes).toHaveLength(1);
  });

  test('one that succeeds is not undone, nor are steps that have not begun', async () => {
    const undone: string[] = [];
    const undo = () => void undone.push('undone');
    const world = new StepsWorld();
    await world.output(async ({ step }) => step('a', { undo }, () => 1));
    await expect(
      new StepsWorld().output(async ({ step }) => {
        await step('first', () => {
          throw new Error('x');
        });
        await step('second', { undo }, () => 1);
      }),
    ).rejects.toThrow('x');
    expect(undone).toEqual([]);
  });

  test('steps under way are asked to end, and undone with what they came to', async () => {
    const undone: unknown[] = [];
    const world = new StepsWorld();
    const told = (name: string) => ({ undo: ({ result }: { result: unknown }) => void undone.push([name, result]) });
    const session = world.run(async ({ step }) =>
      Promise.all([
        step('obeys', told('obeys'), async ({ signal }) => {
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
        }),
        step('ends well', told('ends well'), async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          return 'all the same';
        }),
        step('hangs', told('hangs'), () => new Promise(() => {})),
        step('fails', () => {
          throw new Error('x');
        }),
      ]),
    );
    await settle();
    expect(undone).toEqual([]);
    world.clock.advance(29_999);
    await settle();
    expect(undone).toEqual([]);
    world.clock.advance(1);
    await settle();
    expect(undone).toEqual([
      ['hangs', undefined],
      ['ends well', 'all the same'],
      ['obeys', undefined],
    ]);
    expect(session.outcomes).toMatchObject([{ error: new Error('x') }]);
  });

  test('what waits for another try, or sleeps, does not go on', async () => {
    const begun: string[] = [];
    const world = new StepsWorld();
    const session = world.run(async ({ step, sleep }) =>
      Promise.all([
        step('again', { retry: { attempts: 9 } }, () => {
          begun.push('again');
          throw new Error('x');
        }),
        sleep('nap', '1s').then(() => step('after', () => begun.push('after'))),
        sleep('short', 10).then(() => {
          throw new Error('short');
        }),
        step(
          'undoable',
          { undo: { retry: { attempts: 3, delay: '1h' }, perform: () => Promise.reject('no') } },
          () => 1,
        ),
      ]),
    );
    await settle();
    world.clock.advance(10);
    await settle();
    for (let i = 0; i < 5; i++) {
      world.clock.advance(1_000_000);
      await settle();
    }
    expect(begun).toEqual(['again']);
    expect(names(session)).not.toContain('nap completed');
  });
});

describe('the mark', () => {
  test('is stored before the first try, and never again', async () => {
    let tries = 0;
    const world = new StepsWorld();
    const body: Body = async ({ step }) =>
      step('a', { undo: () => {}, retry: { attempts: 3, delay: '1s' } }, () => {
        if (++tries < 3) throw new Error('x');
      });
    const first = world.run(body);
    await settle();
    first.execution.stop('dead');
    const second = world.run(body);
    await settle();
    for (let i = 0; i < 2; i++) {
      world.clock.advance(10_000);
      await settle();
    }
    expect([...names(first), ...names(second)]).toEqual(['a begun', 'a retrying', 'a retrying', 'a completed']);
    expect(world.journal.get('a')).toMatchObject({ undo: 1, status: 'completed' });
  });

  test('a step that is found with it is undone, though it is cut off before its try', async () => {
    const undone: unknown[] = [];
    const world = new StepsWorld();
    const first = world.run(async ({ step }) => step('a', { undo: () => {} }, () => new Promise(() => {})));
    await settle();
    first.execution.stop('dead');
    world.run(async ({ step }) =>
      step('a', { undo: ({ completed }) => void undone.push(completed) }, () => {
        throw new Error('x');
      }),
    );
    await settle();
    expect(undone).toEqual([false]);
  });

  test('a function that no longer asks for a step it would have to undo is unfit', async () => {
    const world = new StepsWorld();
    const first = world.run(async ({ step }) => step('gone', { undo: () => {} }, () => new Promise(() => {})));
    await settle();
    first.execution.stop('dead');
    const second = world.run(async () => {
      throw new Error('x');
    });
    await settle();
    expect(second.misfits).toMatchObject([{ code: 'JOURNAL_MISMATCH', details: { steps: ['gone'] } }]);
    expect(second.outcomes).toEqual([]);
  });
});

describe('an undo that fails', () => {
  const failing =
    (retry: object | undefined, error: () => Error, undone: string[] = []): Body =>
    async ({ step }) => {
      await step('a', { undo: () => void undone.push('a') }, () => 1);
      const perform = () => {
        undone.push('b');
        throw error();
      };
      await step('b', { undo: retry ? { retry, perform } : perform }, () => 2);
      throw new Error('x');
    };

  test('is tried five times, then the run is paused; the others wait', async () => {
    const undone: string[] = [];
    const world = new StepsWorld();
    const session = world.run(
      failing(undefined, () => new Error('busy'), undone),
      { ports: pausing(world) },
    );
    for (let i = 0; i < 10; i++) {
      await settle();
      world.clock.advance(100_000);
    }
    expect(undone).toEqual(['b', 'b', 'b', 'b', 'b']);
    expect(world.journal.get('b (undo)')).toMatchObject({ status: 'exhausted', attempts: 5 });
    expect(session.outcomes).toEqual([]);
  });

  test('no error of it is final by itself', async () => {
    const world = new StepsWorld();
    world.run(
      failing({}, () => new NonRetryableError('gone')),
      { ports: pausing(world) },
    );
    await settle();
    expect(world.journal.get('b (undo)')).toMatchObject({ status: 'exhausted', attempts: 1 });
  });

  test("with onExhausted: 'fail' the others are undone all the same", async () => {
    const undone: string[] = [];
    const world = new StepsWorld();
    const session = world.run(failing({ attempts: 1, onExhausted: 'fail' }, () => new Error('busy'), undone));
    await settle();
    expect(undone).toEqual(['b', 'a']);
    expect(session.outcomes).toMatchObject([{ error: new Error('x') }]);
  });
});

describe('a function that is cancelled', () => {
  test('is undone, goes nowhere any more, and is never told', async () => {
    const undone: unknown[] = [];
    const heard: string[] = [];
    const world = new StepsWorld();
    const session = world.run(async ({ step }) => {
      await step('a', { undo: ({ result }) => void undone.push(result) }, () => 1);
      try {
        await step('b', async ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no('b'))));
      } catch {
        heard.push('caught');
      }
      await step('c', () => heard.push('c'));
    });
    await settle();
    void session.execution.cancel();
    void session.execution.cancel();
    await settle();
    expect([undone, heard, session.undone, session.outcomes]).toEqual([[1], [], ['undone'], []]);
  });

  test('no sleep begins any more', async () => {
    const world = new StepsWorld();
    const session = world.run(async ({ step, sleep }) => {
      await step('a', { undo: () => {} }, ({ signal }) => new Promise((end) => signal.addEventListener('abort', end)));
      await sleep('nap', '1h');
    });
    await settle();
    void session.execution.cancel();
    await settle();
    expect(names(session)).toEqual(['a begun', 'a completed', 'a (undo) completed']);
  });

  test('after a restore it is run again up to where it was, and undone from there', async () => {
    const undone: unknown[] = [];
    const world = new StepsWorld();
    const body: Body = async ({ step, sleep }) => {
      for (const n of [1, 2, 3]) {
        await step(`plain ${n}`, () => n);
        await step(`do ${n}`, { undo: ({ result }) => void undone.push(result) }, () => n);
      }
      await sleep('nap', '1h');
    };
    const first = world.run(body);
    await settle();
    first.execution.stop('dead');
    const second = world.run(body);
    void second.execution.cancel();
    await settle();
    expect([undone, second.undone, names(second)]).toEqual([
      [3, 2, 1],
      ['undone'],
      ['do 3 (undo) completed', 'do 2 (undo) completed', 'do 1 (undo) completed'],
    ]);
  });

  test('while it is undone for having failed: it counts as cancelled then', async () => {
    const world = new StepsWorld();
    const session = world.run(async ({ step }) => {
      const undo = { retry: { attempts: 2 }, perform: ({ attempt }: { attempt: number }) => fails(attempt) };
      await step('a', { undo }, () => 1);
      throw new Error('x');
    });
    await settle();
    void session.execution.cancel();
    world.clock.advance(1000);
    await settle();
    expect([session.undone, session.outcomes]).toEqual([['undone'], []]);
  });
});

test('step.all: each item has its undo', async () => {
  const undone: unknown[] = [];
  const world = new StepsWorld();
  const session = world.run(async ({ step }) => {
    await step.all(
      ['a', 'bb'],
      { name: 'all', undo: (item, { result }, index) => void undone.push([item, result, index]) },
      (item) => item.length,
    );
    throw new Error('x');
  });
  await settle();
  expect(undone).toEqual([
    ['bb', 2, 1],
    ['a', 1, 0],
  ]);
  expect(session.outcomes).toHaveLength(1);
});

test('an undo has an idempotency key and a stand-in of its own', async () => {
  const keys: string[] = [];
  const world = new StepsWorld();
  const body: Body = async ({ step }) => {
    await step('a', { undo: ({ idempotencyKey }) => void keys.push(idempotencyKey) }, ({ idempotencyKey }) => {
      keys.push(idempotencyKey);
    });
    throw new Error('x');
  };
  world.run(body);
  await settle();
  expect(keys).toEqual(['run-key/worker#1/a', 'run-key/worker#1/a%20(undo)']);
  const other = new StepsWorld();
  other.run(body, { ports: { steps: { 'a (undo)': () => void keys.push('stand-in') } } });
  await settle();
  expect(keys.at(-1)).toBe('stand-in');
});

test.each<[string, Body, string]>([
  ['no function', async ({ step }) => step('a', { undo: 1 as never }, () => 1), 'OPTION_INVALID'],
  ['none in it', async ({ step }) => step('a', { undo: {} as never }, () => 1), 'OPTION_INVALID'],
  [
    'an option that is none',
    async ({ step }) => step('a', { undo: { perform: () => {}, delay: 1 } as never }, () => 1),
    'OPTION_INVALID',
  ],
  ['a name that an undo has', async ({ step }) => step('a (undo)', () => 1), 'STEP_MISUSED'],
])('%s is refused', async (_, body, code) => {
  await expect(new StepsWorld().output(body)).rejects.toMatchObject({ code });
});

/** Lets so many tries begin. */
function stopsAfter(tries: number): () => Promise<void> {
  return () => (tries-- > 0 ? Promise.resolve() : new Promise(() => {}));
}

/** Nothing begins once a step has used up its tries. */
function pausing(world: StepsWorld) {
  const paused = () => [...world.journal.values()].some(({ status }) => status === 'exhausted');
  return { begin: () => (paused() ? new Promise<void>(() => {}) : Promise.resolve()) };
}

function fails(attempt: number): void {
  if (attempt < 2) throw new Error('busy');
}
