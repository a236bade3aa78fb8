import { checkLabels } from '../define/labels.js';
import { checkOption, checkOptions, FUNCTION, from, type Kinds, oneOf, TEXT } from '../define/options.js';
import type { WorkflowTypes } from '../define/workflow.js';
import type { Labels } from '../records/records.js';
import type { RunQuery } from '../store/store.js';
import { freshId } from './fresh-id.js';
import { Handles } from './handles.js';
import type { HostLink, IfExists, LinkStatus, Notice } from './protocol.js';
import { LinkedRun, type Run, type Subscription } from './run.js';
import { LinkedRunList, type RunList } from './run-list.js';
import { whenOf } from './when.js';

/** The workflows an app can start, by id. */
export type WorkflowTypesById = Record<string, WorkflowTypes>;

/** `input` may be left out where the workflow takes none. */
export type StartOptions<T extends WorkflowTypes> = {
  /** The run's id, unique in its workflow. Default: a new random one. */
  id?: string;
  /** What happens when there is a run of that id: default `join`, which gives that run if its input is the same. */
  ifExists?: IfExists;
  /** A whole number, default 0: of the runs that wait for a slot of their workflow's `concurrency`, the highest go first. */
  priority?: number;
  /** When it begins, a Date or an instant in ms; `queued` till then. Default: at once. */
  startAt?: Date | number;
  /** To find the run by, as in `runs({ labels })`; one that is there already keeps its own. */
  labels?: Labels;
} & (undefined extends T['input'] ? { input?: T['input'] } : { input: T['input'] });

type StartArgs<T extends WorkflowTypes> = undefined extends T['input']
  ? [options?: StartOptions<T>]
  : [options: StartOptions<T>];

/**
 * How this tab's or process's host stands.
 *
 * | status | |
 * |---|---|
 * | `idle` | nothing was called yet, so there is none |
 * | `starting` | it has not answered yet |
 * | `owner`, `standby` | it executes the runs, or another does, and this one shows them |
 * | `unresponsive` | it has not answered for `readyTimeout`: a step may keep its thread busy; calls wait |
 * | `restarting` | it died, and another is being started; calls wait, and are made again |
 * | `unreachable` | none can be had: calls reject with `HOST_UNREACHABLE`; it is tried again now and then |
 * | `closed` | `close()` was called |
 */
export type HostStatus =
  | 'idle'
  | 'starting'
  | 'owner'
  | 'standby'
  | 'unresponsive'
  | 'restarting'
  | 'unreachable'
  | 'closed';

const START: Kinds<StartOptions<WorkflowTypes>> = {
  id: TEXT,
  ifExists: oneOf('join', 'fail', 'restart'),
  priority: null,
  startAt: null,
  labels: null,
  input: null,
};
const STATUSES = 'queued running waiting paused cancelling done failed cancelled pruned'.split(' ');
const QUERY: Kinds<RunQuery> = {
  workflow: TEXT,
  status: ['a status of runs', (status: string) => [status].flat().every((one) => STATUSES.includes(one))],
  labels: null,
  limit: from(1),
  after: TEXT,
};

/** The object an app talks to. */
export interface Holdfast<M extends WorkflowTypesById = WorkflowTypesById> {
  /**
   * Starts a run; resolves when the start is durable. Where its workflow is a `singleton`, it may give the run that is there.
   * @throws `WORKFLOW_UNKNOWN`, `RUN_EXISTS`, `RUN_INPUT_DIFFERS`, `INPUT_INVALID`, `SCHEMA_ASYNC`, `VALUE_NOT_STORABLE`,
   * `VALUE_TOO_LARGE`, `OPTION_INVALID` (nothing is stored then), `HOST_UNREACHABLE`, `CLOSED`, store codes.
   */
  start<K extends keyof M & string>(workflow: K, ...options: StartArgs<M[K]>): Promise<Run<M[K]>>;
  /**
   * A handle on a run, at once, whether the run is there or not; the same object each time.
   * @throws `OPTION_INVALID` for what can be no id.
   */
  run<K extends keyof M & string>(workflow: K, id: string): Run<M[K]>;
  /** A live list of runs. @throws `OPTION_INVALID`. */
  runs(query?: RunQuery & { workflow?: keyof M & string }): RunList;
  /** How this tab's or process's host stands, and whether it is the one that executes runs. */
  readonly host: { getSnapshot(): HostStatus; subscribe(observer: (status: HostStatus) => void): Subscription };
  /** Ends the use of it here; runs go on elsewhere, or when the store is opened next. */
  close(): Promise<void>;
}

