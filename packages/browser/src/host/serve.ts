import { type AnyWorkflow, type Duration, HoldfastError, isHoldfastError } from '@holdfast/core';
import { checkOptions, type Kinds, TEXT, toMs, withMethods } from '@holdfast/core/client';
import {
  checkWorkflows,
  createHost,
  createSystemClock,
  type Emission,
  errorsTo,
  HOST_KINDS,
  type Host,
  type HostOptions,
} from '@holdfast/core/host';
import type { Durability } from '@holdfast/core/store';
import type { Versions } from '../claims/words.js';
import type { AppStore } from '../store/app-store.js';
import { DURABILITY } from '../store/durability.js';
import { createIndexedDbStore } from '../store/index.js';
import type { BrowserStore } from '../store/store-over.js';
import { answerCalls, callsTo, tellTo } from '../wire/calls.js';
import { Channel } from '../wire/channel.js';
import type { Port } from '../wire/line.js';
import type { Hello, PageApi, PageCalls, PageState, Serving, WorkerApi } from '../wire/wire.js';
import { HostConnectivity } from './connectivity.js';
import { toPageCalls, toPageNotice } from './crossings.js';
import { PageGround } from './page-ground.js';
import { type Reachable, toProbe } from './reachability.js';
import { createServices } from './services.js';
import { toStepWorker } from './step-workers.js';
import { assertKnown, toNotices } from './store-notices.js';

export interface ServeOptions<TWorkflows extends readonly AnyWorkflow[]> {
  /** What this worker can run. */
  readonly workflows: TWorkflows;
  /** The store's name, where the worker and not the page decides it: then the page must give the same, or none. */
  readonly name?: string;
  /**
   * A database of the app's own that the records go to, in place of one for them alone: `dexieStore(db)`, `idbStore(…)`. With
   * it `step.transaction` writes to the app's tables. It has a name of its own: then there is no `name`.
   */
  readonly store?: AppStore;
  /**
   * Told of what goes on in this worker, in order: ownership, runs that begin, end, are paused or parked, tries of steps
   * that fail. A `pino` logger will do, and so will `console`. Default: nobody is told but of trouble.
   */
  readonly logger?: HostOptions['logger'];
  /**
   * Told of what nobody else is told of: trouble of the store, runs that can't go on here. Default: `logger` is told, and
   * where there is none `console.error`.
   */
  readonly onError?: HostOptions['onError'];
  /**
   * How often a run is restored after crashes of the worker that it does not outlive, before it is paused with
   * `CRASH_LOOP`: a whole number from 2, or Infinity; default 3.
   */
  readonly crashLoopLimit?: HostOptions['crashLoopLimit'];
  /** For development: see the guide to step functions. */
  readonly dev?: HostOptions['dev'];
  /** What is started by the calendar while this worker owns the store: see `@holdfast/core/schedules`. */
  readonly schedules?: HostOptions['schedules'];
  /** How much a run may hold; a workflow may have its own. */
  readonly limits?: HostOptions['limits'];
  /** How long runs are kept after they have ended, as `'30d'`; a workflow may have its own. Default: for ever. */
  readonly retention?: HostOptions['retention'];
  /**
   * Makes a worker in which steps of isolated workflows are performed: its `name` has to be `holdfast steps`, and its
   * script to call `serveHoldfast` with the same workflows. Default: one of this worker's own script, as a module; in a
   * page there is none.
   */
  readonly stepWorker?: () => Worker;
  /**
   * For how long neither the worker nor the page of the tab that owns the store may answer before this one takes it away,
   * in rounds of two seconds; twice as long each time. Default `'10s'`. Tabs that are closed, crash, or are frozen by a
   * browser that says so are not waited for.
   */
  readonly stealAfter?: Duration;
  /**
   * Asked whether the network is there, before steps that require it go on, and when one of them has failed: a function
   * that is given a signal and resolves to true or false, or an address that answers with a 2xx. It has 5 s, is asked again
   * after 1 s, 2 s, 4 s … up to a minute, and only while a step waits. Default: what the browser says is believed.
   * @example reachable: '/health'
   */
  readonly reachable?: Reachable;
  /** Within which time steps go on when the network is back, each at a moment of its own by chance. Default `'1s'`. */
  readonly resumeWithin?: Duration;
  /**
   * What survives when the machine loses its power: with `'strict'` (default) all that was accepted and completed; with
   * `'relaxed'`, which is faster, the last seconds of it may be gone. The death of tab, worker or browser costs nothing in both.
   * @example durability: 'relaxed'
   */
  readonly durability?: Durability;
}

const { workflows, logger, onError, crashLoopLimit, dev, schedules, limits, retention, stepWorker } = HOST_KINDS;
const KINDS: Kinds<ServeOptions<readonly AnyWorkflow[]>> = {
  ...{ workflows, logger, onError, crashLoopLimit, dev, schedules, limits, retention, stepWorker },
  name: TEXT,
  store: withMethods('what dexieStore or idbStore gives', 'connect'),
  ...{ stealAfter: null, reachable: null, resumeWithin: null, durability: DURABILITY },
};

/** Where a host runs. */
export type HostScope = EventTarget & { readonly navigator: Pick<Navigator, 'onLine' | 'locks'> };

