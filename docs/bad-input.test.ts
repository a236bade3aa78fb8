import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHoldfast } from '@holdfast/browser';
import { dexieStore } from '@holdfast/browser/dexie';
import { hostHere } from '@holdfast/browser/here';
import { createHoldfastTables, idbStore } from '@holdfast/browser/idb';
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
const SOME = 'some text';
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
  text: SOME,
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
/** A page without a browser: what fits is taken, and fails for want of one. */
function served(host: unknown): Loose {
  return (options) => {
    try {
      loose(host)(options);
    } catch (error) {
      if (isHoldfastError(error)) throw error;
    }
  };
}
/** Opens and closes what can be opened. */
const opening = (open: unknown) => async (options: unknown) => {
  const opened = (await loose(open)(options)) as { close?(): Promise<void> };
  await opened.close?.();
};
/** Where the directory is left out, or some text, it is the one of these tests. */
const inStore = (open: unknown): Loose => {
  const call = opening(open);
  return (given) => {
    const whole = given === VALUES.proxy ? {} : Object(given);
    const isRight = 'workflows' in whole || 'directory' in whole;
    const { directory: asked = SOME } = whole;
    return call(isRight ? { ...given, directory: asked === SOME ? directory : asked } : given);
  };
};

const STORE = {
  directory: TEXTS,
  segmentBytes: [],
  whenOwned: [],
  ownerTimeoutMs: [...MS, 'Infinity'],
  onReport: FUNCTIONS,
};
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
  { name: 'openHoldfast({ workflows: [one] })', option: 'workflows[0]', fits: [], give: (one) => inStore(openHoldfast)({ workflows: [one] }) },
  ...places('openFileStore', inStore(openFileStore), { directory: SOME }, STORE, false),
  ...places('compactStore', inStore(compactStore), { directory: SOME }, STORE, false),
  ...places('verifyStore', inStore(verifyStore), { directory: SOME }, STORE, false),
  { name: 'serveSteps(options)', fits: [], give: loose(serveSteps) },
];

const BROWSER: Place[] = [
  { name: 'createHoldfast(makeWorker)', option: 'makeWorker', fits: FUNCTIONS, give: (value) => opening(createHoldfast)(value) },
  ...places('createHoldfast', (options) => opening((given: never) => createHoldfast(makeWorker as never, given))(options), {}, {
    name: TEXTS,
    services: OBJECTS,
    readyTimeout: MS,
  }),
  ...places('hostHere', served(hostHere), { workflows }, {
    workflows: ['[]'],
    name: TEXTS,
    store: [],
    logger: [],
    onError: FUNCTIONS,
    schedules: ['[]'],
    stepWorker: FUNCTIONS,
    stealAfter: MS,
    reachable: FUNCTIONS,
    resumeWithin: MS,
    durability: [],
    crashLoopLimit: ['Infinity'],
    dev: PLAIN,
    limits: PLAIN,
    retention: [...MS, ...PLAIN],
  }, false),
  ...places('createIndexedDbStore', loose(createIndexedDbStore), { name: 'some' }, { name: TEXTS, openMs: MS, durability: [], stealAfterMs: MS }, false),
  { name: 'idbStore(name)', option: 'name', fits: TEXTS, give: (name) => loose(idbStore)(name, () => undefined) },
  { name: 'idbStore(open)', option: 'open', fits: FUNCTIONS, give: (open) => loose(idbStore)('some', open) },
  { name: 'dexieStore(db)', option: 'db', fits: [], give: loose(dexieStore) },
  { name: 'createHoldfastTables(db)', option: 'db', fits: [], give: loose(createHoldfastTables) },
];

