// What is measured, and who takes part: all that there is to say of a bench besides how it is done.

import { startPostgres } from './lib/postgres.mjs';
import { startRestate } from './lib/restate.mjs';

/**
 * One who takes part.
 * @typedef {object} Entrant
 * @property {string} name
 * @property {string} module file of `entrants`; in the browser `worker`, `page` or `stories`; of a bundle the entry
 * @property {string} program what that exports
 * @property {Readonly<Record<string, string>>} [more] of a bundle: what is imported besides, by entry
 * @property {object} [params] in place of the bench's
 * @property {object} [short] in place of both with `--short`
 * @property {string} [beside] an entrant named before it, that it is held against in the same round
 * @property {'22'} [node] needs a newer Node than ours: it gets npm's
 * @property {Service} [service] a server that has to run meanwhile; one for all benches
 * @property {readonly string[]} [execArgv]
 */

/**
 * @typedef {(folder: string) => Promise<{ params: object, stop(): Promise<void> }>} Service
 */

/**
 * @typedef {object} Bench
 * @property {string} name for `--only`
 * @property {string} title
 * @property {object} params
 * @property {object} short the same with `--short`
 * @property {string} [rate] the metric that is compared with the yard-stick, of which more is better
 * @property {{ writers: number }} [yardstick] default one writer
 * @property {'node' | 'browser' | 'bundle'} [where] default node
 * @property {readonly Entrant[]} entrants
 */

const holdfast = (program, name, params = {}) => ({ name, module: 'holdfast', program, params });
const peers = (program, params = {}, short = {}) =>
  [
    { name: 'openworkflow (SQLite)', module: 'openworkflow', program, params, node: '22' },
    { name: 'DBOS (PostgreSQL)', module: 'dbos', program, params, service: startPostgres },
    { name: 'Restate', module: 'restate', program, params, node: '22', service: startRestate },
    { name: 'Effect workflow (SQLite)', module: 'effect', program, params },
  ].map((entrant) => ({ ...entrant, short }));

const inWorker = (program, name, params = {}) => ({ name, module: 'worker', program, params });
const inPage = (program, name, params = {}) => ({ name, module: 'page', program, params });
const worker = (name, more) => ({
  name: `@holdfast/browser/worker${name}`,
  module: '@holdfast/browser/worker',
  program: 'serveHoldfast',
  more,
});
/** What the first thousand steps of a process cost is for a good part compiling. */
const warm = (name, params = {}) => ({
  ...holdfast('sequential', `Holdfast, ${name}, after 10,000`, { warmUp: 10_000, ...params }),
  short: { steps: 200, warmUp: 500, ...params },
});
const SAME = { strict: 'same requests and bytes', relaxed: 'same requests and bytes, relaxed' };

