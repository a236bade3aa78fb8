import { freshId } from '../client/fresh-id.js';
import type { ControlRequest, HostApi, Interest, Notice, SendRequest, StartRequest } from '../client/protocol.js';
import { encode } from '../codec/index.js';
import type { Encoded, RunAddress, RunRow, StoredRun } from '../records/records.js';
import type { Ownership, StoreChange } from '../store/store.js';
import { Acceptance } from './acceptance.js';
import { Admission } from './admission.js';
import { childPortsOf } from './child-ports.js';
import { Deadlines } from './deadlines.js';
import { type Drained, drained } from './drain.js';
import { carryOut } from './held-controls.js';
import type { Gone } from './live-run.js';
import { LiveRuns } from './live-runs.js';
import { type HostOptions, type Settings, settingsOf } from './options.js';
import { Owner } from './owner.js';
import { Problems } from './problems.js';
import { Recovery } from './recovery.js';
import { Registry } from './registry.js';
import { type RetentionSweep, sweepOf } from './retention.js';
import { Revival } from './revival.js';
import { RunViews } from './run-views.js';
import { Scheduler } from './scheduler.js';
import { isParking } from './seen.js';
import { Setbacks } from './setbacks.js';
import { Slots } from './slots.js';
import { Suspects } from './suspects.js';

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
/**
 * Ties together what a host is made of. Who does what is told by the parts; what they need of each other, they get here.
 *
 * Owns: its parts, and the watch over the store. Never: a decision about a run.
 * 1. Everything accepted is attended to: at once by the owner, at the latest when the next owner recovers.
 * 2. What was begun under an ownership is stopped when that is lost.
 */
class StoreHost implements Host {
  readonly #settings: Settings;
  readonly #owner: Owner;
  readonly #problems: Problems;
  readonly #deadlines: Deadlines;
  readonly #slots: Slots;
  readonly #suspects: Suspects;
  readonly #registry: Registry;
  readonly #views: RunViews;
  readonly #acceptance: Acceptance;
  readonly #runs: LiveRuns;
  readonly #recovery: Recovery;
  readonly #scheduler: Scheduler;
  readonly #retention: RetentionSweep;
  #unwatch: (() => void) | undefined;
  #unhear: (() => void) | undefined;

