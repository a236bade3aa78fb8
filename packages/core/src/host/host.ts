import { freshId } from '../client/fresh-id.js';
import { checkLabels } from '../client/labels.js';
import { outcomeOf, runPruned } from '../client/outcome.js';
import type { Control, HostApi, Interest, Notice, SendRequest, StartRequest } from '../client/protocol.js';
import { type RunSnapshotData, UNKNOWN } from '../client/snapshot.js';
import { AttachmentBook, decode, encode, encodeGiven, sameText } from '../codec/index.js';
import type { Effects } from '../decide/arrivals.js';
import { type ControlBody, decideControl, decideHeld } from '../decide/control.js';
import { deadLetters } from '../decide/dead-letters.js';
import { Decider } from '../decide/decider.js';
import { RunRecord } from '../decide/run-record.js';
import { restoredRow } from '../decide/suspicion.js';
import { type Duration, toMs } from '../define/duration.js';
import { DEFAULT_LIMITS, type Limits, withLimits } from '../define/limits.js';
import type { Retention } from '../define/retention.js';
import { SCHEDULES, type Schedule } from '../define/schedule.js';
import type { AnyServices, StandIns } from '../define/steps-logic.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { actorRefReducers, type Outcome } from '../engine/index.js';
import { HoldfastError, isHoldfastError } from '../errors/index.js';
import { noStepWorker } from '../isolate/refusals.js';
import type { StepWorker } from '../isolate/step-worker.js';
import {
  type Beginning,
  type Encoded,
  type InboxRow,
  isClosed,
  queuedRow,
  type RunAddress,
  type RunRow,
  type RunStatus,
  type StoredRun,
} from '../records/records.js';
import type { ChildPorts } from '../steps/children.js';
import { unknownRun } from '../store/memory-store.js';
import type { Op, Ownership, Store } from '../store/store.js';
import { runKey } from '../store/tables.js';
import { assertEvent, assertInput, limitsOf } from './acceptable.js';
import { beginningOf, startsLater } from './beginning.js';
import { Changes } from './changes.js';
import { createSystemClock } from './clock.js';
import { Deadlines } from './deadlines.js';
import { checkDev, type DevOptions, restarted, restartOf } from './dev.js';
import { type Drained, type DrainPorts, drained } from './drain.js';
import { Handover, handedOver } from './handover.js';
import { LiveRun, type News } from './live-run.js';
import { loggedStore } from './logged-store.js';
import { errorsTo, type Logger } from './logger.js';
import type { Isolation } from './performer.js';
import type { Around, Clock, Connectivity } from './ports.js';
import { FIRST_RETRY_MS, Problems } from './problems.js';
import { Publisher } from './publisher.js';
import { badCrashLoopLimit, closed, crashLoop, inputDiffers, runExists, stepExhausted } from './refusals.js';
import { Registry, unbumped } from './registry.js';
import { type RetentionSweep, sweepOf } from './retention.js';
import { Scheduler } from './scheduler.js';
import { isParking, toData, withProblem } from './seen.js';
import { Slots } from './slots.js';
import { Suspects } from './suspects.js';

export interface HostOptions {
  readonly store: Store;
  readonly workflows: readonly AnyWorkflow[];
  /** Default: the wall clock. */
  readonly clock?: Clock;
  /** Default: always online. */
  readonly connectivity?: Connectivity;
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
}

/** Executes runs. One per worker, process or test. */
export interface Host extends HostApi {
  /** Begins to ask for ownership of the store, again whenever it is lost. */
  open(): void;
  /** Resolves when this host owns the store for the first time; rejects when the store refuses, as with `STORE_OWNED`. */
  readonly owned: Promise<void>;
  readonly ownership: 'owner' | 'standby';
  listen(listener: (notice: Notice) => void): () => void;
  /**
   * Resolves when this host owns the store and nothing in it is at work or about to be; what is accepted afterwards is
   * attended to as ever. A run with a live actor under way is at work; one whose commits the store refuses is, too.
   * @throws `CLOSED`, store codes.
   */
  drain(): Promise<Drained>;
  /** Stops all runs here (they go on elsewhere, or later), gives the store back and closes it. */
  close(): Promise<void>;
}

const UNFINISHED: readonly RunStatus[] = ['queued', 'running', 'waiting', 'cancelling'];
const ALWAYS_ONLINE: Connectivity = { online: () => true, subscribe: () => () => {} };

/**
 * Makes a host over a store. Nothing happens before `open`.
 * @throws `OPTION_INVALID` when two workflows have one id and one version, or two schedules one id, or `crashLoopLimit`,
 *   `dev`, `limits` or `retention` are not as they have to be, or a workflow is isolated and there is no `stepWorker`;
 *   `WORKFLOW_UNKNOWN` when a schedule is for a workflow that is not among
 *   `workflows`.
 */
