import type { Duration } from '../define/duration.js';
import { DEFAULT_LIMITS, type Limits, withLimits } from '../define/limits.js';
import { checkOptions, FUNCTION, from, type Kinds, OBJECT, withMethods } from '../define/options.js';
import { type Retention, toKeptMs } from '../define/retention.js';
import type { Schedule } from '../define/schedule.js';
import type { AnyServices, StandIns } from '../define/steps-logic.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { checkWorkflows } from '../define/workflows.js';
import { noStepWorker } from '../isolate/refusals.js';
import type { StepWorker } from '../isolate/step-worker.js';
import type { RunAddress } from '../records/records.js';
import type { Store } from '../store/store.js';
import { createSystemClock } from './clock.js';
import { checkDev, type DevOptions } from './dev.js';
import { loggedStore } from './logged-store.js';
import { errorsTo, type Logger } from './logger.js';
import type { Around, Clock, Connectivity, Ground, Relay } from './ports.js';

export interface HostOptions {
  readonly store: Store;
  readonly workflows: readonly AnyWorkflow[];
  /** Default: the wall clock. */
  readonly clock?: Clock;
  /** Default: always online. */
  readonly connectivity?: Connectivity;
  /** What this host stands on. Default: nothing that could fail its work. */
  readonly ground?: Ground;
  /** Functions lent to steps. */
  readonly services?: AnyServices;
  /**
   * Told of what nobody else is told of: trouble of the store, runs that can't go on here. Default: `logger` is told, and
   * where there is none `console.error`.
   */
  readonly onError?: (error: unknown, address?: RunAddress) => void;
  /** Told of what this host does: see {@link Logger}. Default: nobody is. */
  readonly logger?: Logger;
  /** How long a run at rest stays in memory, in ms; default 5,000. */
  readonly evictAfterMs?: number;
  /** Shortest time between two notices of one subscription, in ms; default 16, about a frame. */
  readonly frameMs?: number;
  /** Performs every effect: for tests and for tracing. Default: calls `perform`. */
  readonly around?: Around;
  /** Step bodies, by name, which take the place of the workflows' own: for tests. */
  readonly steps?: StandIns;
  /**
   * How often a run is restored after crashes that it does not outlive, before it is paused with `CRASH_LOOP`: a whole
   * number from 2, or Infinity; default 3. Only crashes without progress in between count.
   */
  readonly crashLoopLimit?: number;
  /** For development. */
  readonly dev?: DevOptions;
  /** What is started by the calendar while this host owns the store: see `@holdfast/core/schedules`. */
  readonly schedules?: readonly Schedule[];
  /** How much a run may hold: see {@link Limits}; a workflow may have its own. */
  readonly limits?: Partial<Limits>;
  /** How long runs are kept after they have ended; a workflow may have its own. Default: for ever. */
  readonly retention?: Duration | Retention;
  /** Makes a step worker: needed where a workflow is isolated. */
  readonly stepWorker?: () => StepWorker;
  /** By which what runs emit reaches who listens at other hosts of the store. Default: none, they hear nothing. */
  readonly relay?: Relay;
}

/** What a host goes by: its options, checked, with their defaults. `store` tells the logger what is committed. */
export interface Settings
  extends Required<Omit<HostOptions, 'logger' | 'dev' | 'limits' | 'retention' | 'stepWorker' | 'relay'>> {
  readonly dev: Required<DevOptions>;
  readonly limits: Limits;
  readonly retention: HostOptions['retention'];
  readonly stepWorker: HostOptions['stepWorker'];
  readonly relay: HostOptions['relay'];
}

/** Of each option of a host, what it has to be. */
export const HOST_KINDS: Kinds<HostOptions> = {
  store: withMethods('a store', 'acquire', 'commit', 'watch'),
  workflows: null,
  clock: withMethods('a clock', 'now', 'at'),
  connectivity: withMethods('a connectivity', 'online', 'subscribe'),
  ground: withMethods('a ground', 'holds'),
  services: OBJECT,
  onError: FUNCTION,
  logger: withMethods('a logger', 'debug', 'info', 'warn', 'error'),
  evictAfterMs: from(0),
  frameMs: from(0),
  around: FUNCTION,
  steps: OBJECT,
  crashLoopLimit: ['a whole number from 2, or Infinity', isCrashLoopLimit],
  dev: ['', (dev: DevOptions) => checkDev(dev) !== undefined],
  schedules: [
    'an array of what schedule() makes',
    (schedules: readonly Schedule[]) =>
      Array.isArray(schedules) && schedules.every(({ next }) => typeof next === 'function'),
  ],
  limits: ['', (limits: Partial<Limits>) => withLimits(DEFAULT_LIMITS, limits, 'the host') !== undefined],
  retention: ['', (retention: unknown) => toKeptMs(retention, 'the host') !== undefined],
  stepWorker: FUNCTION,
  relay: withMethods('a relay', 'tell', 'listen', 'close'),
};

const ALWAYS_ONLINE: Connectivity = { online: () => true, subscribe: () => () => {} };
const FIRM: Ground = { holds: () => true };

/**
 * @throws `OPTION_INVALID` for an option that there is not, or that is not as it has to be, or when a workflow is isolated and
 *   there is no `stepWorker`.
 */
export function settingsOf(options: HostOptions): Settings {
  checkOptions(options, 'the host', HOST_KINDS, 'store');
  checkWorkflows(options.workflows, 'the host');
  const { store, workflows, schedules = [], clock = createSystemClock(), connectivity = ALWAYS_ONLINE } = options;
  const { services = {}, steps = {}, evictAfterMs = 5000, frameMs = 16, crashLoopLimit = 3, ground = FIRM } = options;
  const { logger, onError = errorsTo(logger), around = (_, perform) => perform() } = options;
  const dev = checkDev(options.dev);
  const limits = withLimits(DEFAULT_LIMITS, options.limits, 'the host');
  const isolated = workflows.find(({ isolate }) => isolate);
  if (isolated && !options.stepWorker) throw noStepWorker(isolated.id);
  const inside = { ground, services, steps, around, onError, evictAfterMs, frameMs, crashLoopLimit, dev, limits };
  const { retention, stepWorker, relay } = options;
  const told = logger ? loggedStore(store, logger) : store;
  return { store: told, workflows, schedules, clock, connectivity, retention, stepWorker, relay, ...inside };
}

function isCrashLoopLimit(limit: unknown): boolean {
  return limit === Infinity || (Number.isInteger(limit) && (limit as number) >= 2);
}
