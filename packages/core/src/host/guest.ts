import type { HostApi, Notice } from '../client/protocol.js';
import { DEFAULT_LIMITS, type Limits, withLimits } from '../define/limits.js';
import { checkOptions } from '../define/options.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { checkWorkflows } from '../define/workflows.js';
import type { RunAddress } from '../records/records.js';
import type { Store } from '../store/store.js';
import { Acceptance } from './acceptance.js';
import { createSystemClock } from './clock.js';
import { HOST_KINDS } from './options.js';
import type { Clock } from './ports.js';
import { Problems } from './problems.js';
import { closed } from './refusals.js';
import { Registry } from './registry.js';
import { RunViews } from './run-views.js';

export interface GuestOptions {
  readonly store: Store;
  /** What it checks starts and events by, and shows states by. What it does not know it can't start. */
  readonly workflows?: readonly AnyWorkflow[];
  /** How much a run may hold, of workflows that have no limits of their own. */
  readonly limits?: Partial<Limits>;
  /** Told of what nobody else is told of: what is watched could not be read, and is read again. */
  readonly onError: (error: unknown, address?: RunAddress) => void;
  /** Default: the wall clock. */
  readonly clock?: Clock;
  /** Shortest time between two notices of one subscription, in ms; default 16. */
  readonly frameMs?: number;
}

/** Reaches the runs of a store, and executes none. */
export interface Guest extends HostApi {
  listen(listener: (notice: Notice) => void): () => void;
  /** Closes the store. */
  close(): Promise<void>;
}

const { store, workflows, limits, onError, clock, frameMs } = HOST_KINDS;
const GUEST = { store, workflows, limits, onError, clock, frameMs };

/**
 * Makes a guest of a store: it starts, sends, controls and shows, and never asks for ownership. So a start, an event and a
 * control are accepted, durably, when its calls resolve, and carried out by whoever owns the store, now or later.
 * @throws `OPTION_INVALID` when two workflows have one id and one version, or `limits` are not as they have to be.
 */
export function createGuest(options: GuestOptions): Guest {
  checkOptions(options, 'the guest', GUEST, 'store', 'onError');
  const { store, workflows = [], onError, clock = createSystemClock(), frameMs = 16 } = options;
  checkWorkflows(workflows, 'the guest');
  const registry = new Registry(workflows);
  const limits = withLimits(DEFAULT_LIMITS, options.limits, 'the guest');
  const closing = new AbortController();
  const problems = new Problems(clock, () => {});
  const views = new RunViews({ store, registry, problems, isHost: false, frameMs, live: () => undefined, onError });
  const changed = (address: RunAddress) => views.changed(address);
  const acceptance = new Acceptance({
    ...{ store, clock, registry, limits, changed, isHost: false },
    changes: views.changes,
    closing: closing.signal,
    accepted: () => {},
  });
  const unwatch = store.watch((change) => (change.kind === 'missed' ? views.allChanged() : changed(change)));

  return {
    start: (request) => acceptance.start(request),
    async send(request) {
      await acceptance.send(request);
      changed(request);
    },
    async control(request) {
      await acceptance.control(request);
      changed(request);
    },
    list: (query) => views.list(query),
    history: (address, page) => views.history(address, page),
    deadLetters: (address) => views.deadLetters(address),
    watch: async (interest) => views.watch(interest),
    unwatch: async (id) => views.unwatch(id),
    listen(listener) {
      listener({ kind: 'host', ownership: 'standby' });
      return views.listen(listener);
    },
    async close() {
      closing.abort(closed());
      views.close();
      unwatch();
      await store.close();
    },
  };
}