export function createHost(options: HostOptions): Host {
  return new StoreHost(options);
}

const NOTHING_NEW: News = { rows: [], attachments: new Map() };

/**
 * Owns: the right to commit while it has it, the runs in memory, the deadlines of those that are not. Never: a run's
 * record (its live run does).
 * 1. A run is in memory at most once; runs are in memory only while this host owns the store.
 * 2. Everything accepted is attended to: at once by the owner, at the latest when the next owner recovers.
 * 3. A run that this code can't take up is parked: nothing of it is written.
 * 4. After a crash a run's head says that it is restored before anything of it is decided or performed.
 * 5. A paused run, a suspect whose turn has not come, and one that is to begin later or waits for a slot, is not in
 *    memory; only controls reach it.
 * 6. A run of a workflow with a limit is in memory only while it has a slot: it leaves as soon as it rests.
 */
class StoreHost implements Host {
  readonly owned: Promise<void>;
  readonly #store: Store;
  readonly #registry: Registry;
  /** Workflows whose owner was told that their version was not raised. */
  readonly #unbumped = new Set<string>();
  readonly #options: Required<
    Omit<HostOptions, 'store' | 'workflows' | 'schedules' | 'limits' | 'retention' | 'logger' | 'stepWorker'>
  > & {
    readonly stepWorker: HostOptions['stepWorker'];
    readonly dev: Required<DevOptions>;
    readonly limits: Limits;
  };
  readonly #publisher: Publisher;
  readonly #deadlines: Deadlines;
  readonly #live = new Map<string, LiveRun>();
  readonly #loading = new Map<string, Promise<LiveRun | undefined>>();
  readonly #problems: Problems;
  readonly #suspects: Suspects;
  readonly #slots: Slots;
  readonly #scheduler: Scheduler;
  readonly #retention: RetentionSweep;
  readonly #changes = new Changes();
  /** Ways to cancel the evictions ahead. */
  readonly #evictions = new Map<string, () => void>();
  readonly #closing = new AbortController();
  #settleOwned: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  #ownership: Ownership | undefined;
  #owning: Promise<void> | undefined;
  #handover: Handover | undefined;
  #unwatch: (() => void) | undefined;