/** @type {readonly Bench[]} */
export const BENCHES = [
  {
    name: 'sequential',
    title: 'trivial steps of one run, one after the other',
    params: { steps: 1000, warmUp: 300 },
    short: { steps: 200, warmUp: 50 },
    rate: 'steps/s',
    entrants: [
      holdfast('sequential', 'Holdfast, step function'),
      warm('step function'),
      holdfast('sequential', 'Holdfast, step function, relaxed', { durability: 'relaxed' }),
      holdfast('sequential', 'Holdfast, machine', { logic: 'machine' }),
      warm('machine', { logic: 'machine' }),
      holdfast('sequential', 'Holdfast, machine, relaxed', { logic: 'machine', durability: 'relaxed' }),
      { name: 'bare XState, synced by hand', module: 'by-hand', program: 'sequential' },
      { name: '200 bytes, synced by hand', module: 'by-hand', program: 'appends' },
      ...peers('sequential'),
    ],
  },
  {
    name: 'cold',
    title: '200 runs of 5 steps at once, in a new process',
    params: { count: 200, warmUp: 0 },
    short: { count: 50, warmUp: 0 },
    rate: 'runs/s',
    yardstick: { writers: 50 },
    entrants: [
      holdfast('runs', 'Holdfast'),
      holdfast('runs', 'Holdfast, relaxed', { durability: 'relaxed' }),
      ...peers('runs'),
    ],
  },
  {
    name: 'warm',
    title: 'runs of 5 steps at once in a warm process: 5,000, and 500 of each peer',
    params: { count: 5000, warmUp: 1000 },
    short: { count: 300, warmUp: 100 },
    rate: 'runs/s',
    yardstick: { writers: 50 },
    entrants: [
      holdfast('runs', 'Holdfast'),
      holdfast('runs', 'Holdfast, relaxed', { durability: 'relaxed' }),
      ...peers('runs', { count: 500, warmUp: 100 }, { count: 100, warmUp: 20 }),
    ],
  },
  {
    name: 'send',
    title: 'from send() to a still run until a subscriber sees the durable state that it makes',
    params: { count: 200, warmUp: 50 },
    short: { count: 100, warmUp: 50 },
    entrants: [holdfast('send', 'Holdfast'), holdfast('send', 'Holdfast, relaxed', { durability: 'relaxed' })],
  },
  {
    name: 'resume',
    title: 'SIGKILL after so many steps; from the next process owning the store until the next step begins',
    params: {},
    short: {},
    entrants: [100, 1000, 10_000].map((steps) => holdfast('resume', `Holdfast, ${steps} steps`, { steps })),
  },
  {
    name: 'restore',
    title: 'SIGKILL after so many events to a machine; from owning the store until the next event is processed',
    params: {},
    short: {},
    entrants: [100, 10_000].map((checkpoints) =>
      holdfast('restore', `Holdfast, ${checkpoints} checkpoints`, { checkpoints }),
    ),
  },
  {
    name: 'waiting',
    title: '100,000 runs that wait for a deadline, in a store that is opened after SIGKILL',
    params: { count: 100_000, dueInMs: 2000 },
    short: { count: 2000, dueInMs: 500 },
    entrants: [{ ...holdfast('waitingRuns', 'Holdfast'), execArgv: ['--expose-gc'] }],
  },
  {
    name: 'context',
    title: 'an event that changes 10 bytes of a context',
    params: { events: 300 },
    short: { events: 50 },
    entrants: [1, 10, 100].map((kib) => holdfast('context', `Holdfast, ${kib} KiB`, { bytes: kib * 1024 })),
  },
  {
    name: 'browser-sequential',
    title: 'trivial steps, one after the other, in Chromium',
    where: 'browser',
    params: { steps: 1000, warmUp: 200 },
    short: { steps: 150, warmUp: 30 },
    rate: 'steps/s',
    entrants: [
      inWorker('sameRequests', SAME.strict, { durability: 'strict' }),
      inWorker('sameRequests', SAME.relaxed, { durability: 'relaxed' }),
      { ...inWorker('sequential', 'Holdfast, in the worker'), beside: SAME.strict },
      {
        ...inWorker('sequential', 'Holdfast, in the worker, relaxed', { durability: 'relaxed' }),
        beside: SAME.relaxed,
      },
      inWorker('sequential', 'Holdfast, machine', { logic: 'machine' }),
      { ...inPage('throughClient', 'Holdfast, seen from the page'), beside: SAME.strict },
      inWorker('xstateAndIdb', 'XState + idb by hand, relaxed', { durability: 'relaxed' }),
      inWorker('dexieOutbox', 'Dexie outbox by hand, relaxed', { durability: 'relaxed' }),
      inWorker('workboxQueue', 'workbox-background-sync queue, relaxed', { durability: 'relaxed' }),
    ],
  },
  {
    name: 'browser-runs',
    title: 'runs of 5 steps at once, started from the page, in Chromium',
    where: 'browser',
    params: {},
    short: {},
    entrants: [
      { ...inPage('runs', 'Holdfast, 200 cold', { count: 200, warmUp: 0 }), short: { count: 40 } },
      { ...inPage('runs', 'Holdfast, 1,000 warm', { count: 1000, warmUp: 200 }), short: { count: 100, warmUp: 20 } },
    ],
  },
  {
    name: 'browser-send',
    title: 'from send() in a still page until the page sees the durable state, in Chromium',
    where: 'browser',
    params: { count: 100, warmUp: 20 },
    short: { count: 20, warmUp: 5 },
    entrants: [inPage('send', 'Holdfast')],
  },
  {
    name: 'browser-resume',
    title: 'the page is closed after so many steps; from createHoldfast in the next until the next step begins',
    where: 'browser',
    params: {},
    short: {},
    entrants: [100, 1000].map((steps) => ({
      ...inPage('resume', `Holdfast, ${steps} steps`, { steps }),
      module: 'stories',
    })),
  },
  {
    name: 'browser-waiting',
    title: '100,000 runs that wait for a deadline, in a store whose tab is gone, in Chromium',
    where: 'browser',
    params: { count: 100_000, dueInMs: 2000 },
    short: { count: 2000, dueInMs: 500 },
    entrants: [{ ...inPage('waitingRuns', 'Holdfast'), module: 'stories' }],
  },
  {
    name: 'browser-takeover',
    title: 'from the close of the tab that owns the store until another is owner',
    where: 'browser',
    params: {},
    short: {},
    entrants: [{ ...inPage('takeover', 'Holdfast'), module: 'stories' }],
  },
  {
    name: 'browser-context',
    title: 'an event that changes 10 bytes of a context, in Chromium',
    where: 'browser',
    params: { events: 100 },
    short: { events: 20 },
    entrants: [1, 10, 100].map((kib) => inWorker('context', `Holdfast, ${kib} KiB`, { bytes: kib * 1024 })),
  },
  {
    name: 'size',
    title: 'what an entry adds to a bundle, without XState',
    where: 'bundle',
    params: {},
    short: {},
    entrants: [
      { name: '@holdfast/browser (page)', module: '@holdfast/browser', program: '*' },
      worker('', {}),
      worker(', a machine', { '@holdfast/core': 'defineWorkflow' }),
      worker(', a step function', { '@holdfast/core': 'defineWorkflow, fromSteps' }),
      { name: '@holdfast/core (what a workflow file imports)', module: '@holdfast/core', program: '*' },
      { name: '@holdfast/core/host', module: '@holdfast/core/host', program: 'createHost' },
      { name: '@holdfast/core/schedules', module: '@holdfast/core/schedules', program: '*' },
      { name: '@holdfast/node', module: '@holdfast/node', program: '*' },
      { name: '@holdfast/node, openHoldfast alone', module: '@holdfast/node', program: 'openHoldfast' },
      {
        name: '@holdfast/node, openHoldfast, a step function',
        module: '@holdfast/node',
        program: 'openHoldfast',
        more: { '@holdfast/core': 'defineWorkflow, fromSteps' },
      },
      { name: '@holdfast/node, connectHoldfast alone', module: '@holdfast/node', program: 'connectHoldfast' },
      { name: 'xstate, setup and createActor', module: 'xstate', program: 'setup, createActor, fromPromise, assign' },
      { name: 'xstate, all', module: 'xstate', program: '*' },
      { name: 'dexie', module: 'dexie', program: 'Dexie' },
    ],
  },
];
