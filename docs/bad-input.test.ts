import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHoldfast } from '@holdfast/browser';
import { hostHere } from '@holdfast/browser/here';
import { createIndexedDbStore } from '@holdfast/browser/store';
import { defineWorkflow, fromSteps, isHoldfastError, RetryAfterError } from '@holdfast/core';
import { createGuest, createHost } from '@holdfast/core/host';
import { schedule } from '@holdfast/core/schedules';
import { createMemoryDatabase, createMemoryStore } from '@holdfast/core/store';
import { checkUpgrade, crashEverywhere, createTestHoldfast, faultyStore } from '@holdfast/core/testing';
import { compactStore, connectHoldfast, openFileStore, openHoldfast, serveSteps, verifyStore } from '@holdfast/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMachine } from 'xstate';

// What plain JavaScript may pass, in each place of each function that is public: it is refused with a code and a remedy.

class Instance {}
const trap = () => {
  throw new Error('a trap');
};
const VALUES: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  zero: 0,
  number: 1.5,
  negative: -1,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  bigint: 5n,
  symbol: Symbol('s'),
  boolean: true,
  'empty text': '',
  text: 'some text',
  'half a character': '\ud800',
  '{}': {},
  '[]': [],
  bare: Object.create(null),
  function: () => undefined,
  instance: new Instance(),
  Map: new Map(),
  promise: Promise.resolve({}),
  thenable: { then: trap },
  proxy: new Proxy({}, { get: trap, has: trap, ownKeys: trap, getOwnPropertyDescriptor: trap }),
};

const PLAIN = ['{}', 'bare', 'instance'];
const OBJECTS = [...PLAIN, '[]', 'Map', 'promise', 'thenable', 'proxy'];
const TEXTS = ['text'];
const WHOLE = ['zero'];
const MS = ['zero', 'number'];
const FUNCTIONS = ['function'];
const ANY = Object.keys(VALUES);

/** One place where a value can be given. */
interface Place {
  readonly name: string;
  /** What the message has to name; default: nothing. */
  readonly option?: string;
  give(value: unknown): unknown;
  /** Of {@link VALUES}, those that belong there, and `undefined` where it can be left out. */
  readonly fits: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: as in plain JavaScript
type Loose = (...args: any[]) => unknown;

/** Each option of a function that takes them, one at a time; one that there is not; and the options themselves. */
function places(name: string, call: Loose, right: object, options: Record<string, readonly string[]>, left = true): Place[] {
  const whole = left ? ['undefined', ...PLAIN] : [];
  return [
    { name: `${name}(options)`, give: (value) => call(value), fits: whole },
    ...Object.entries(options).map(([option, fits]) => ({
      name: `${name}({ ${option} })`,
      option,
      give: (value: unknown) => call({ ...right, [option]: value }),
      fits: [...fits, ...(option in right ? [] : ['undefined'])],
    })),
    {
      name: `${name}({ misspelt })`,
      option: 'misspelt',
      give: () => call({ ...right, misspelt: 3 }),
      fits: [],
    },
  ];
}

const steps = fromSteps(async () => 1);
const workflow = defineWorkflow({ id: 'w', version: 1, logic: steps });
const machine = createMachine({});
const workflows = [workflow];
let folder = '';
let directory = '';
const makeWorker = () => ({ postMessage() {}, addEventListener() {}, removeEventListener() {}, terminate() {} });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-bad-input-'));
  directory = join(folder, 'store');
});
afterAll(() => rmSync(folder, { recursive: true }));

const loose = (call: unknown) => call as Loose;
const HOST = {
  services: OBJECTS,
  connectivity: [],
  logger: [],
  onError: FUNCTIONS,
  crashLoopLimit: ['Infinity'],
  dev: PLAIN,
  schedules: ['[]'],
  limits: PLAIN,
  retention: [...MS, ...PLAIN],
  stepWorker: FUNCTIONS,
};
/** Opens and closes what can be opened. */
const opening = (open: unknown) => async (options: unknown) => {
  const opened = (await loose(open)(options)) as { close?(): Promise<void> };
  await opened.close?.();
};
const inStore = (open: unknown) => {
  const call = opening(open);
  return (given: unknown) => call(isOpenable(given) ? { directory, ...given } : given);
};
const isOpenable = (given: unknown): given is object => typeof given === 'object' && given !== null && 'workflows' in given;

const NODE: Place[] = [
  ...places('openHoldfast', inStore(openHoldfast), { workflows }, {
    ...HOST,
    directory: TEXTS,
    workflows: ['[]'],
    segmentBytes: [],
    onReport: FUNCTIONS,
    whenOwned: [],
    ownerTimeout: [],
  }, false),
  ...places('connectHoldfast', inStore(connectHoldfast), { workflows }, {
    directory: TEXTS,
    workflows: ['[]', 'undefined'],
    limits: PLAIN,
    logger: [],
    onError: FUNCTIONS,
  }),
];

for (const { name, option, give, fits } of [...NODE]) {
  test(`${name} refuses what does not fit, with a code and a remedy`, async () => {
    const wrong: string[] = [];
    for (const [kind, value] of Object.entries(VALUES)) {
      const error = await refusalOf(() => give(value));
      const fault = fits.includes(kind) ? error && `is refused: ${String(error)}` : faultOf(error, option);
      if (fault) wrong.push(`${kind} ${fault}`);
    }
    expect(wrong).toEqual([]);
  });
}

async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

function faultOf(error: unknown, option = ''): string | undefined {
  if (error === undefined) return 'is taken';
  if (!isHoldfastError(error)) return `gives ${String(error)}`;
  if (!error.remedy) return `has no remedy: ${error.message}`;
  return error.message.includes(option) ? undefined : `does not name it: ${error.message}`;
}
