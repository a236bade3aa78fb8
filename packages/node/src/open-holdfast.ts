import type { Worker } from 'node:worker_threads';
import {
  type AnyServices,
  type AnyWorkflow,
  type Duration,
  type Holdfast,
  isHoldfastError,
  type Logger,
  type WorkflowMap,
} from '@holdfast/core';
import {
  checkOptions,
  createClient,
  FUNCTION,
  type Kinds,
  linkLocally,
  type WorkflowTypesById,
} from '@holdfast/core/client';
import {
  type Connectivity,
  checkWorkflows,
  createHost,
  type Drained,
  errorsTo,
  HOST_KINDS,
  type Host,
  type HostOptions,
} from '@holdfast/core/host';
import { openFileStore } from './file-store.js';
import { type FileStoreOptions, STORE_KINDS } from './options.js';
import { reportsTo } from './report.js';
import { toStepWorker } from './step-worker.js';
import { waitingOf } from './waiting.js';

export interface OpenHoldfastOptions<TWorkflows extends readonly AnyWorkflow[]>
  extends Pick<FileStoreOptions, 'segmentBytes' | 'onReport'> {
  /** Where the checkpoints are kept; made when it is not there. Default `.holdfast`. */
  directory?: string;
  workflows: TWorkflows;
  /**
   * What happens while another process owns the directory: `'fail'` (default) rejects with `STORE_OWNED`; `'wait'` resolves
   * when this process owns it; `'standby'` resolves at once, with a holdfast that starts, sends, controls and shows through
   * the owner, and takes over when that ends.
   */
  whenOwned?: 'fail' | 'wait' | 'standby';
  /**
   * With `'wait'` or `'standby'`: an owner that is connected and has said nothing for so long, as a process that was
   * stopped, is taken over from. Longer than its steps block its event loop. At least 100 ms; default: never.
   */
  ownerTimeout?: Duration;
  /** Functions lent to steps. */
  services?: AnyServices;
  /** Whether the network is there. Default: always. */
  connectivity?: Connectivity;
  /**
   * Told of what goes on here, in order: ownership, runs that begin, end, are paused or parked, tries of steps that fail,
   * and reports of the store. A `pino` logger will do, and so will `console`. Default: nobody is told but of trouble.
   */
  logger?: Logger;
  /** Told of trouble that no call tells of. Default: `logger` is told, and where there is none `console.error`. */
  onError?: NonNullable<HostOptions['onError']>;
  /**
   * How often a run is restored after crashes of the process that it does not outlive, before it is paused with
   * `CRASH_LOOP`: a whole number from 2, or Infinity; default 3. A process that ends without `close()` has crashed.
   */
  crashLoopLimit?: NonNullable<HostOptions['crashLoopLimit']>;
  /** For development: see the guide to step functions. */
  dev?: NonNullable<HostOptions['dev']>;
  /** What is started by the calendar while this process owns the directory: see `@holdfast/core/schedules`. */
  schedules?: NonNullable<HostOptions['schedules']>;
  /** How much a run may hold; a workflow may have its own. */
  limits?: NonNullable<HostOptions['limits']>;
  /** How long runs are kept after they have ended, as `'30d'`; a workflow may have its own. Default: for ever. */
  retention?: NonNullable<HostOptions['retention']>;
  /** Starts a thread that calls `serveSteps` with the same workflows: needed where one of them is isolated. */
  stepWorker?: () => Worker;
}

/** A holdfast whose host is in this process. */
export interface NodeHoldfast<M extends WorkflowTypesById> extends Holdfast<M> {
  /**
   * Resolves when nothing is at work or about to be: all runs have ended, wait for an event or a deadline, are paused, or
   * can't be taken up here. For processes that come and go: end then, and come again at `nextDeadlineAt` (an instant in
   * ms) at the latest; it is absent when no deadline is ahead. It is stored by then; `close()` all the same.
   * @throws `CLOSED`, store codes.
   *
   * @example
   * const { nextDeadlineAt } = await holdfast.drain();
   * await holdfast.close();
   */
  drain(): Promise<Drained>;
}

const { services, connectivity, logger, onError, crashLoopLimit, dev, schedules, limits, retention } = HOST_KINDS;
const { directory, segmentBytes, onReport } = STORE_KINDS;
const KINDS: Kinds<OpenHoldfastOptions<readonly AnyWorkflow[]>> = {
  ...{ directory, segmentBytes, onReport, workflows: null, whenOwned: null, ownerTimeout: null, stepWorker: FUNCTION },
  ...{ services, connectivity, logger, onError, crashLoopLimit, dev, schedules, limits, retention },
};

/**
 * Runs workflows in this process over a directory of plain files. Resolves when this process owns the directory and
 * its unfinished runs go on; with `whenOwned: 'standby'` at once.
 *
 * @throws `STORE_OWNED` while another process has the directory open, or this one has it open already, unless `whenOwned`
 * says to wait;
 * `STORE_UNWRITABLE`, `STORE_FULL`, `STORE_DAMAGED` (with file and offset), `STORE_FORMAT`, `STORE_FAILED`;
 * `OPTION_INVALID` for an option that there is not, or that is not as it has to be, when two workflows have one id, or when
 * one is isolated and there is no `stepWorker`.
 *
 * @example
 * const holdfast = await openHoldfast({ directory: '.holdfast', workflows: [photoImport] });
 * const run = await holdfast.start('photo-import', { id: 'trip-2026', input: { folder } });
 * await run.result();
 * await holdfast.close();
 */
export async function openHoldfast<const TWorkflows extends readonly AnyWorkflow[]>(
  options: OpenHoldfastOptions<TWorkflows>,
): Promise<NodeHoldfast<WorkflowMap<TWorkflows>>> {
  checkOptions(options, 'openHoldfast', KINDS);
  checkWorkflows(options.workflows, 'openHoldfast');
  const {
    directory = '.holdfast',
    workflows,
    segmentBytes,
    stepWorker,
    whenOwned,
    ownerTimeout,
    onReport = options.logger && reportsTo(options.logger),
    ...hostOptions
  } = options;
  const waiting = waitingOf({ whenOwned, ownerTimeout });
  const store = await openFileStore({
    directory,
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
    ...(onReport === undefined ? {} : { onReport }),
    ...waiting,
  });
  const threads = stepWorker && { stepWorker: () => toStepWorker(stepWorker()) };
  const host = createHost({ ...hostOptions, ...threads, store, workflows });
  host.open();
  try {
    if (whenOwned === 'standby') tellRefusal(host, options.onError ?? errorsTo(options.logger));
    else await host.owned;
  } catch (error) {
    await host.close();
    throw error;
  }
  return Object.assign(createClient<WorkflowMap<TWorkflows>>(linkLocally(host)), { drain: () => host.drain() });
}

/** A standby that can't become owner has nobody who waits to be told. */
function tellRefusal(host: Host, onError: (error: unknown) => void): void {
  host.owned.catch((error) => {
    if (!isHoldfastError(error, 'CLOSED')) onError(error);
  });
}
