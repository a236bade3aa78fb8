// What is measured, and who takes part: all that there is to say of a bench besides how it is done.

import { startPostgres } from './lib/postgres.mjs';
import { startRestate } from './lib/restate.mjs';

/**
 * One who takes part.
 * @typedef {object} Entrant
 * @property {string} name
 * @property {string} module file of `entrants`
 * @property {string} program what it exports
 * @property {object} [params] in place of the bench's
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
 * @property {'node' | 'browser'} [where] default node
 * @property {readonly Entrant[]} entrants
 */

const holdfast = (program, name, params = {}) => ({ name, module: 'holdfast', program, params });
const peers = (program, params = {}) => [
  { name: 'openworkflow (SQLite)', module: 'openworkflow', program, params, node: '22' },
  { name: 'DBOS (PostgreSQL)', module: 'dbos', program, params, service: startPostgres },
  { name: 'Restate', module: 'restate', program, params, node: '22', service: startRestate },
  { name: 'Effect workflow (SQLite)', module: 'effect', program, params },
];

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
      holdfast('sequential', 'Holdfast, step function, relaxed', { durability: 'relaxed' }),
      holdfast('sequential', 'Holdfast, machine', { logic: 'machine' }),
      holdfast('sequential', 'Holdfast, machine, relaxed', { logic: 'machine', durability: 'relaxed' }),
      { name: 'bare XState, synced by hand', module: 'by-hand', program: 'sequential' },
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
      ...peers('runs', { count: 500, warmUp: 100 }),
    ],
  },
  {
    name: 'send',
    title: 'from send() until a subscriber sees the durable state that it makes',
    params: { count: 500, warmUp: 200 },
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
];