  constructor(options: HostOptions) {
    const settings = settingsOf(options);
    const { store, clock, workflows, onError } = settings;
    this.#settings = settings;
    this.#registry = new Registry(workflows);
    this.#owner = new Owner({
      store,
      clock,
      begun: (ownership) => this.#begin(ownership),
      ended: (reason) => this.#end(reason),
      isBusy: () => this.#runs.busy,
      onError,
    });
    this.#problems = new Problems(clock, (address) => void this.#runs.attend(address));
    this.#deadlines = new Deadlines(clock, (key) => void this.#runs.attend(toAddress(key)));
    this.#slots = new Slots({
      clock,
      limitOf: (workflow) => this.#registry.limitOf(workflow),
      granted: (address) => void this.#runs.attend(address),
    });
    this.#suspects = new Suspects({
      clock,
      restore: (row) => this.#recovery.restore(row),
      outlived: (address) => this.#runs.get(address)?.push({ kind: 'outlived' }),
    });
    this.#views = new RunViews({
      ...this.#shared(),
      relay: settings.relay,
      isHost: true,
      live: (address) => this.#runs.get(address),
    });
    this.#acceptance = this.#makeAcceptance();
    this.#runs = this.#makeRuns();
    this.#recovery = this.#makeRecovery();
    this.#scheduler = this.#makeScheduler();
    this.#retention = sweepOf(workflows, settings.retention, {
      ...this.#shared(),
      isBusy: (address) => this.#runs.isBusy(address),
    });
  }

  /** What several parts need. */
  #shared() {
    const { store, clock, onError, frameMs, evictAfterMs, crashLoopLimit, dev, limits } = this.#settings;
    return {
      ...{ store, clock, onError, frameMs, evictAfterMs, crashLoopLimit, dev, limits },
      registry: this.#registry,
      problems: this.#problems,
      deadlines: this.#deadlines,
      slots: this.#slots,
      suspects: this.#suspects,
      ownership: () => this.#owner.ownership,
      changed: (address: RunAddress) => this.#views.changed(address),
    };
  }

  #makeAcceptance(): Acceptance {
    return new Acceptance({
      ...this.#shared(),
      isHost: true,
      changes: this.#views.changes,
      closing: this.#owner.closing,
      accepted: (address, news) => {
        if (this.#owner.ownership) void this.#runs.attend(address, news);
      },
    });
  }

  #makeRuns(): LiveRuns {
    const shared = this.#shared();
    const gone = (address: RunAddress, what: Gone) => this.#runs.gone(address, what);
    const held = {
      carryOut: (stored: StoredRun, ownership: Ownership) => carryOut(stored, ownership, { ...shared, gone }),
    };
    const admission = new Admission({ ...shared, ...held });
    const setbacks = new Setbacks({ ...shared, ...held, gone, fenced: () => this.#owner.fenced() });
    const revival = new Revival({
      settings: this.#settings,
      registry: this.#registry,
      childrenOf: (address) => childPortsOf(address, this.#acceptance, this.#views),
      emitted: (address, event) => this.#views.emitted(address, event),
    });
    return new LiveRuns({
      ...shared,
      admit: (stored, ownership) => admission.admit(stored, ownership),
      revive: (stored, ownership, keeper) => revival.revive(stored, ownership, keeper),
      failed: (address, error) => setbacks.failed(address, error),
      mayYield: () => this.#owner.mayYield(),
    });
  }

  #makeRecovery(): Recovery {
    return new Recovery({
      ...this.#shared(),
      isOwner: (ownership) => this.#owner.ownership === ownership,
      attend: (address) => this.#runs.attend(address),
      isLive: (address) => this.#runs.get(address) !== undefined,
      takenOver: (ownership) => this.#goOn(ownership),
      pause: (ms) => this.#owner.pause(ms),
    });
  }

  #makeScheduler(): Scheduler {
    const { schedules } = this.#settings;
    for (const { workflow } of schedules) this.#registry.newest(workflow);
    return new Scheduler(schedules, {
      ...this.#shared(),
      changes: this.#views.changes,
      start: (address, input) =>
        this.start({ ...address, input: encode(input, 'input'), ifExists: 'join', callId: freshId() }),
    });
  }

  get owned(): Promise<void> {
    return this.#owner.owned;
  }

  get ownership(): 'owner' | 'standby' {
    return this.#owner.ownership ? 'owner' : 'standby';
  }

  open(): void {
    this.#unwatch ??= this.#settings.store.watch((change) => this.#changedElsewhere(change));
    this.#unhear ??= this.#settings.relay?.listen((emission) => this.#views.heard(emission));
    this.#owner.open();
  }

  listen(listener: (notice: Notice) => void): () => void {
    listener({ kind: 'host', ownership: this.ownership });
    return this.#views.listen(listener);
  }

  async close(): Promise<void> {
    await this.#owner.close();
    this.#views.close();
    this.#unwatch?.();
    this.#unhear?.();
    this.#settings.relay?.close();
    await this.#settings.store.close();
  }

  async start(request: StartRequest): Promise<RunAddress> {
    return this.#acceptance.start(request);
  }

  send(request: SendRequest): Promise<void> {
    return this.#acceptance.send(request);
  }

  control(request: ControlRequest): Promise<void> {
    return this.#acceptance.control(request);
  }

  list: HostApi['list'] = (query) => this.#views.list(query);
  history: HostApi['history'] = (address, options) => this.#views.history(address, options);

  deadLetters(address: RunAddress): Promise<Encoded> {
    return this.#views.deadLetters(address);
  }

  async watch(interest: Interest): Promise<void> {
    this.#views.watch(interest);
  }

  async unwatch(interestId: string): Promise<void> {
    this.#views.unwatch(interestId);
  }

  async drain(): Promise<Drained> {
    const { store, clock } = this.#settings;
    let found: Drained | undefined;
    const isDrained = async () => {
      const ports = {
        store,
        now: clock.now(),
        schedules: this.#scheduler,
        isParked: (address: RunAddress) => isParking(this.#problems.errorOf(address)),
        isInLine: (row: RunRow) => this.#registry.isInLine(row),
      };
      found = this.#owner.ownership ? await drained(ports) : undefined;
      return found !== undefined;
    };
    await this.#views.changes.untilAny(isDrained, this.#owner.closing);
    return found as Drained;
  }

  #begin(ownership: Ownership): void {
    void this.#recovery.begin(ownership);
    this.#views.ownershipChanged('owner');
  }

  /** All that was left is taken up: what an owner does of its own accord may begin. */
  #goOn({ epoch }: Ownership): void {
    this.#scheduler.begin(epoch);
    this.#retention.begin(epoch);
    this.#views.allChanged();
  }

  #end(reason: unknown): void {
    this.#runs.stop(reason);
    this.#deadlines.clear();
    this.#problems.clear();
    this.#slots.clear();
    this.#scheduler.stop();
    this.#retention.stop();
    this.#suspects.clear();
    this.#views.ownershipChanged('standby');
  }

  #changedElsewhere(change: StoreChange): void {
    if (change.kind === 'missed') {
      this.#views.allChanged();
      return;
    }
    const { kind, workflow, run } = change;
    if (kind === 'accepted' && this.#owner.ownership) void this.#runs.attend({ workflow, run });
    this.#views.changed({ workflow, run });
  }
}

/** The address behind a {@link runKey}. */
function toAddress(key: string): RunAddress {
  const [workflow = '', run = ''] = key.split('/').map(decodeURIComponent);
  return { workflow, run };
}