const MEMORY = { store: createMemoryStore() };
const CORE: Place[] = [
  ...places('defineWorkflow', loose(defineWorkflow), { id: 'w', version: 1, logic: steps }, {
    id: TEXTS,
    version: [],
    logic: [],
    liveActors: [],
    migrate: PLAIN,
    concurrency: [],
    singleton: [],
    schemas: [],
    limits: PLAIN,
    retention: [...MS, ...PLAIN],
    isolate: ['boolean'],
  }, false),
  ...places('concurrency', (concurrency) => loose(defineWorkflow)({ id: 'w', version: 1, logic: steps, concurrency }), { limit: 1 }, { limit: [], key: FUNCTIONS }, true).slice(1),
  ...places('singleton', (singleton) => loose(defineWorkflow)({ id: 'w', version: 1, logic: steps, singleton }), { onConflict: 'skip' }, { onConflict: [], key: FUNCTIONS }, true).slice(1),
  ...places('schemas', (schemas) => loose(defineWorkflow)({ id: 'w', version: 1, logic: machine, schemas }), {}, { input: [], events: PLAIN }),
  ...places('limits', (limits) => loose(defineWorkflow)({ id: 'w', version: 1, logic: steps, limits }), {}, { valueLength: ['Infinity'], inboxLength: ['Infinity'], historyLength: ['Infinity'] }),
  ...places('retention', (retention) => loose(defineWorkflow)({ id: 'w', version: 1, logic: steps, retention }), {}, { done: MS, failed: MS, cancelled: MS, ids: MS }).slice(1),
  { name: 'workflow.provide(implementations)', option: 'implementations', fits: PLAIN, give: (given) => loose(defineWorkflow({ id: 'm', version: 1, logic: machine }).provide)(given) },
  { name: 'fromSteps(body)', option: 'body', fits: FUNCTIONS, give: loose(fromSteps) },
  { name: 'fromSteps({}, body)', option: 'body', fits: FUNCTIONS, give: (body) => loose(fromSteps)({}, body) },
  ...places('fromSteps', (options) => loose(fromSteps)(options, async () => 1), {}, { types: ANY, schemas: PLAIN }, false).map((place, at) => (at === 0 ? { ...place, fits: PLAIN } : place)),
  { name: 'RetryAfterError(_, after)', option: 'after', fits: MS, give: (after) => new RetryAfterError('later', after as never) },
  { name: 'schedule(workflow)', option: 'workflow', fits: [], give: (given) => loose(schedule)(given, { cron: '@daily', timeZone: 'UTC' }) },
  ...places('schedule', (options) => loose(schedule)(workflow, options), { cron: '@daily', timeZone: 'UTC' }, {
    id: TEXTS, cron: [], timeZone: [], catchUp: [], overlap: [], input: ANY,
  }, false),
  ...places('createHost', (options) => loose(createHost)(options), { ...MEMORY, workflows }, {
    ...HOST, workflows: ['[]'], store: [], clock: [], ground: [], evictAfterMs: WHOLE, frameMs: WHOLE, around: FUNCTIONS, steps: OBJECTS, relay: [],
  }, false),
  ...places('createGuest', (options) => loose(createGuest)(options), { ...MEMORY, onError() {} }, {
    store: [], workflows: ['[]'], limits: PLAIN, onError: FUNCTIONS, clock: [], frameMs: WHOLE,
  }, false),
  ...places('createMemoryStore', loose(createMemoryStore), {}, { database: [], name: TEXTS }),
  ...places('createMemoryDatabase', loose(createMemoryDatabase), {}, { local: ['Map'] }),
  ...places('createTestHoldfast', (options) => opening(createTestHoldfast)(options), { workflows }, {
    workflows: ['[]'], schedules: ['[]'], clock: [], steps: OBJECTS, services: OBJECTS, connectivity: [], crashLoopLimit: ['Infinity'], onError: FUNCTIONS, patienceMs: MS,
  }, false),
  { name: 'crashEverywhere(workflow)', option: 'workflow', fits: [], give: (given) => loose(crashEverywhere)(given) },
  ...places('crashEverywhere', (options) => loose(crashEverywhere)(workflow, options), {}, {
    singles: WHOLE, pairs: WHOLE, replay: [], unordered: ['boolean'], untimed: ['boolean'], concurrency: [], patienceMs: MS,
    input: ['undefined'], workflows: ['[]'], events: ['[]'], until: [], world: [],
  }).filter(({ name }) => name !== 'crashEverywhere({ input })'),
  { name: 'checkUpgrade(before)', option: 'before', fits: [], give: (before) => loose(checkUpgrade)(before, workflow) },
  { name: 'checkUpgrade(after)', option: 'after', fits: [], give: (after) => loose(checkUpgrade)(workflow, after) },
  ...places('checkUpgrade', (options) => loose(checkUpgrade)(workflow, workflow, options), {}, { context: ANY }),
  { name: 'faultyStore(inner)', option: 'inner', fits: [], give: (inner) => loose(faultyStore)(inner, []) },
  { name: 'faultyStore(faults)', option: 'faults', fits: ['[]'], give: (faults) => loose(faultyStore)(createMemoryStore(), faults) },
  ...places('fault', (fault) => loose(faultyStore)(createMemoryStore(), [fault]), { nth: 1, how: 'fail' }, { operation: [], nth: [], how: [], error: ANY, ms: ANY }, false),
];

for (const { name, option, give, fits } of [...NODE, ...BROWSER, ...CORE]) {
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
