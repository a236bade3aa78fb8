import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHoldfast } from '@holdfast/browser';
import { dexieStore } from '@holdfast/browser/dexie';
import { hostHere } from '@holdfast/browser/here';
import { createHoldfastTables, idbStore } from '@holdfast/browser/idb';
import { createIndexedDbStore } from '@holdfast/browser/store';
import { defineWorkflow, fromSteps, isHoldfastError } from '@holdfast/core';
import { compactStore, connectHoldfast, openFileStore, openHoldfast, serveSteps, verifyStore } from '@holdfast/node';
import { afterAll, beforeAll } from 'vitest';
import {
  type Any,
  FUNCTIONS,
  HOST,
  type Loose,
  loose,
  MS,
  OBJECTS,
  opening,
  PLAIN,
  type Place,
  places,
  SOME,
  TEXTS,
  testPlaces,
  VALUES,
} from './table.test-support.js';

const workflows = [defineWorkflow({ id: 'w', version: 1, logic: fromSteps(async () => 1) })];
let folder = '';
let directory = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-bad-input-'));
  directory = join(folder, 'store');
  // A page has it, and nothing is to happen.
  globalThis.addEventListener ??= () => {};
});
afterAll(() => rmSync(folder, { recursive: true }));

const makeWorker = () => ({ postMessage() {}, addEventListener() {}, removeEventListener() {}, terminate() {} });

function served(host: unknown): Loose {
  return (options) => {
    try {
      loose(host)(options);
    } catch (error) {
      if (isHoldfastError(error)) throw error;
    }
  };
}
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

testPlaces([...NODE, ...BROWSER]);
