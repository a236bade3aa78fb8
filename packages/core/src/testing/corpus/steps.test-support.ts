import { assign, setup } from 'xstate';
import { fromSteps } from '../../define/from-steps.js';
import { NonRetryableError, RetryAfterError } from '../../define/step-errors.js';
import { type Entry, entry } from './entry.test-support.js';
import { mark, note } from './marks.test-support.js';

/** A step's body: leaves a mark, and gives `result`. */
const does =
  <T>(name: string, result: T) =>
  () => {
    note(name);
    return result;
  };

const sequence = fromSteps({ types: {} as { input: { from: number } } }, async ({ input, step }) => {
  let sum = input.from;
  for (const n of [1, 2, 3]) sum += await step(`add ${n}`, does(`add ${n}`, n));
  return sum;
});

const sleeper = fromSteps(async ({ step, sleep, now }) => {
  const begun = now();
  await step('before', does('before', 1));
  await sleep('a minute', '1m');
  await step('between', does('between', 2));
  await sleep('a month', '30d');
  return now() - begun;
});

const all = fromSteps({ types: {} as { input: string[] } }, async ({ input, step }) => {
  const sizes = await step.all(input, { name: 'size', key: (text) => text, concurrency: 2 }, (text) => {
    note('size', text);
    return text.length;
  });
  return step(
    'sum',
    does(
      'sum',
      sizes.reduce((sum, size) => sum + size, 0),
    ),
  );
});

const retries = fromSteps(async ({ step, now }) => {
  const begun = now();
  const attempt = await step('flaky', { retry: { attempts: 4, delay: '1s', factor: 3 } }, ({ attempt }) => {
    note('flaky', attempt);
    if (attempt < 3) throw new Error(`try ${attempt}`);
    return attempt;
  });
  return { attempt, took: now() - begun };
});

const exhausted = fromSteps(async ({ step }) =>
  step('hopeless', { retry: { attempts: 3, delay: '1s', maxDelay: '1s' } }, ({ attempt }) => {
    note('hopeless', attempt);
    throw new Error(`try ${attempt} failed`);
  }),
);

const picky = fromSteps(async ({ step }) => {
  try {
    return await step('picky', { retry: { retryIf: (error) => (error as Error).message !== 'never' } }, () => {
      note('picky');
      throw new Error('never');
    });
  } catch (error) {
    return step('instead', does('instead', (error as Error).message));
  }
});

const timedOut = fromSteps(async ({ step }) => {
  try {
    return await step('slow', { timeout: '30s', retry: { attempts: 2, delay: '5s' } }, ({ attempt }) => {
      note('slow', attempt);
      return new Promise(() => {});
    });
  } catch (error) {
    return (error as { code: string }).code;
  }
});

const parallelFailure = fromSteps(async ({ step, sleep }) => {
  const settled = await Promise.allSettled([
    step('good', does('good', 1)),
    step('bad', () => {
      note('bad');
      throw new Error('bad');
    }),
    sleep('nap', '1s'),
    step.all([1, 2, 3, 4], { name: 'some', key: (n) => n, concurrency: 1 }, (n) => {
      note('some', n);
      if (n === 2) throw new Error('two');
      return n;
    }),
  ]);
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)));
});

const race = fromSteps(async ({ step, sleep }) => {
  const winner = await Promise.race([
    sleep('long', '1h').then(() => 'long'),
    sleep('short', '1m').then(() => 'short'),
    step('never', () => {
      note('never');
      return new Promise<string>(() => {});
    }),
  ]);
  return step('after the race', does('after the race', winner));
});

const naps = fromSteps(async ({ step, sleep, now }) => {
  const begun = now();
  await step('before', does('before', 1));
  const [long, short] = [sleep('long', '1h'), sleep('short', '1m')];
  await short;
  const woken = now() - begun;
  await long;
  return [woken, now() - begun];
});

const drawn = fromSteps(async ({ step, random, uuid, now }) => {
  const [id, number, at] = [uuid(), random(), now()];
  await step('look', does('look', id));
  return [id.length, number >= 0 && number < 1, id !== uuid(), now() === at];
});

const progressing = fromSteps(async ({ step, progress, sleep }) => {
  progress(0, 3);
  await step('one', does('one', 1));
  progress(1, 3);
  await sleep('nap', '1s');
  progress(2, 3);
  await step('two', does('two', 2));
  progress(3, 3);
});

const rich = fromSteps({ types: {} as { input: { at: Date; ids: Set<string> } } }, async ({ input, step }) => {
  const map = await step('map', does('map', new Map([...input.ids].map((id, i) => [id, i]))));
  const error = await step('error', () => {
    note('error');
    throw Object.assign(new Error('x'), { code: 'E_X' });
  }).catch((error) => error.code);
  return { map, error, at: input.at, big: 2n ** 70n };
});

/** Goes on at the offset that was stored, and fails half way the first time. */
const upload = fromSteps(async ({ step }) =>
  step('upload', { retry: { attempts: 2 } }, async ({ attempt, details = 0, heartbeat }) => {
    for (let offset: number = details; offset < 5; offset++) {
      if (attempt === 1 && offset === 3) throw new Error('cut off');
      note('part', offset);
      await heartbeat(offset + 1);
    }
    return 'uploaded';
  }),
);

