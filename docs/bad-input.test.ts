import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHoldfast } from '@holdfast/browser';
import { dexieStore } from '@holdfast/browser/dexie';
import { hostHere } from '@holdfast/browser/here';
import { createHoldfastTables, idbStore } from '@holdfast/browser/idb';
import { createIndexedDbStore } from '@holdfast/browser/store';
import { defineWorkflow, fromSteps, isHoldfastError, RetryAfterError } from '@holdfast/core';
import { createClient, linkLocally } from '@holdfast/core/client';
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
  function: () => true,
  instance: new Instance(),
  Map: new Map(),
  promise: Promise.resolve({}),
  thenable: { then: trap },
  proxy: new Proxy({}, { get: trap, has: trap, ownKeys: trap, getOwnPropertyDescriptor: trap }),
};

const PLAIN = ['{}', 'bare', 'instance'];
const OBJECTS = [...PLAIN, '[]', 'Map', 'promise', 'thenable', 'proxy'];
const NO_PROXY = OBJECTS.filter((kind) => kind !== 'proxy');
const TEXTS = ['text'];
const WHOLE = ['zero'];
const MS = ['zero', 'number'];
const FUNCTIONS = ['function'];
const ANY = Object.keys(VALUES);
const STORABLE = ANY.filter(
  (kind) => !['symbol', 'function', 'instance', 'promise', 'thenable', 'proxy'].includes(kind),
);

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
type Any = any;
type Loose = (...args: Any[]) => Any;

/** Each option of a function that takes them, one at a time; one that there is not; and the options themselves. */
function places(
  name: string,
  call: Loose,
  right: object,
  options: Record<string, readonly string[]>,
  left = true,
): Place[] {
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

const bodies: ((context: Any) => unknown)[] = [];
const body = fromSteps(async (context: Any) => bodies[context.input?.body]?.(context));
const waiting = fromSteps(async ({ waitForEvent }) => waitForEvent('for ever', { type: 'END' }));
const steps = fromSteps(async () => 1);
const workflow = defineWorkflow({ id: 'w', version: 1, logic: steps });
const machine = createMachine({});
const workflows = [workflow];
let folder = '';
let directory = '';
const makeWorker = () => ({ postMessage() {}, addEventListener() {}, removeEventListener() {}, terminate() {} });

const host = createHost({
  store: createMemoryStore(),
  workflows: [
    workflow,
    ...['body', 'wait'].map((id) => defineWorkflow({ id, version: 1, logic: id === 'body' ? body : waiting })),
  ],
});
const quiet = createClient(linkLocally(host)) as Any;

beforeAll(async () => {
  host.open();
  await quiet.start('wait', { id: 'a' });
  await (await quiet.start('w', { id: 'over' })).result();
  folder = mkdtempSync(join(tmpdir(), 'holdfast-bad-input-'));
  directory = join(folder, 'store');
});
afterAll(async () => {
  await quiet.close();
  rmSync(folder, { recursive: true });
});

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
    const asked = 'directory' in whole ? whole.directory : SOME;
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
  ...places(
    'openHoldfast',
    inStore(openHoldfast),
    { workflows },
    {
      ...HOST,
      directory: TEXTS,
      workflows: ['[]'],
      segmentBytes: [],
      onReport: FUNCTIONS,
      whenOwned: [],
      ownerTimeout: [],
    },
    false,
  ),
  ...places(
    'connectHoldfast',
    inStore(connectHoldfast),
    { workflows },
    {
      directory: TEXTS,
      workflows: ['[]', 'undefined'],
      limits: PLAIN,
      logger: [],
      onError: FUNCTIONS,
    },
  ),
  {
    name: 'openHoldfast({ workflows: [one] })',
    option: 'workflows[0]',
    fits: [],
    give: (one) => inStore(openHoldfast)({ workflows: [one] }),
  },
  ...places('openFileStore', inStore(openFileStore), { directory: SOME }, STORE, false),
  ...places('compactStore', inStore(compactStore), { directory: SOME }, STORE, false),
  ...places('verifyStore', inStore(verifyStore), { directory: SOME }, STORE, false),
  { name: 'serveSteps(options)', fits: [], give: loose(serveSteps) },
];