  constructor(options: HostOptions) {
    const { store, workflows, schedules = [], clock = createSystemClock(), connectivity = ALWAYS_ONLINE } = options;
    const { services = {}, steps = {}, evictAfterMs = 5000, frameMs = 16, crashLoopLimit = 3 } = options;
    const { logger, onError = errorsTo(logger), around = (_, perform) => perform() } = options;
    if (!isCrashLoopLimit(crashLoopLimit)) throw badCrashLoopLimit(crashLoopLimit);
    this.#store = logger ? loggedStore(store, logger) : store;
    const dev = checkDev(options.dev);
    const limits = withLimits(DEFAULT_LIMITS, options.limits, 'the host');
    const inside = { services, steps, around, onError, evictAfterMs, frameMs, crashLoopLimit, dev, limits };
    this.#options = { clock, connectivity, stepWorker: options.stepWorker, ...inside };
    const isolated = workflows.find(({ isolate }) => isolate);
    if (isolated && !options.stepWorker) throw noStepWorker(isolated.id);
    this.#registry = new Registry(workflows);
    this.#publisher = new Publisher((interest) => this.#notice(interest), { onError, frameMs });
    this.#problems = new Problems(clock, (address) => void this.#attend(address));
    this.#deadlines = new Deadlines(clock, (key) => void this.#attend(toAddress(key)));
    this.#slots = new Slots({
      clock,
      limitOf: (workflow) => this.#registry.limitOf(workflow),
      granted: (address) => void this.#attend(address),
    });
    for (const { workflow } of schedules) this.#registry.newest(workflow);
    this.#scheduler = new Scheduler(schedules, {
      store: this.#store,
      clock,
      changes: this.#changes,
      start: (address, input) =>
        this.start({ ...address, input: encode(input, 'input'), ifExists: 'join', callId: freshId() }),
      changed: (address) => this.#changedHere(address),
      onError,
    });
    this.#retention = sweepOf(workflows, options.retention, {
      store: this.#store,
      clock,
      isBusy: (address) => this.#live.has(runKey(address)) || this.#loading.has(runKey(address)),
      changed: (address) => this.#changedHere(address),
      onError,
    });
    this.#suspects = new Suspects({
      clock,
      restore: (row) => this.#restore(row),
      outlived: (address) => this.#live.get(runKey(address))?.push({ kind: 'outlived' }),
    });
    this.owned = new Promise((resolve, reject) => {
      this.#settleOwned = { resolve, reject };
    });
    this.owned.catch(() => {});
  }

  get ownership(): 'owner' | 'standby' {
    return this.#ownership ? 'owner' : 'standby';
  }

  open(): void {
    this.#unwatch ??= this.#store.watch((change) => this.#changedElsewhere(change));
    this.#owning ??= this.#own();
  }

  listen(listener: (notice: Notice) => void): () => void {
    listener({ kind: 'host', ownership: this.ownership });
    return this.#publisher.listen(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort(closed());
    this.#settleOwned?.reject(closed());
    await this.#owning;
    this.#publisher.close();
    this.#unwatch?.();
    await this.#store.close();
  }

  async start(request: StartRequest): Promise<RunAddress> {
    return this.#start(request);
  }

  /** How step functions of a run reach others. */
  #childrenOf({ workflow, run }: RunAddress): ChildPorts {
    return {
      start: async ({ key, input, ...child }) => {
        checkLabels(child.labels ?? {}, 'child');
        const request = { ...child, callId: key, ifExists: 'fail', input: encodeGiven(input, 'input') } as const;
        const started = await this.#start(request, { workflow, run });
        // A singleton gives another one, which is nobody's child.
        if (started.run !== child.run) throw runExists(started);
      },
      outcome: (child, signal) => this.#outcomeOf(child, signal),
      cancel: (child, callId) => this.#ask(child, callId),
    };
  }

  /** Asks a run to end; where it has ended, or is gone, there is nothing to ask. */
  async #ask(address: RunAddress, callId: string): Promise<void> {
    if (isClosed((await this.#store.head(address))?.status ?? 'done')) return;
    const body = encode(toBody({ control: 'cancel' }, address.workflow), 'control');
    await this.#accept(address, 'control', callId, body).catch((error) => {
      if (!isHoldfastError(error, 'RUN_UNKNOWN')) throw error;
    });
  }

  async #outcomeOf(address: RunAddress, signal: AbortSignal): Promise<Outcome> {
    let outcome: Outcome | undefined;
    const hasEnded = async () => {
      const seen = await this.#see(address);
      outcome = seen.run.status === 'parked' ? undefined : outcomeOf(address, seen, true);
      return outcome !== undefined;
    };
    await this.#changes.until(address, hasEnded, signal);
    return outcome as Outcome;
  }

  async #start(request: StartRequest, parent?: RunAddress): Promise<RunAddress> {
    const { workflow, run, input, ifExists, callId } = request;
    const definition = this.#registry.newest(workflow);
    assertInput(definition, input, this.#limits(workflow));
    const begin = { ...beginningOf(definition, request), ...(parent ? { parent } : {}) };
    const now = this.#options.clock.now();
    const { value, fresh } = new AttachmentBook().toStored(input);
    const row = queuedRow({ workflow, run, key: callId, ...begin }, now);
    const accepted = await this.#store.accept({ kind: 'start', row, input: value, attachments: fresh });
    if (accepted.outcome === 'singleton') return this.#meet(accepted.row, request, parent);
    if (accepted.outcome === 'exists' && accepted.row.key !== callId) {
      if (ifExists === 'restart') return this.#restart(request, begin);
      if (accepted.row.status === 'pruned') throw runPruned(request);
      if (ifExists === 'fail') throw runExists(request);
      if (!sameText(accepted.input, value)) throw inputDiffers(request);
    }
    this.#changedHere({ workflow, run });
    // One that is there and queued may be of a call whose answer was lost, and known to nobody.
    const queued = accepted.outcome !== 'exists' || accepted.row.status === 'queued';
    if (this.#ownership && queued) void this.#attend({ workflow, run });
    return { workflow, run };
  }

  /** A start met the one run there may be: gives that one, or starts when it has ended. */
  async #meet({ workflow, run, status }: RunRow, request: StartRequest, parent?: RunAddress): Promise<RunAddress> {
    const address = { workflow, run };
    if (this.#ownership && status === 'queued') void this.#attend(address);
    if (this.#registry.newest(workflow).singleton?.onConflict !== 'cancel') return address;
    await this.control({ ...address, callId: `${request.callId} cancels`, control: { control: 'cancel' } });
    const isOver = async () => isClosed((await this.#store.head(address))?.status ?? 'done');
    await this.#changes.until(address, isOver, this.#closing.signal);
    return this.#start(request, parent);
  }

  async send({ workflow, run, id, event, until }: SendRequest): Promise<void> {
    assertEvent(this.#registry.all(workflow), event, this.#limits(workflow));
    const n = await this.#accept({ workflow, run }, 'event', id, event);
    if (until === 'processed') await this.#untilTaken({ workflow, run }, n);
  }

  async control({ workflow, run, callId, control }: Parameters<HostApi['control']>[0]): Promise<void> {
    const address = { workflow, run };
    const body = toBody(control, workflow);
    // A repeated call may find its own work done; that there is nothing left is what it asks for.
    if (!(await this.#store.head(address))) return;
    const n = await this.#accept(address, 'control', callId, encode(body, 'control'));
    await this.#untilTaken(address, n);
  }

  list: HostApi['list'] = (query) => this.#store.list(query);
  history: HostApi['history'] = (address, options) => this.#store.history(address, options);

  async deadLetters(address: RunAddress): Promise<Encoded> {
    const stored = await this.#store.load(address);
    return encode(stored ? deadLetters(new RunRecord(stored)) : [], 'dead letters');
  }

  async watch(interest: Interest): Promise<void> {
    this.#publisher.watch(interest);
  }

  async unwatch(interestId: string): Promise<void> {
    this.#publisher.unwatch(interestId);
  }

  async drain(): Promise<Drained> {
    let found: Drained | undefined;
    const isDrained = async () => {
      found = this.#ownership ? await drained(this.#drainPorts()) : undefined;
      return found !== undefined;
    };
    await this.#changes.untilAny(isDrained, this.#closing.signal);
    return found as Drained;
  }

  #drainPorts(): DrainPorts {
    return {
      store: this.#store,
      now: this.#options.clock.now(),
      schedules: this.#scheduler,
      isParked: (address) => isParking(this.#problems.errorOf(address)),
      isInLine: (row) => this.#registry.isInLine(row),
    };
  }

  /** Of the version that new runs take. */
  #limits(workflow: string): Limits {
    return limitsOf(this.#registry.newest(workflow), this.#options.limits);
  }

  async #accept(address: RunAddress, lane: InboxRow['lane'], id: string, body: Encoded): Promise<number> {
    const { value, fresh } = new AttachmentBook().toStored(body);
    const row = { ...address, lane, id, acceptedAt: this.#options.clock.now(), body: value };
    const limit = lane === 'event' ? { limit: this.#limits(address.workflow).inboxLength } : {};
    const accepted = await this.#store.accept({ kind: 'inbox', row, attachments: fresh, ...limit });
    if (accepted.outcome !== 'queued') throw unknownRun(address.workflow, address.run);
    const { n } = accepted;
    if (this.#ownership) {
      const attachments = new Map(fresh.map(({ id, blob }) => [id, blob] as const));
      void this.#attend(address, { rows: [{ ...row, n }], attachments });
    }
    return n;
  }

  /** Replaces a run by a new one; resolves when the new one is there. */
  async #restart({ workflow, run, input, callId }: StartRequest, begin: Beginning): Promise<RunAddress> {
    const address = { workflow, run };
    const body = encode({ control: 'restart', begin, input: decode(input) } satisfies ControlBody, 'input');
    const n = await this.#accept(address, 'control', callId, body);
    await this.#untilTaken(address, n);
    return address;
  }

  /** Asks for ownership, hosts while it lasts, and again. */
  async #own(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const ownership = await this.#acquire();
      if (!ownership) continue;
      if (ownership.afterCrash) this.#suspects.expect();
      this.#ownership = ownership;
      this.#publisher.tell({ kind: 'host', ownership: 'owner' });
      this.#settleOwned?.resolve();
      const lost = new Promise<void>((resolve) => {
        for (const end of [ownership.lost, signal]) {
          if (end.aborted) resolve();
          end.addEventListener('abort', () => resolve(), { once: true });
        }
        this.#fenced = resolve;
        this.#handover = new Handover(
          ownership.wanted,
          () => [...this.#live.values()].some(({ busy }) => busy),
          () => {
            this.#stopAll(handedOver());
            resolve();
          },
        );
      });
      void this.#recover(ownership);
      await lost;
      this.#handover?.end();
      if (this.#ownership) this.#stopAll(ownership.lost.reason ?? closed());
      await ownership.release().catch((error) => this.#options.onError(error));
    }
  }

  #fenced: () => void = () => {};

  async #acquire(): Promise<Ownership | undefined> {
    const { signal } = this.#closing;
    try {
      return await this.#store.acquire({ signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#settleOwned?.reject(error);
      if (isHoldfastError(error) && !error.retryable) this.#closing.abort(error);
      else {
        this.#options.onError(error);
        await this.#pause(FIRST_RETRY_MS);
      }
      return undefined;
    }
  }

  /** Resolves after that long, or when this host closes. */
  #pause(ms: number): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const cancel = clock.at(clock.now() + ms, resolve);
      const end = () => {
        cancel();
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
    });
  }

  /** Takes over, again after a while where the store fails: nobody else would. */
  async #recover(ownership: Ownership): Promise<void> {
    while (this.#ownership === ownership) {
      try {
        return await this.#takeOver(ownership);
      } catch (error) {
        if (this.#ownership !== ownership) return;
        this.#options.onError(error);
        await this.#pause(FIRST_RETRY_MS);
      }
    }
  }

  /** Takes up what an owner before has left. */
  async #takeOver(ownership: Ownership): Promise<void> {
    const { afterCrash } = ownership;
    const accepted = new Map<string, InboxRow>();
    for (const row of await this.#store.inbox()) if (!accepted.has(runKey(row))) accepted.set(runKey(row), row);
    const inMotion: RunRow[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.#store.list({ status: UNFINISHED, ...(after === undefined ? {} : { after }) });
      for (const row of page.rows) {
        const moves = this.#isInMotion(row) || !this.#registry.isInLine(row);
        if (accepted.has(runKey(row)) || moves) inMotion.push(row);
        else if (row.nextDeadlineAt !== undefined) this.#deadlines.set(runKey(row), row.nextDeadlineAt);
      }
      if (page.cursor === undefined) break;
      after = page.cursor;
    }
    this.#slots.lineUp(inMotion, accepted);
    for (const row of inMotion) if (!this.#onlyQueues(row)) accepted.delete(runKey(row));
    if (afterCrash) void this.#suspects.begin(inMotion, this.#options.crashLoopLimit);
    else for (const row of inMotion) await this.#restore(row);
    for (const row of accepted.values()) await this.#attend(row);
    // It may be another's by now.
    if (this.#ownership !== ownership) return;
    this.#scheduler.begin(ownership.epoch);
    this.#retention.begin(ownership.epoch);
    this.#publisher.allChanged();
    // An owner may die between a commit and its word to the others.
    this.#changes.tellAll();
  }

  #isInMotion(row: RunRow): boolean {
    const { status, nextDeadlineAt = Infinity, children = 0 } = row;
    const now = this.#options.clock.now();
    // What its children came to it may not have been told.
    return nextDeadlineAt <= now || children > 0 || (status !== 'waiting' && !startsLater(row, now));
  }

  /** Whether its turn will come with a slot, and nothing else is to be done about it. */
  #onlyQueues(row: RunRow): boolean {
    return row.status === 'queued' && this.#slots.waitsSince(row) !== undefined;
  }

  async #restore(row: RunRow): Promise<void> {
    if (!this.#onlyQueues(row)) await this.#attend(row);
    if (!this.#live.has(runKey(row))) this.#suspects.settled(row);
  }

  #stopAll(reason: unknown): void {
    this.#ownership = undefined;
    for (const run of this.#live.values()) run.stop(reason);
    this.#live.clear();
    this.#loading.clear();
    this.#deadlines.clear();
    for (const cancel of this.#evictions.values()) cancel();
    this.#evictions.clear();
    this.#problems.clear();
    this.#slots.clear();
    this.#scheduler.stop();
    this.#retention.stop();
    this.#suspects.clear();
    this.#publisher.tell({ kind: 'host', ownership: 'standby' });
    this.#publisher.allChanged();
  }

  /** Brings a run into memory, and gives it what it has not taken in yet. */
  async #attend(address: RunAddress, news?: News): Promise<void> {
    const { workflow, run } = address;
    const key = runKey(address);
    try {
      const known = this.#live.has(key) || this.#loading.has(key);
      const live = await this.#activate({ workflow, run });
      if (!live) {
        // What it is to be given may have been accepted after it was read.
        if (known) await this.#attend(address, news);
        return;
      }
      // What was there before it was loaded it has: a control may even have been carried out by then.
      const { rows, attachments } = known ? (news ?? (await this.#readInbox({ workflow, run }))) : NOTHING_NEW;
      // It may have been put to rest in the meantime.
      if (!live.take(rows, attachments)) await this.#attend(address, news);
    } catch (error) {
      await this.#failed({ workflow, run }, error);
    }
  }

  /** A run could not be brought into memory, or can't stay there. */
  async #failed(address: RunAddress, error: unknown): Promise<void> {
    try {
      if (isParking(error) && ((await this.#controlParked(address)) || (await this.#startAnew(address, error)))) return;
      this.#trouble(address, error);
    } catch (failure) {
      this.#broken(address, failure);
    }
  }

  /** In development, a run that this code does not fit starts anew. True when it does. */
  async #startAnew(address: RunAddress, error: unknown): Promise<boolean> {
    const { dev, clock, onError } = this.#options;
    const ownership = this.#ownership;
    const stored = dev.onMismatch === 'restart' ? await this.#store.load(address) : undefined;
    if (!stored || !ownership) return false;
    const op = restartOf(stored, error, () => this.#registry.newest(address.workflow).version, clock.now());
    if (!op) return false;
    const { epoch } = ownership;
    await this.#store.commit({ ...address, epoch, after: stored.row.seq, durability: 'strict', ops: [op] });
    onError(restarted(address, error), address);
    this.#gone(address, 'restarted');
    return true;
  }

  /** A run that can't be taken up can still be ended, deleted or started anew. True when it was. */
  async #controlParked(address: RunAddress): Promise<boolean> {
    const stored = await this.#store.load(address);
    const ownership = this.#ownership;
    if (!stored || !ownership) return false;
    const after = await this.#carryOut(stored, ownership);
    return !after || isClosed(after.row.status);
  }

  /**
   * Carries out the controls of a run that is not in memory; gives the run as it is then, or nothing when it is gone. Some
   * stay in the inbox until it is in memory.
   */
  async #carryOut(stored: StoredRun, ownership: Ownership): Promise<StoredRun | undefined> {
    const { workflow, run } = stored.row;
    const { epoch } = ownership;
    const record = new RunRecord(stored);
    let { row } = stored;
    const taken = new Set<number>();
    const commit = (ops: readonly Op[]) =>
      this.#store.commit({ workflow, run, epoch, after: row.seq, durability: 'strict', ops });
    for (const control of stored.inbox.filter(({ lane }) => lane === 'control')) {
      const body = record.decode(control.body) as ControlBody;
      const now = this.#options.clock.now();
      if (body.control === 'delete' || body.control === 'restart') {
        const { op, gone } = decideControl(body, { workflow, run, id: control.id, now });
        await commit([op]);
        this.#gone({ workflow, run }, gone);
        return undefined;
      }
      const held = decideHeld(body, control, { row, record }, { now, epoch });
      if (!held) continue;
      await commit(held.ops);
      if (held.ops.some(({ op }) => op === 'taken')) taken.add(control.n);
      row = held.row;
      this.#changedHere({ workflow, run });
    }
    if (taken.size === 0 && row === stored.row) return stored;
    // Read anew: what was to be done of a run that was ended is gone.
    return this.#store.load({ workflow, run });
  }

  async #readInbox(address: RunAddress): Promise<News> {
    const rows = await this.#store.inbox(address);
    const withAttachments = rows.some(({ body }) => body.attachments?.length);
    const stored = withAttachments ? await this.#store.load(address) : undefined;
    return { rows, attachments: stored?.attachments ?? new Map() };
  }

  #activate(address: RunAddress): Promise<LiveRun | undefined> {
    const key = runKey(address);
    const live = this.#live.get(key);
    if (live) return Promise.resolve(live);
    const loading = this.#loading.get(key) ?? this.#load(address);
    this.#loading.set(key, loading);
    return loading;
  }

  async #load(address: RunAddress): Promise<LiveRun | undefined> {
    const key = runKey(address);
    const ownership = this.#ownership;
    try {
      await this.#suspects.known;
      const found = await this.#store.load(address);
      if (!found || !ownership || this.#ownership !== ownership) return undefined;
      this.#problems.tried(address);
      this.#deadlines.delete(key);
      const stored = await this.#admit(found, ownership);
      if (!stored || this.#ownership !== ownership) return undefined;
      const live = this.#revive(stored, ownership);
      this.#live.set(key, live);
      return live;
    } finally {
      if (this.#ownership === ownership) {
        this.#loading.delete(key);
        if (!this.#live.has(key)) this.#slots.giveBack(address);
      }
    }
  }

  /** The run, when it may be brought into memory now; its head says so where it is restored after a crash. */
  async #admit(stored: StoredRun, ownership: Ownership): Promise<StoredRun | undefined> {
    if (this.#isHeld(stored)) {
      const after = await this.#carryOut(stored, ownership);
      // What is left of them is carried out in memory, and waits for no slot.
      if (after?.inbox.some(({ lane }) => lane === 'control')) this.#slots.overtake(after.row);
      if (after && this.#isHeld(after)) await this.#leave(after.row, ownership);
      return !after || this.#isHeld(after) ? undefined : this.#admit(after, ownership);
    }
    if (!this.#suspects.isUnmarked(stored.row)) return stored;
    const { clock, crashLoopLimit } = this.#options;
    const row = restoredRow(stored.row, crashLoopLimit, clock.now());
    const { workflow, run, seq: after } = row;
    const ops: Op[] = [{ op: 'run', row }];
    await this.#store.commit({ workflow, run, epoch: ownership.epoch, after, durability: 'strict', ops });
    this.#suspects.marked(row);
    this.#changedHere(row);
    if (row.status !== 'paused') return { ...stored, row };
    this.#options.onError(crashLoop(row), { workflow, run });
    return undefined;
  }

  #isHeld({ row, inbox }: StoredRun): boolean {
    if (row.workflow === SCHEDULES || row.status === 'paused' || row.status === 'pruned') return true;
    if (this.#suspects.waits(row)) return true;
    return startsLater(row, this.#options.clock.now()) || !this.#slots.claim(row, inbox[0]?.acceptedAt);
  }

  /** One that is held is brought back when it is to begin, or by its slot, for which it is seen to wait. */
  async #leave(row: RunRow, ownership: Ownership): Promise<void> {
    const { workflow, run, seq: after, nextDeadlineAt } = row;
    if (startsLater(row, this.#options.clock.now())) this.#deadlines.set(runKey(row), nextDeadlineAt as number);
    const since = this.#slots.waitsSince(row);
    if (since === undefined || row.status === 'queued' || row.status === 'paused') return;
    const ops: Op[] = [{ op: 'run', row: { ...row, status: 'queued', updatedAt: Math.max(row.updatedAt, since) } }];
    await this.#store.commit({ workflow, run, epoch: ownership.epoch, after, durability: 'relaxed', ops });
    this.#changedHere({ workflow, run });
  }

  #revive(stored: StoredRun, ownership: Ownership): LiveRun {
    const { clock, connectivity, services, steps, around, onError, dev, limits } = this.#options;
    const workflow = this.#registry.of(stored.row);
    const live = new LiveRun(workflow, stored, {
      store: this.#store,
      ownership,
      clock,
      connectivity,
      services,
      steps,
      around,
      checkDeterminism: dev.checkDeterminism,
      limits: limitsOf(workflow, limits),
      isolation: this.#isolationOf(workflow),
      published: ({ row }) => {
        // Not before: a run whose commits go on failing is to be tried less and less often.
        this.#problems.forget(row);
        if (!row.suspicion) this.#suspects.settled(row);
        this.#changedHere(row);
        this.#handover?.look();
        if (row.parent && isClosed(row.status) && this.#ownership) void this.#attend(row.parent);
      },
      beginning: () => this.#handover?.look(),
      childrenOf: ({ row }) => this.#childrenOf(row),
      rested: (run, gone) => this.#rested(run, gone),
      paused: (run) => this.#putAway(run),
      broken: ({ row }, error) => this.#broken(row, error),
      emitted: ({ row }, event) => this.#emitted(row, event),
      log: (...args) => console.log(...args),
      readInbox: ({ row }) => this.#readInbox({ workflow: row.workflow, run: row.run }),
      report: ({ row }, error) => onError(error, row),
    });
    this.#tellUnbumped(live, stored.row);
    return live;
  }

  #isolationOf({ id: workflow, version, isolate }: AnyWorkflow): Isolation | undefined {
    const { stepWorker } = this.#options;
    return isolate && stepWorker ? { workflow, version, makeWorker: stepWorker } : undefined;
  }

  #tellUnbumped({ takesOver }: LiveRun, row: RunRow): void {
    const { version } = this.#registry.of(row);
    const key = `${row.workflow}@${version}`;
    if (!takesOver || version !== row.version || this.#unbumped.has(key)) return;
    this.#unbumped.add(key);
    this.#options.onError(unbumped(row), { workflow: row.workflow, run: row.run });
  }

  /** Its cause is committed: an event that can't be told is no reason to throw the run away. */
  #emitted(address: RunAddress, event: { readonly type: string }): void {
    try {
      this.#publisher.emitted(address, encode(event, 'event', actorRefReducers));
    } catch (error) {
      this.#options.onError(error, address);
    }
  }

  #rested(run: LiveRun, gone: Effects['gone']): void {
    const address = { workflow: run.row.workflow, run: run.row.run };
    if (gone) {
      this.#gone(address, gone);
      return;
    }
    const key = runKey(address);
    const { clock, evictAfterMs } = this.#options;
    this.#problems.forget(address);
    if (this.#slots.isLimited(address)) {
      this.#evict(run);
      return;
    }
    this.#evictions.get(key)?.();
    this.#evictions.set(
      key,
      clock.at(clock.now() + evictAfterMs, () => this.#evict(run)),
    );
  }

  #gone(address: RunAddress, gone: NonNullable<Effects['gone']>): void {
    this.#live.delete(runKey(address));
    this.#problems.forget(address);
    this.#slots.forget(address);
    this.#suspects.forget(address);
    this.#changedHere(address);
    if (gone === 'restarted') void this.#attend(address);
  }

  #evict(run: LiveRun): void {
    const key = runKey(run.row);
    this.#evictions.delete(key);
    if (this.#live.get(key) !== run || !run.atRest) return;
    this.#drop(run);
    const { nextDeadlineAt } = run.row;
    if (nextDeadlineAt !== undefined) this.#deadlines.set(key, nextDeadlineAt);
  }

  /** A paused run is not in memory. */
  #putAway(run: LiveRun): void {
    if (this.#live.get(runKey(run.row)) !== run) return;
    this.#drop(run);
    this.#problems.forget(run.row);
    this.#suspects.settled(run.row);
    this.#changedHere(run.row);
  }

  #drop(run: LiveRun): void {
    run.stop(new HoldfastError('CLOSED', { message: 'The run was put to rest.' }));
    this.#live.delete(runKey(run.row));
    this.#slots.giveBack(run.row);
  }

  #broken(address: RunAddress, error: unknown): void {
    const key = runKey(address);
    this.#live.get(key)?.stop(error);
    this.#live.delete(key);
    this.#slots.giveBack(address);
    if (isHoldfastError(error, 'STORE_FENCED')) this.#fenced();
    else void this.#failed({ workflow: address.workflow, run: address.run }, error);
  }

  /** Parks a run, or tries it again after a while: its memory is gone, its record as the last commit left it. */
  #trouble(address: RunAddress, error: unknown): void {
    if (!this.#ownership || isHoldfastError(error, 'CLOSED')) return;
    this.#problems.add(address, error);
    this.#options.onError(error, address);
    this.#changedHere(address);
  }

  #changedHere(address: RunAddress): void {
    this.#publisher.changed(address);
    this.#changes.tell(address);
  }

  #changedElsewhere({ kind, workflow, run }: { kind: 'accepted' | 'committed' } & RunAddress): void {
    if (kind === 'accepted' && this.#ownership) void this.#attend({ workflow, run });
    this.#changedHere({ workflow, run });
  }

  /** Resolves when the inbox row `n` has left the inbox, in whichever host. */
  #untilTaken(address: RunAddress, n: number): Promise<void> {
    const taken = async () => (await this.#store.inbox(address)).every((row) => row.n !== n);
    return this.#changes.until(address, taken, this.#closing.signal);
  }

  async #notice(interest: Interest): Promise<Notice> {
    if (interest.kind === 'run') {
      return { kind: 'run', interest: interest.id, snapshot: await this.#snapshot(interest.address) };
    }
    const { rows } = await this.#store.list(interest.query);
    return { kind: 'runs', interest: interest.id, rows };
  }

  async #snapshot(address: RunAddress): Promise<Encoded> {
    const data = await this.#see(address);
    return encode(data, 'snapshot', actorRefReducers);
  }

  async #see(address: RunAddress): Promise<RunSnapshotData> {
    const live = this.#live.get(runKey(address));
    if (live) return toData(live.durable.row, live.durable.view);
    const stored = await this.#store.load(address);
    if (!stored) return { ...UNKNOWN, run: { ...UNKNOWN.run, status: 'absent' } };
    if (stored.row.status === 'pruned') return toData(stored.row, { ...UNKNOWN, status: 'stopped' });
    try {
      const decider = new Decider(this.#registry.of(stored.row), stored, () => {});
      const data = toData(stored.row, decider.view());
      return withProblem(data, 'paused', this.#problems.errorOf(address) ?? pauseOf(stored.row, decider));
    } catch (error) {
      return withProblem(toData(stored.row, UNKNOWN), 'parked', error);
    }
  }
}

function isCrashLoopLimit(limit: unknown): boolean {
  return limit === Infinity || (Number.isInteger(limit) && (limit as number) >= 2);
}

/** How long a machine has to end by itself once it is offered `holdfast.cancel`, in ms. */
const CANCEL_TIMEOUT_MS = 30_000;

/** @throws `OPTION_INVALID`. */
function toBody(control: Control, workflow: string): ControlBody {
  if (control.control !== 'cancel') return control as ControlBody;
  // There is nothing to be offered its end.
  if (workflow === SCHEDULES) return { control: 'terminate' };
  const { timeout = CANCEL_TIMEOUT_MS } = control;
  return { control: 'cancel', timeoutMs: toMs(timeout, 'timeout of cancel()') };
}

/** Why a run is paused, where its record says so. */
function pauseOf(row: RunRow, { exhausted }: Decider): unknown {
  if (row.reasons.includes('crash-loop')) return crashLoop(row);
  return row.reasons.includes('exhausted') && exhausted
    ? stepExhausted(row, exhausted.step, exhausted.entry)
    : undefined;
}

/** The address behind a {@link runKey}. */
function toAddress(key: string): RunAddress {
  const [workflow = '', run = ''] = key.split('/').map(decodeURIComponent);
  return { workflow, run };
}