const asked = fromSteps(async ({ step, now }) => {
  const begun = now();
  const delay = ({ attempt }: { attempt: number }) => attempt * 1000;
  await step('busy', { retry: { attempts: 4, delay, budget: '2m' } }, ({ attempt }) => {
    note('busy', attempt);
    if (attempt === 2) throw new RetryAfterError('busy', '1m');
    if (attempt < 4) throw new Error(`try ${attempt}`);
  });
  const outOf = await step('out of budget', { retry: { attempts: Infinity, delay: '7s', budget: '20s' } }, () => {
    note('out of budget');
    throw new Error('no use');
  }).catch((error) => error.message);
  const gone = await step('gone', { retry: { attempts: 9, retryIf: () => true } }, () => {
    note('gone');
    throw new NonRetryableError('gone');
  }).catch((error) => error.message);
  return { outOf, gone, took: now() - begun };
});

const enough = fromSteps(async ({ step }) => {
  const send = (minSuccessful: number, name: string, concurrency: number) =>
    step.all([1, 2, 3, 4, 5], { name, concurrency, minSuccessful }, (n) => {
      note(name, n);
      if (n % 2 === 0) throw new Error(`no ${n}`);
      return n;
    });
  const some = await send(3, 'some', 2);
  // Whether one beside that which is too many still completes before the end of the function is a race.
  const few = await send(4, 'few', 1).catch(({ code, details }) => [code, details]);
  return { some: some.map(({ status }) => status), few };
});

/** Four lives; each has a step of the same name, and one that is still under way when it ends. */
const continuing = fromSteps(
  { types: {} as { input: { life: number; keys: string[] } } },
  async ({ input, step, sleep, random, uuid, continueWith }) => {
    const key = await step('work', ({ idempotencyKey }) => {
      note('work', input.life);
      return idempotencyKey;
    });
    void sleep('abandoned', '1h');
    await sleep('a while', '1m');
    const keys = [...input.keys, key];
    if (input.life < 4) return continueWith({ life: input.life + 1, keys });
    return { keys: new Set(keys).size, drawn: [random() < 1, uuid().length] };
  },
);

const repeats = setup({ actors: { continuing } }).createMachine({
  initial: 'on',
  states: {
    on: {
      invoke: {
        ...({ src: 'continuing', id: 'work', input: { life: 2, keys: [] } } as const),
        onDone: { target: 'over', actions: mark('done') },
      },
      on: { AGAIN: { target: 'on', reenter: true } },
    },
    over: { type: 'final' },
  },
});

const noSteps = fromSteps(async ({ input }) => ({ got: input }));

const throwsAtOnce = fromSteps(async () => {
  throw new TypeError('not even a step');
});

const twice = fromSteps(async ({ step }) => {
  await step('same', does('same', 1));
  return step('same', does('same again', 2));
});

const abandoned = fromSteps(async ({ step, sleep }) => {
  await step('first', does('first', 1));
  await sleep('nap', '1h');
  await step('second', does('second', 2));
});

const leaves = setup({ actors: { abandoned } }).createMachine({
  context: { times: 0 },
  initial: 'on',
  states: {
    on: {
      entry: assign({ times: ({ context }) => context.times + 1 }),
      invoke: { src: 'abandoned', id: 'work', onDone: { target: 'over', actions: mark('done') } },
      on: { LEAVE: 'off' },
    },
    off: { on: { BACK: 'on' } },
    over: { type: 'final' },
  },
  output: ({ context }) => context.times,
});

export const steps: readonly Entry[] = [
  entry('steps: one after the other', sequence, { input: { from: 10 } }),
  entry('steps: sleeps', sleeper),
  entry('steps: sleeps, in one slot', sleeper, {}, { concurrency: { limit: 1 } }),
  entry('steps: all, two at a time', all, { input: ['a', 'bb', 'ccc', 'dddd', 'e'] }),
  entry('steps: retries with growing waits', retries),
  entry('steps: retries exhausted', exhausted),
  entry('steps: an error that is not worth a retry', picky),
  entry('steps: timeouts', timedOut, {}, { crash: { untimed: true } }),
  entry('steps: some of the parallel ones fail', parallelFailure),
  entry('steps: a race', race),
  entry('steps: two sleeps at a time', naps),
  entry('steps: uuid, random and now', drawn),
  entry('steps: progress', progressing),
  entry('steps: heartbeats', upload),
  entry('steps: all, of which some may fail', enough),
  entry('steps: waits that an error or a function asks for', asked),
  entry('steps: values of every kind', rich, { input: { at: new Date(5), ids: new Set(['a', 'b']) } }),
  entry('steps: continues itself three times', continuing, { input: { life: 1, keys: [] } }),
  entry('steps: continues itself within a machine, and is begun anew', repeats, {
    events: [{ send: { type: 'AGAIN' }, after: '90s' }] as never,
  }),
  entry('steps: none at all', noSteps, { input: { some: 'thing' } }),
  entry('steps: a function that throws at once', throwsAtOnce),
  entry('steps: two of one name', twice),
  entry('steps: left in a sleep, and begun anew', leaves, {
    events: [
      { send: { type: 'LEAVE' }, after: '30m' },
      { send: { type: 'BACK' }, after: '1h' },
    ] as never,
  }),
];