const BROWSER: Place[] = [
  {
    name: 'createHoldfast(makeWorker)',
    option: 'makeWorker',
    fits: FUNCTIONS,
    give: (value) => opening(createHoldfast)(value),
  },
  ...places(
    'createHoldfast',
    (options) => opening((given: never) => createHoldfast(makeWorker as never, given))(options),
    {},
    {
      name: TEXTS,
      services: OBJECTS,
      readyTimeout: MS,
    },
  ),
  ...places(
    'hostHere',
    served(hostHere),
    { workflows },
    {
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
    },
    false,
  ),
  ...places(
    'createIndexedDbStore',
    loose(createIndexedDbStore),
    { name: 'some' },
    { name: TEXTS, openMs: MS, durability: [], stealAfterMs: MS },
    false,
  ),
  { name: 'idbStore(name)', option: 'name', fits: TEXTS, give: (name) => loose(idbStore)(name, () => undefined) },
  { name: 'idbStore(open)', option: 'open', fits: FUNCTIONS, give: (open) => loose(idbStore)('some', open) },
  { name: 'dexieStore(db)', option: 'db', fits: [], give: loose(dexieStore) },
  { name: 'createHoldfastTables(db)', option: 'db', fits: [], give: loose(createHoldfastTables) },
];

const MEMORY = { store: createMemoryStore() };
const CORE: Place[] = [
  ...places(
    'defineWorkflow',
    loose(defineWorkflow),
    { id: 'w', version: 1, logic: steps },
    {
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
    },
    false,
  ),
  ...places(
    'concurrency',
    (concurrency) => loose(defineWorkflow)({ id: 'w', version: 1, logic: steps, concurrency }),
    { limit: 1 },
    { limit: [], key: FUNCTIONS },
    true,
  ).slice(1),
  ...places(
    'singleton',
    (singleton) => loose(defineWorkflow)({ id: 'w', version: 1, logic: steps, singleton }),
    { onConflict: 'skip' },
    { onConflict: [], key: FUNCTIONS },
    true,
  ).slice(1),
  ...places(
    'schemas',
    (schemas) => loose(defineWorkflow)({ id: 'w', version: 1, logic: machine, schemas }),
    {},
    { input: [], events: PLAIN },
  ),
  ...places(
    'limits',
    (limits) => loose(defineWorkflow)({ id: 'w', version: 1, logic: steps, limits }),
    {},
    { valueLength: ['Infinity'], inboxLength: ['Infinity'], historyLength: ['Infinity'] },
  ),
  ...places(
    'retention',
    (retention) => loose(defineWorkflow)({ id: 'w', version: 1, logic: steps, retention }),
    {},
    { done: MS, failed: MS, cancelled: MS, ids: MS },
  ).slice(1),
  {
    name: 'workflow.provide(implementations)',
    option: 'implementations',
    fits: PLAIN,
    give: (given) => loose(defineWorkflow({ id: 'm', version: 1, logic: machine }).provide)(given),
  },
  { name: 'fromSteps(body)', option: 'body', fits: FUNCTIONS, give: loose(fromSteps) },
  { name: 'fromSteps({}, body)', option: 'body', fits: FUNCTIONS, give: (body) => loose(fromSteps)({}, body) },
  ...places(
    'fromSteps',
    (options) => loose(fromSteps)(options, async () => 1),
    {},
    { types: ANY, schemas: PLAIN },
    false,
  ).map((place, at) => (at === 0 ? { ...place, fits: PLAIN } : place)),
  {
    name: 'RetryAfterError(_, after)',
    option: 'after',
    fits: MS,
    give: (after) => new RetryAfterError('later', after as never),
  },
  {
    name: 'schedule(workflow)',
    option: 'workflow',
    fits: [],
    give: (given) => loose(schedule)(given, { cron: '@daily', timeZone: 'UTC' }),
  },
  ...places(
    'schedule',
    (options) => loose(schedule)(workflow, options),
    { cron: '@daily', timeZone: 'UTC' },
    {
      id: TEXTS,
      cron: [],
      timeZone: [],
      catchUp: [],
      overlap: [],
      input: ANY,
    },
    false,
  ),
  ...places(
    'createHost',
    (options) => loose(createHost)(options),
    { ...MEMORY, workflows },
    {
      ...HOST,
      workflows: ['[]'],
      store: [],
      clock: [],
      ground: [],
      evictAfterMs: WHOLE,
      frameMs: WHOLE,
      around: FUNCTIONS,
      steps: OBJECTS,
      relay: [],
    },
    false,
  ),
  ...places(
    'createGuest',
    (options) => loose(createGuest)(options),
    { ...MEMORY, onError() {} },
    {
      store: [],
      workflows: ['[]'],
      limits: PLAIN,
      onError: FUNCTIONS,
      clock: [],
      frameMs: WHOLE,
    },
    false,
  ),
  ...places('createMemoryStore', loose(createMemoryStore), {}, { database: [], name: TEXTS }),
  ...places('createMemoryDatabase', loose(createMemoryDatabase), {}, { local: ['Map'] }),
  ...places(
    'createTestHoldfast',
    (options) => opening(createTestHoldfast)(options),
    { workflows },
    {
      workflows: ['[]'],
      schedules: ['[]'],
      clock: [],
      steps: NO_PROXY,
      services: NO_PROXY,
      connectivity: [],
      crashLoopLimit: ['Infinity'],
      onError: FUNCTIONS,
      patienceMs: MS,
    },
    false,
  ),
  { name: 'crashEverywhere(workflow)', option: 'workflow', fits: [], give: (given) => loose(crashEverywhere)(given) },
  ...places(
    'crashEverywhere',
    (options) => loose(crashEverywhere)(workflow, options),
    {},
    {
      singles: MS,
      pairs: MS,
      replay: [],
      unordered: ['boolean'],
      untimed: ['boolean'],
      concurrency: [],
      patienceMs: MS,
      input: ['undefined'],
      workflows: ['[]'],
      events: ['[]'],
      until: [],
      world: [],
    },
  ).filter(({ name }) => name !== 'crashEverywhere({ input })'),
  { name: 'checkUpgrade(before)', option: 'before', fits: [], give: (before) => loose(checkUpgrade)(before, workflow) },
  { name: 'checkUpgrade(after)', option: 'after', fits: [], give: (after) => loose(checkUpgrade)(workflow, after) },
  ...places('checkUpgrade', (options) => loose(checkUpgrade)(workflow, workflow, options), {}, { context: ANY }),
  { name: 'faultyStore(inner)', option: 'inner', fits: [], give: (inner) => loose(faultyStore)(inner, []) },
  {
    name: 'faultyStore(faults)',
    option: 'faults',
    fits: ['[]'],
    give: (faults) => loose(faultyStore)(createMemoryStore(), faults),
  },
  ...places(
    'fault',
    (fault) => loose(faultyStore)(createMemoryStore(), [fault]),
    { nth: 1, how: 'fail' },
    { operation: [], nth: [], how: [], error: ANY, ms: MS },
    false,
  ),
];