/**
 * Makes the host of the page at the other end of `port`, once that connects, and tells the page that it can.
 * @param ended aborted when the host is to be gone at once, where nothing else would end it.
 * @throws `OPTION_INVALID` for an option that there is not, or that is not as it has to be, or for a `store` beside a `name`.
 */
export function serveHost(
  options: ServeOptions<readonly AnyWorkflow[]>,
  port: Port,
  scope: HostScope,
  ended: AbortSignal = new AbortController().signal,
): void {
  checkOptions(options, 'serveHoldfast', KINDS);
  checkWorkflows(options.workflows, 'serveHoldfast');
  const { workflows, logger, onError = errorsTo(logger), crashLoopLimit, dev, schedules, limits, retention } = options;
  const { stepWorker, stealAfter = '10s', reachable, resumeWithin = '1s', durability = 'strict' } = options;
  if (options.store && options.name !== undefined) throw twoNames(options.name, options.store.name);
  const stealAfterMs = toMs(stealAfter, 'stealAfter');
  const clock = createSystemClock();
  const connectivity = new HostConnectivity({
    scope,
    clock,
    resumeWithinMs: toMs(resumeWithin, 'resumeWithin'),
    probe: reachable === undefined ? undefined : toProbe(reachable),
  });
  const versions = newestOf(workflows);
  const ask = callsTo<PageApi>(port);
  const tell = tellTo<PageApi>(port, onError);
  let visible = false;
  let host: Host | undefined;
  let calls: PageCalls | undefined;
  let store: BrowserStore | undefined;

  const connected = () => {
    if (calls) return calls;
    throw new TypeError('The page called before it was connected.');
  };
  const heed = (page: PageState) => {
    visible = page.visible;
    connectivity.tell(page.online);
  };
  const connect = (hello: Hello) => {
    const name = nameOf(hello, options.name);
    heed(hello.page);
    const hosts = { self: hello.host, wasEnded: (host: string) => ask('wasEnded', host) };
    const standing = { host: hello.host, versions, visible: () => visible };
    const told: PageApi['tell'] = (notice) => tell('tell', notice);
    const following = toNotices(options.store?.name ?? name, told);
    const side = { hosts, standing, stealAfterMs, durability, ended, following };
    store = options.store?.connect(side) ?? createIndexedDbStore({ name, ...side });
    const services = createServices((name, args) => ask('service', name, args));
    host = createHost({
      store,
      workflows,
      connectivity,
      ground: new PageGround(clock),
      services,
      relay: new Channel<Emission>(`holdfast:emitted:${store.name}`),
      onError,
      ...(stepWorker && { stepWorker: () => toStepWorker(stepWorker()) }),
      ...(logger && { logger }),
      ...(crashLoopLimit !== undefined && { crashLoopLimit }),
      ...(dev && { dev }),
      ...(schedules && { schedules }),
      ...(limits !== undefined && { limits }),
      ...(retention !== undefined && { retention }),
    });
    calls = toPageCalls(host);
    host.listen((notice) => told(toPageNotice(notice)));
    connectivity.watch(() => told({ kind: 'network', online: connectivity.seemsOnline }));
    host.owned.catch((error) => {
      if (!isHoldfastError(error, 'CLOSED')) onError(error);
    });
    host.open();
    ended.addEventListener('abort', () => void host?.close().catch(onError), { once: true });
  };

  const api: WorkerApi = {
    connect,
    async call(method, args, known) {
      const calls = connected();
      await assertKnown(method, store, known);
      return (calls[method] as (...args: unknown[]) => never)(...args);
    },
    page: heed,
    close: () => host?.close(),
  };
  answerCalls(port, api);
  void announce(port, scope, ended);
}

/** Tells the page that it can connect, and by which lock it learns of this worker's death. */
async function announce(port: Port, { navigator }: HostScope, ended: AbortSignal): Promise<void> {
  const alive = `holdfast:alive:${crypto.randomUUID()}`;
  await new Promise<void>((granted) => {
    void navigator.locks.request(alive, () => {
      granted();
      if (ended.aborted) return undefined;
      // Held until the worker dies, whatever kills it.
      return new Promise<void>((free) => ended.addEventListener('abort', () => free(), { once: true }));
    });
  });
  port.postMessage({ holdfast: 'serving', alive } satisfies Serving);
}

function newestOf(workflows: readonly AnyWorkflow[]): Versions {
  const versions: Record<string, number> = {};
  for (const { id, version } of workflows) versions[id] = Math.max(version, versions[id] ?? version);
  return versions;
}

function nameOf(hello: Hello, own: string | undefined): string {
  if (own === undefined || own === hello.name) return hello.name;
  throw new HoldfastError('OPTION_INVALID', {
    message: `The worker serves the store "${own}", the page asks for "${hello.name}".`,
    remedy: 'Give createHoldfast the same name, or give serveHoldfast none.',
    details: { option: 'name', worker: own, page: hello.name },
  });
}

function twoNames(name: string, database: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `The worker is given the name "${name}" and a store, which is the database "${database}".`,
    remedy: 'Leave the name out.',
    details: { option: 'name', name, database },
  });
}
