import { type Arrival, clearsActions, type Effects, type LeafAddress } from '../decide/arrivals.js';
import { Decider } from '../decide/decider.js';
import type { AnyServices, StandIns } from '../define/steps-logic.js';
import type { AnyWorkflow } from '../define/workflow.js';
import type { Leaf, PendingAction, RootView } from '../engine/index.js';
import type { InboxRow, RunRow, StoredRun } from '../records/records.js';
import type { Ownership, Store } from '../store/store.js';
import { Performer } from './performer.js';
import type { Around, Clock, Connectivity, Effect } from './ports.js';

/** What a live run needs of its host. */
export interface LiveRunPorts {
  readonly store: Store;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly connectivity: Connectivity;
  readonly services: AnyServices;
  readonly steps: StandIns;
  readonly around: Around;
  /** Called after each commit. */
  published(run: LiveRun): void;
  /** Called when the run has nothing to do but to wait; `gone` when it was deleted or starts anew. */
  rested(run: LiveRun, gone: Effects['gone']): void;
  /** A commit, or the code of the workflow, failed: the run is to be thrown away, and loaded again. */
  broken(run: LiveRun, error: unknown): void;
  emitted(run: LiveRun, event: { readonly type: string }): void;
  log(...args: readonly unknown[]): void;
  /** Tells of trouble that changes nothing. */
  report(run: LiveRun, error: unknown): void;
}

/** No timer goes before these. */
const OPENING = new Set<Arrival['kind']>(['start', 'version', 'control']);

/**
 * A run in memory: takes arrivals one by one, lets the decider decide, commits, publishes, performs.
 *
 * Owns: the run's decider, its queue of arrivals, what it performs. Never: other runs, the acquisition of the store.
 * 1. Nothing of a decision is seen or done before its commit is durable.
 * 2. One decision at a time; arrivals of one sender are taken in their order. Controls overtake.
 * 3. An event accepted at or before a timer's deadline is taken before that timer.
 * 4. After `stop` nothing is committed and no effect begins.
 */
export class LiveRun {
  /** Whether another definition wrote it: then its first checkpoint brings it in line. */
  readonly takesOver: boolean;
  readonly #ports: LiveRunPorts;
  readonly #decider: Decider;
  readonly #performer: Performer;
  readonly #queue: { arrival: Arrival; at: number }[] = [];
  readonly #taken = new Set<number>();
  #durable: { readonly row: RunRow; readonly view: RootView };
  #pending: { actions: readonly PendingAction[]; start: readonly Leaf[] } | undefined;
  #turning = false;
  #stopped = false;
  #cancelTimer: (() => void) | undefined;

  /** @throws what `Decider` throws. */
  constructor(workflow: AnyWorkflow, stored: StoredRun, ports: LiveRunPorts) {
    this.#ports = ports;
    this.#decider = new Decider(workflow, stored, (message) => this.push({ kind: 'message', message }));
    this.#durable = { row: this.#decider.row, view: this.#decider.view() };
    this.#pending = this.#decider.pending();
    this.#performer = new Performer(this.#decider, ports, {
      push: (arrival) => this.push(arrival),
      around: (effect, perform) => this.#around(effect, perform),
      mayBegin: () => this.#mayBegin(),
      emitted: (event) => ports.emitted(this, event),
      report: (error) => ports.report(this, error),
      calmed: () => this.#lookForRest(),
      unfit: (error) => {
        if (!this.#stopped) ports.broken(this, error);
      },
    });
    this.takesOver = this.#decider.takesOver;
    if (stored.row.seq === 0) this.push({ kind: 'start' });
    if (this.takesOver) this.push({ kind: 'version' });
    for (const message of this.#decider.messages) this.push({ kind: 'message', message });
    this.take(stored.inbox);
    this.#wake();
  }

  get row(): RunRow {
    return this.#decider.row;
  }

  /** The run as its last durable checkpoint left it: what may be shown. */
  get durable(): { readonly row: RunRow; readonly view: RootView } {
    return this.#durable;
  }