/** A holdfast whose one run waits for ever. */
const HANDLES: Place[] = [
  { name: 'start(workflow)', option: 'workflow', fits: [], give: (id) => used((holdfast) => holdfast.start(id)) },
  ...places(
    'start',
    (options) => used((holdfast) => holdfast.start('w', options)),
    {},
    {
      id: TEXTS,
      ifExists: [],
      priority: ['zero', 'negative'],
      startAt: ['zero', 'number', 'negative'],
      labels: PLAIN,
      input: [
        ...PLAIN,
        '[]',
        'Map',
        'null',
        'zero',
        'number',
        'negative',
        'NaN',
        'Infinity',
        'bigint',
        'boolean',
        'empty text',
        'text',
        'half a character',
      ],
    },
  ).filter(({ name }) => !name.includes('input')),
  { name: 'run(workflow)', option: 'workflow', fits: TEXTS, give: (id) => used((holdfast) => holdfast.run(id, 'r')) },
  { name: 'run(_, id)', option: 'id', fits: TEXTS, give: (id) => used((holdfast) => holdfast.run('w', id)) },
  ...places(
    'runs',
    (query) => used((holdfast) => holdfast.runs(query)),
    {},
    { workflow: TEXTS, status: ['[]'], labels: PLAIN, limit: [], after: TEXTS },
  ),
  {
    name: 'host.subscribe',
    option: 'observer',
    fits: FUNCTIONS,
    give: (observer) => used((holdfast) => holdfast.host.subscribe(observer)),
  },
  {
    name: 'runs().subscribe',
    option: 'observer',
    fits: [...OBJECTS, 'function'],
    give: (observer) => used((holdfast) => holdfast.runs().subscribe(observer)),
  },
  {
    name: 'run.subscribe',
    option: 'observer',
    fits: [...OBJECTS, 'function'],
    give: (observer) => used((holdfast) => holdfast.run('wait', 'a').subscribe(observer)),
  },
  {
    name: 'run.on(type)',
    option: 'type',
    fits: TEXTS,
    give: (type) => used((holdfast) => holdfast.run('wait', 'a').on(type, () => {})),
  },
  {
    name: 'run.on(_, handler)',
    option: 'handler',
    fits: FUNCTIONS,
    give: (handler) => used((holdfast) => holdfast.run('wait', 'a').on('X', handler)),
  },
  { name: 'run.send(event)', fits: [], give: (event) => used((holdfast) => holdfast.run('wait', 'a').send(event)) },
  {
    name: 'run.send({ type })',
    fits: TEXTS,
    give: (type) => used((holdfast) => holdfast.run('wait', 'a').send({ type })),
  },
  ...places(
    'run.send',
    (options) => used((holdfast) => holdfast.run('wait', 'a').send({ type: 'X' }, options)),
    {},
    { id: TEXTS, until: [] },
  ),
  ...places(
    'run.history',
    (options) => used((holdfast) => holdfast.run('wait', 'a').history(options)),
    {},
    { after: WHOLE, limit: [] },
  ),
  ...places(
    'run.cancel',
    (options) => used((holdfast) => holdfast.run('w', 'none').cancel(options)),
    {},
    { timeout: MS },
  ),
  ...places(
    'run.result',
    (options) => used((holdfast) => holdfast.run('w', 'over').result(options)),
    {},
    { signal: [] },
  ),
  ...['storage', 'connectivity'].map((part) => ({
    name: `${part}.subscribe`,
    option: 'observer',
    fits: FUNCTIONS,
    give: (observer: unknown) => {
      const page = createHoldfast(makeWorker as never) as Any;
      page[part].subscribe(observer).unsubscribe();
    },
  })),
];