/** Makes the object an app talks to, over a link to a host. Nothing is called before it is used. */
export function createClient<M extends WorkflowTypesById>(link: HostLink): Holdfast<M> {
  return new LinkedHoldfast(link) as unknown as Holdfast<M>;
}

/** Owns: the handles, and which notice goes to which. */
class LinkedHoldfast {
  readonly #link: HostLink;
  readonly #handles = new Handles();
  readonly #lists = new Map<string, LinkedRunList>();
  readonly #hostObservers = new Set<(status: HostStatus) => void>();
  #hostStatus: HostStatus = 'idle';
  #status: LinkStatus | undefined;
  /** As the host that answers has said. */
  #ownership: 'owner' | 'standby' | undefined;

  constructor(link: HostLink) {
    this.#link = link;
    link.listen({
      notice: (notice) => this.#heed(notice),
      connected: () => this.#declare(),
      status: (status, error) => this.#setLink(status, error),
    });
    link.closed.catch((error) => this.#failAll(error));
  }

  readonly host = {
    getSnapshot: () => this.#hostStatus,
    subscribe: (observer: (status: HostStatus) => void): Subscription => {
      checkOption(observer, FUNCTION, 'observer', 'subscribe');
      const own = (status: HostStatus) => observer(status);
      this.#hostObservers.add(own);
      return { unsubscribe: () => this.#hostObservers.delete(own) };
    },
  };

  async start(workflow: string, options: StartOptions<WorkflowTypes> = { input: undefined }): Promise<Run> {
    const callId = freshId();
    checkOption(workflow, TEXT, 'workflow', 'start');
    checkOptions(options, 'start', START);
    const { id = callId, ifExists = 'join', input, labels = {} } = options;
    checkLabels(labels, 'start');
    const request = { workflow, run: id, callId, ifExists, labels: { ...labels }, ...whenOf(options) };
    const { run } = await this.#link.call('start', { ...request, input: this.#link.values.give(input, 'input') });
    return this.run(workflow, run);
  }

  run(workflow: string, id: string): Run {
    checkOption(workflow, TEXT, 'workflow', 'run');
    checkOption(id, TEXT, 'id', 'run');
    const interest = `run ${JSON.stringify([workflow, id])}`;
    return this.#handles.of(interest, () => {
      const watching = (run: LinkedRun, watched: boolean) => this.#handles.setWatched(interest, run, watched);
      return new LinkedRun(this.#link, { workflow, run: id }, { interest, watching });
    });
  }

  runs(query: RunQuery = {}): RunList {
    checkOptions(query, 'runs', QUERY);
    if (query.labels !== undefined) checkLabels(query.labels, 'runs');
    const interest = `runs ${JSON.stringify(query)}`;
    const list = this.#lists.get(interest) ?? new LinkedRunList(this.#link, query, interest);
    this.#lists.set(interest, list);
    return list;
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  #heed(notice: Notice<unknown>): void {
    if (notice.kind === 'host') this.#setOwnership(notice.ownership);
    else if (notice.kind === 'lost') this.#failAll(this.#link.values.take(notice.error));
    else if (notice.kind === 'runs') this.#lists.get(notice.interest)?.heed(notice);
    else this.#handles.get(notice.interest)?.heed(notice);
  }

  #setOwnership(ownership: 'owner' | 'standby'): void {
    this.#ownership = ownership;
    this.#tellHost();
  }

  #setLink(status: LinkStatus, error: unknown): void {
    this.#status = status;
    // What another host was says nothing of the next.
    if (status === 'starting' || status === 'restarting' || status === 'unreachable') this.#ownership = undefined;
    this.#tellHost();
    if (status === 'unreachable') this.#failAll(error);
  }

  #failAll(error: unknown): void {
    for (const run of this.#handles.watched) run.fail(error);
  }

  #tellHost(): void {
    const link = this.#status;
    const status = (link === 'answering' ? (this.#ownership ?? 'starting') : link) ?? 'idle';
    if (status === this.#hostStatus) return;
    this.#hostStatus = status;
    for (const observer of [...this.#hostObservers]) observer(status);
  }

  #declare(): void {
    for (const run of this.#handles.watched) run.declare();
    for (const list of this.#lists.values()) list.declare();
  }
}
