import { defineWorkflow, fromSteps, isHoldfastError } from '@holdfast/core';
import { createClient, linkLocally } from '@holdfast/core/client';
import { createHost } from '@holdfast/core/host';
import { createMemoryStore } from '@holdfast/core/store';
import { afterAll, beforeAll } from 'vitest';
import {
  type Any,
  FUNCTIONS,
  MS,
  OBJECTS,
  PLAIN,
  type Place,
  places,
  STORABLE,
  TEXTS,
  testPlaces,
  WHOLE,
} from './table.test-support.js';

const bodies: ((context: Any) => unknown)[] = [];
const body = fromSteps(async (context: Any) => bodies[context.input?.body]?.(context));
const waiting = fromSteps(async ({ waitForEvent }) => waitForEvent('for ever', { type: 'END' }));
const steps = fromSteps(async () => 1);
const kid = defineWorkflow({ id: 'kid', version: 1, logic: steps });
const workflow = defineWorkflow({ id: 'w', version: 1, logic: steps });
const host = createHost({
  store: createMemoryStore(),
  workflows: [
    workflow,
    kid,
    ...['body', 'wait'].map((id) => defineWorkflow({ id, version: 1, logic: id === 'body' ? body : waiting })),
  ],
});
const quiet = createClient(linkLocally(host)) as Any;

beforeAll(async () => {
  host.open();
  await quiet.start('wait', { id: 'a' });
  await (await quiet.start('w', { id: 'over' })).result();
});
afterAll(async () => {
  await quiet.close();
});

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
  {
    name: 'run.send(event)',
    data: true,
    fits: [],
    give: (event) => used((holdfast) => holdfast.run('wait', 'a').send(event)),
  },
  {
    name: 'run.send({ type })',
    fits: [...TEXTS, 'half a character'],
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
      timeout: MS,
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
    { perform: FUNCTIONS, retry: PLAIN, timeout: MS },
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
      timeout: MS,
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
    fits: TEXTS,
    give: (name) => inSteps(({ waitForEvent }) => waitForEvent(name, { type: 'X', timeout: 0 })),
  },
  ...places(
    'waitForEvent',
    (options) => inSteps(({ waitForEvent }) => waitForEvent('a', options)),
    { type: 'X', timeout: 0 },
    { type: [...TEXTS, 'half a character'], match: FUNCTIONS },
    false,
  ),
  { name: 'child(name)', fits: TEXTS, give: (name) => inSteps(({ child }) => child(name, kid)) },
  { name: 'child(workflow)', fits: [], give: (given) => inSteps(({ child }) => child('a', given)) },
  ...places(
    'child',
    (options) => inSteps(({ child }) => child('a', kid, options)),
    {},
    { id: TEXTS, labels: PLAIN, detached: ['boolean'] },
  ),
  { name: 'progress', fits: MS.concat('negative'), give: (done) => inSteps(({ progress }) => progress(done, 1)) },
  { name: 'emit', data: true, fits: [], give: (event) => inSteps(({ emit }) => emit(event)) },
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
    // What no event came for was taken.
    if (!isHoldfastError(error.cause, 'EVENT_TIMEOUT')) throw error.cause ?? error;
  });
}

testPlaces([...HANDLES, ...STEPS]);
