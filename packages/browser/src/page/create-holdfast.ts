import {
  checkOption,
  checkOptions,
  createClient,
  type Duration,
  FUNCTION,
  type Holdfast,
  type Kinds,
  OBJECT,
  TEXT,
  toMs,
} from '@holdfast/core/client';
import type { ServedHoldfast, WorkflowsOf } from '../wire/served.js';
import { DEFAULT_NAME, type HostWorker } from '../wire/wire.js';
import { type Connectivity, PageConnectivity } from './connectivity.js';
import { callServices, type Services } from './services.js';
import { PageSiteStorage, type SiteStorage } from './site-storage.js';
import { WorkerLink } from './worker-link.js';

export interface HoldfastOptions {
  /** Name of the store: one per user, where a browser is shared. Default: `'holdfast'`. */
  readonly name?: string;
  /** Functions lent to steps: called here, never stored. */
  readonly services?: Services;
  /**
   * How long a worker may take to answer before calls reject with `HOST_UNREACHABLE`; default `'10s'`. One that has not
   * answered for so long when its page is left is taken to have crashed.
   */
  readonly readyTimeout?: Duration;
}

/** What an app talks to in a page. */
export type PageHoldfast<TApp extends ServedHoldfast> = Holdfast<WorkflowsOf<TApp>> & {
  /** Whether the network is there, as far as this tab knows. */
  readonly connectivity: Connectivity;
  /** How it stands with what is stored: room, trouble, and whether it was lost. */
  readonly storage: SiteStorage;
};

interface Instance {
  readonly holdfast: Holdfast<never> & { readonly connectivity: Connectivity; readonly storage: SiteStorage };
  services: Services;
}

const KINDS: Kinds<HoldfastOptions> = { name: TEXT, services: OBJECT, readyTimeout: null };

/** Of this page, by name of the store. */
const instances = new Map<string, Instance>();

/**
 * The holdfast of this page, typed by the worker which `makeWorker` makes; nothing is made before the first call. A
 * page has one per name: while it is open, a second call returns it, with the services of the second call.
 *
 * Calls reject with `INSECURE_CONTEXT` where the browser gives no Web Locks, and with `HOST_UNREACHABLE` when no
 * worker can be had.
 * @throws `OPTION_INVALID` for an option that there is not, or that is not as it has to be.
 *
 * @example
 * const holdfast = createHoldfast<App>(() => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
 */
export function createHoldfast<TApp extends ServedHoldfast>(
  makeWorker: () => HostWorker,
  options: HoldfastOptions = {},
): PageHoldfast<TApp> {
  checkOption(makeWorker, FUNCTION, 'makeWorker', 'createHoldfast');
  checkOptions(options, 'createHoldfast', KINDS);
  const { name = DEFAULT_NAME, services = {} } = options;
  const present = instances.get(name);
  if (present) present.services = services;
  const { holdfast } = present ?? createInstance(name, makeWorker, options);
  return holdfast as PageHoldfast<TApp>;
}

function createInstance(name: string, makeWorker: () => HostWorker, options: HoldfastOptions): Instance {
  const { services = {}, readyTimeout = '10s' } = options;
  const connectivity = new PageConnectivity();
  const storage = new PageSiteStorage(name);
  const link = new WorkerLink({
    name,
    makeWorker,
    readyMs: toMs(readyTimeout, 'readyTimeout'),
    service: callServices(() => instance.services),
    storage,
    network: (online) => connectivity.tell(online),
    closed: () => instances.delete(name),
  });
  const instance: Instance = {
    holdfast: Object.assign(createClient<never>(link), { connectivity, storage }),
    services,
  };
  instances.set(name, instance);
  return instance;
}
