import { createHoldfast, type HoldfastOptions } from '@holdfast/browser';
import type { App } from './worker.js';

const scripts = {
  serving: () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  named: () => new Worker(new URL('./named-worker.ts', import.meta.url), { type: 'module' }),
  silent: () => new Worker(new URL('./silent-worker.ts', import.meta.url), { type: 'module' }),
  broken: () => new Worker(new URL('./broken-worker.ts', import.meta.url), { type: 'module' }),
  missing: () => new Worker('/no-such-script.js', { type: 'module' }),
};

/** Every worker made in this page, in order. */
const workers: Worker[] = [];
/** How often a step has come to the page, by what it said. */
const visits = new Map<string, number>();

/** Ways to let steps go that the page holds. */
const holding: (() => void)[] = [];

const services = {
  hold: () => new Promise<string>((resolve) => holding.push(() => resolve('let go'))),
  answer: (question: string) => `the answer to ${question}`,
  refuse: () => {
    throw Object.assign(new RangeError('not today'), { code: 'CLOSED_ON_SUNDAYS' });
  },
  uncloneable: () => () => 'a function',
  visit(key: string) {
    visits.set(key, (visits.get(key) ?? 0) + 1);
    return visits.get(key);
  },
};

interface OpenOptions extends HoldfastOptions {
  readonly script?: keyof typeof scripts;
  /** So many workers die as soon as they have answered. */
  readonly stillborn?: number;
}

function open({ script = 'serving', stillborn = 0, ...options }: OpenOptions = {}) {
  return createHoldfast<App>(
    () => {
      const worker = scripts[script]();
      workers.push(worker);
      const doomed = workers.length <= stillborn;
      const answered = () => (doomed || mortal.now) && worker.terminate();
      worker.addEventListener('message', answered, { once: true });
      return worker;
    },
    // What Vite serves as it is asked for takes its time on a busy machine.
    { services, readyTimeout: '50s', ...options },
  );
}

/** How a call ended, in a form that crosses to the test. */
async function outcomeOf<T>(call: Promise<T>) {
  try {
    return { value: await call };
  } catch (error) {
    const { code, message, details, cause } = error as Error & { code?: string; details?: unknown };
    const { name, code: causeCode } = (cause ?? {}) as { name?: string; code?: string };
    return { code, message, details, cause: { name, code: causeCode } };
  }
}

/** While it is so, all workers die as soon as they have answered. */
const mortal = { now: false };

const returns = { persisted: 0 };
addEventListener('pageshow', (event) => {
  if (event.persisted) returns.persisted++;
});

const app = {
  open,
  outcomeOf,
  workers,
  visits,
  holding,
  mortal,
  returns,
  held: {} as Record<string, Promise<unknown>>,
};

/** What the tests do in this page. */
export type LinkPage = typeof app;
Object.assign(globalThis, { app });