const STEPS: Place[] = [
  { name: 'step(name)', fits: TEXTS, give: (name) => inSteps(({ step }) => step(name, () => 1)) },
  { name: 'step(_, body)', fits: FUNCTIONS, give: (body) => inSteps(({ step }) => step('a', body)) },
  ...places(
    'step',
    (options) => inSteps(({ step }) => step('a', options, () => 1)),
    {},
    {
      retry: PLAIN,
      timeout: ['number'],
      requires: [],
      delivery: [],
      undo: FUNCTIONS,
    },
    false,
  ).map((place, at) => (at === 0 ? { ...place, fits: PLAIN } : place)),
  ...places(
    'retry',
    (retry) => inSteps(({ step }) => step('a', { retry }, () => 1)),
    {},
    {
      attempts: ['Infinity'],
      delay: [...MS, 'function'],
      factor: ['number'],
      maxDelay: MS,
      jitter: [],
      budget: [...MS, 'Infinity'],
      retryIf: FUNCTIONS,
      onExhausted: [],
    },
  ),
  ...places(
    'undo',
    (undo) => inSteps(({ step }) => step('a', { undo }, () => 1)),
    { perform() {} },
    { perform: FUNCTIONS, retry: PLAIN, timeout: ['number'] },
    true,
  ).map((place, at) => (at === 0 ? { ...place, fits: ['undefined', 'function'] } : place)),
  {
    name: 'step.all(items)',
    fits: ['[]'],
    give: (items) => inSteps(({ step }) => step.all(items, { name: 'a' }, () => 1)),
  },
  {
    name: 'step.all(_, _, body)',
    fits: FUNCTIONS,
    give: (body) => inSteps(({ step }) => step.all([], { name: 'a' }, body)),
  },
  ...places(
    'step.all',
    (options) => inSteps(({ step }) => step.all([1], options, () => 1)),
    { name: 'a' },
    {
      name: TEXTS,
      key: FUNCTIONS,
      concurrency: ['Infinity'],
      minSuccessful: WHOLE,
      undo: FUNCTIONS,
      timeout: ['number'],
      retry: PLAIN,
    },
    false,
  ),
  {
    name: 'step.transaction(tables)',
    fits: [],
    give: (tables) => inSteps(({ step }) => step.transaction('a', tables, () => 1)),
  },
  {
    name: 'step.transaction(_, body)',
    fits: [],
    give: (body) => inSteps(({ step }) => step.transaction('a', ['t'], body)),
  },
  { name: 'sleep(name)', fits: TEXTS, give: (name) => inSteps(({ sleep }) => sleep(name, 0)) },
  { name: 'sleep(_, duration)', fits: MS, give: (duration) => inSteps(({ sleep }) => sleep('a', duration)) },
  {
    name: 'waitForEvent(name)',
    fits: [],
    give: (name) => inSteps(({ waitForEvent }) => waitForEvent(name, { type: 'X', timeout: 0 })),
  },
  ...places(
    'waitForEvent',
    (options) => inSteps(({ waitForEvent }) => waitForEvent('a', options)),
    { type: 'X', timeout: 0 },
    { type: [], match: [] },
    false,
  ).map((place) => ({ ...place, fits: [] })),
  { name: 'child(name)', fits: TEXTS, give: (name) => inSteps(({ child }) => child(name, workflow)) },
  { name: 'child(workflow)', fits: [], give: (given) => inSteps(({ child }) => child('a', given)) },
  ...places(
    'child',
    (options) => inSteps(({ child }) => child('a', workflow, options)),
    {},
    { id: TEXTS, labels: PLAIN, detached: ['boolean'] },
  ),
  { name: 'progress', fits: MS.concat('negative'), give: (done) => inSteps(({ progress }) => progress(done, 1)) },
  { name: 'emit', fits: [], give: (event) => inSteps(({ emit }) => emit(event)) },
  { name: 'continueWith', fits: STORABLE, give: (input) => inSteps(({ continueWith }) => continueWith(input)) },
];

/** Uses a holdfast; what it gives is closed again where it listens. */
async function used(use: (holdfast: Any) => Any): Promise<void> {
  const given = await use(quiet);
  given?.unsubscribe?.();
}

/** What is called in a step function, as a run; what refuses it is the cause of its failure. */
async function inSteps(body: (context: Any) => unknown): Promise<void> {
  const run = await quiet.start('body', { input: { body: bodies.push(body) - 1 } });
  await run.result().catch((error: { cause: unknown }) => {
    throw error.cause ?? error;
  });
}

for (const { name, option, give, fits } of [...NODE, ...BROWSER, ...CORE, ...HANDLES, ...STEPS]) {
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
  // Those of a definition say it in one sentence.
  if (!error.remedy && error.code !== 'WORKFLOW_INVALID') return `has no remedy: ${error.message}`;
  return error.message.includes(option) ? undefined : `does not name it: ${error.message}`;
}