  /** Takes in inbox rows; those it has are passed over. False when it was stopped: then they are to be given to its next life. */
  take(rows: readonly InboxRow[], attachments?: ReadonlyMap<string, Blob>): boolean {
    if (this.#stopped) return false;
    if (attachments) this.#decider.learn(attachments);
    for (const row of rows) {
      if (this.#taken.has(row.n)) continue;
      this.#taken.add(row.n);
      if (row.lane === 'control') this.#queue.unshift({ arrival: { kind: 'control', row }, at: row.acceptedAt });
      else this.#queue.push({ arrival: { kind: 'event', row }, at: row.acceptedAt });
    }
    this.#wake();
    return true;
  }

  push(arrival: Arrival): void {
    if (this.#stopped) return;
    const last = this.#queue.at(-1);
    if (arrival.kind === 'progress' && last?.arrival.kind === 'progress') last.arrival = arrival;
    else this.#queue.push({ arrival, at: this.#ports.clock.now() });
    this.#wake();
  }

  /** Whether it may be dropped from memory: nothing is queued, and only a deadline or an event can move it. */
  get atRest(): boolean {
    const { status } = this.row;
    const still = status === 'waiting' || this.#decider.closed;
    return still && this.#queue.length === 0 && !this.#turning && this.#performer.quiet;
  }

  /** Ends all it does in this host, whatever its state; the store is not touched. */
  stop(reason: unknown): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#performer.stopAll(reason);
  }

  #wake(): void {
    if (this.#turning || this.#stopped) return;
    this.#turning = true;
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    try {
      await this.#takeUp();
      for (let arrival = this.#next(); arrival && !this.#stopped; arrival = this.#next()) await this.#turn(arrival);
    } catch (error) {
      if (!this.#stopped) this.#ports.broken(this, error);
      return;
    } finally {
      this.#turning = false;
    }
    if (this.#stopped) return;
    this.#armTimer();
    this.#lookForRest();
    if (this.atRest) this.#ports.rested(this, undefined);
  }

  /** After a restore: performs what the record says is under way. */
  async #takeUp(): Promise<void> {
    const pending = this.#pending;
    this.#pending = undefined;
    if (!pending) return;
    if (pending.actions.length > 0) await this.#perform(pending.actions);
    for (const leaf of pending.start) this.#performer.start(leaf);
  }

  /** Removes and returns what is to be taken next. */
  #next(): Arrival | undefined {
    const { timer } = this.#decider;
    const first = this.#queue[0];
    const due = timer !== undefined && !this.#decider.closed && timer.at <= this.#ports.clock.now();
    const opening = first !== undefined && OPENING.has(first.arrival.kind);
    if (due && !opening && (!first || timer.at < first.at)) return { kind: 'timer', key: timer.key };
    return this.#queue.shift()?.arrival;
  }

  async #turn(arrival: Arrival): Promise<void> {
    const { store, ownership, clock } = this.#ports;
    const { epoch } = ownership;
    const quiet = (leaf: LeafAddress) => this.#performer.isQuiet(leaf);
    const { after, ops, durability, effects } = this.#decider.decide(arrival, { now: clock.now(), epoch, quiet });
    const { workflow, run } = this.row;
    await store.commit({ workflow, run, epoch, after, durability, ops });
    if (this.#stopped) return;
    if (effects.gone) {
      this.stop(effects.gone);
      this.#ports.rested(this, effects.gone);
      return;
    }
    this.#durable = { row: this.#decider.row, view: this.#decider.view() };
    this.#ports.published(this);
    await this.#effect(arrival, effects);
  }

  async #effect(arrival: Arrival, effects: Effects): Promise<void> {
    for (const leaf of effects.stop) this.#abandon(leaf);
    if ((arrival.kind === 'step' || arrival.kind === 'heartbeat') && effects.entry) arrival.stored(effects.entry);
    if (arrival.kind === 'begin') arrival.begun();
    for (const args of effects.logged) this.#ports.log(...args);
    if (effects.actions.length > 0) await this.#perform(effects.actions);
    for (const leaf of effects.start) this.#performer.start(leaf);
    for (const event of effects.emitted) {
      this.#around({ kind: 'emit', name: event.type, actor: '' }, () => this.#ports.emitted(this, event));
    }
  }

  /** Its results that have come too late are passed over: they would be checkpoints of nothing. */
  #abandon(leaf: Leaf): void {
    this.#performer.stop(leaf);
    const isIts = ({ arrival }: { arrival: Arrival }) =>
      (arrival.kind === 'actor' || arrival.kind === 'step' || arrival.kind === 'heartbeat') &&
      arrival.leaf.path === leaf.path &&
      arrival.leaf.incarnation === leaf.incarnation;
    const left = this.#queue.filter((queued) => !isIts(queued));
    this.#queue.splice(0, Infinity, ...left);
  }

  /** Only a checkpoint tells how a run stands, and one was made while it was not known yet whether its steps wait. */
  #lookForRest(): void {
    if (this.#stopped || this.#turning || this.#queue.length > 0) return;
    if (this.#decider.mayRest((leaf) => this.#performer.isQuiet(leaf))) this.push({ kind: 'rest' });
  }

  /**
   * Performs custom actions, and gives live actors what they were sent, in order. The first of an actor that throws takes
   * its error path; the rest of that actor's are passed over.
   */
  async #perform(actions: readonly PendingAction[]): Promise<void> {
    const failed = new Map<string, Arrival>();
    for (const { row, receiver, perform } of actions) {
      if (!this.#owned()) return;
      if (failed.has(row.actor)) continue;
      try {
        if (receiver) this.#performer.startReceiver(receiver);
        this.#around({ kind: 'action', name: row.place ?? row.type, actor: row.actor }, perform);
      } catch (error) {
        failed.set(row.actor, { kind: 'performed', failed: { path: row.actor, error } });
      }
    }
    this.#queue.unshift(...[...failed.values()].map((arrival) => ({ arrival, at: 0 })));
    const told = this.#queue.some(({ arrival }) => clearsActions(arrival));
    if (!told) this.#queue.push({ arrival: { kind: 'performed' }, at: 0 });
  }

  #around<T>(effect: Omit<Effect, 'address'>, perform: () => T): T {
    const { workflow, run } = this.row;
    return this.#ports.around({ ...effect, address: { workflow, run } }, perform);
  }

  #owned(): boolean {
    return !this.#stopped && !this.#ports.ownership.lost.aborted;
  }

  /** Before each step: the run must be marked as running, or a crash would leave it waiting; and the store be ours. */
  #mayBegin(): Promise<void> {
    if (!this.#owned()) return new Promise(() => {});
    if (this.row.status !== 'waiting') return Promise.resolve();
    return new Promise((begun) => this.push({ kind: 'begin', begun }));
  }

  #armTimer(): void {
    this.#cancelTimer?.();
    const { timer } = this.#decider;
    this.#cancelTimer = timer && !this.#decider.closed ? this.#ports.clock.at(timer.at, () => this.#wake()) : undefined;
  }
}
