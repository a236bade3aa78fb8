import type { Arrival, Effects, LeafAddress, Orphan } from '../decide/arrivals.js';
import { Decider } from '../decide/decider.js';
import type { Limits } from '../define/limits.js';
import type { AnyServices, StandIns } from '../define/steps-logic.js';
import type { AnyWorkflow } from '../define/workflow.js';
import type { Message, PendingAction, RootView } from '../engine/index.js';
import type { Attached, InboxRow, RunRow, StoredRun } from '../records/records.js';
import type { ChildPorts } from '../steps/children.js';
import { ownerKey } from '../steps/journal.js';
import type { Checkpoint, Ownership, Store } from '../store/store.js';
import { ArrivalQueue, type Queueable } from './arrival-queue.js';
import type { News } from './news.js';
import { type Isolation, Performer } from './performer.js';
import type { Around, Clock, Connectivity, Effect, Ground } from './ports.js';
import { type Transaction, writeLocally } from './write-locally.js';

/** What a live run needs of its host. */
export interface LiveRunPorts {
  readonly store: Store;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly connectivity: Connectivity;
  readonly ground: Ground;
  readonly services: AnyServices;
  readonly steps: StandIns;
  readonly checkDeterminism: boolean;
  /** Of its workflow. */
  readonly limits: Limits;
  readonly isolation: Isolation | undefined;
  readonly around: Around;
  /** Called after each commit. */
  published(run: LiveRun): void;
  /** Called before a step begins: the host may stop the run even then. */
  beginning(): void;
  /** Called when the run has nothing to do but to wait; `gone` when it was deleted or starts anew. */
  rested(run: LiveRun, gone: Gone | undefined): void;
  /** It is paused, and nothing of it is under way any more. */
  paused(run: LiveRun): void;
  /** A commit, or the code of the workflow, failed: the run is to be thrown away, and loaded again. */
  broken(run: LiveRun, error: unknown): void;
  emitted(run: LiveRun, event: { readonly type: string }): void;
  log(...args: readonly unknown[]): void;
  /** How its step functions reach other runs. */
  childrenOf(run: LiveRun): ChildPorts;
  /** Reads what is accepted for the run now. */
  readInbox(run: LiveRun): Promise<News>;
  /** Tells of trouble that changes nothing. */
  report(run: LiveRun, error: unknown): void;
}

/** What has become of a run that is not there any more. */
export type Gone = NonNullable<Effects['gone']>;

/** What may be shown of a run: as its last durable checkpoint left it. */
type Durable = Pick<Decider, 'row' | 'exhausted'> & { view(): RootView };

/** Whether it is a step of that leaf's. */
function storesOf(arrival: Arrival, leaf: LeafAddress): boolean {
  return arrival.kind === 'step' && ownerKey(arrival.leaf) === ownerKey(leaf);
}

/** As it is now; afterwards the decider goes on. */
function durableOf(decider: Decider): Durable {
  const { row } = decider;
  const exhausted = row.reasons.length > 0 && row.reasons.includes('exhausted') ? decider.exhausted : undefined;
  return { row, view: decider.viewOfNow(), exhausted };
}

/**
 * A run in memory: takes arrivals one by one, lets the decider decide, commits, publishes, performs.
 *
 * Owns: the run's decider, what has come for it, what it performs. Never: other runs, the acquisition of the store.
 * 1. Nothing of a decision is seen or done before its commit is durable.
 * 2. One decision at a time.
 * 3. After `stop` nothing is committed and no effect begins.
 * 4. While it is paused its state stands still and no effect begins; results of what was under way are stored.
 */
export class LiveRun {
  /** Whether another definition wrote it: then its first checkpoint brings it in line. */
  readonly takesOver: boolean;
  readonly #ports: LiveRunPorts;
  readonly #decider: Decider;
  readonly #performer: Performer;
  readonly #queue = new ArrivalQueue();
  #durable: Durable;
  #tookUp = false;
  /** What waits for the end of a pause. */
  #held: (() => void)[] = [];
  #turning = false;
  #stopped = false;
  #cancelTimer: (() => void) | undefined;

  /** @throws what `Decider` throws. */
  constructor(workflow: AnyWorkflow, stored: StoredRun, ports: LiveRunPorts) {
    this.#ports = ports;
    const onMessage = (message: Message) => this.push({ kind: 'message', message });
    this.#decider = new Decider(workflow, stored, onMessage, ports.limits);
    this.#durable = durableOf(this.#decider);
    this.#performer = new Performer(this.#decider, ports, {
      push: (arrival) => this.push(arrival),
      around: (effect, perform) => this.#around(effect, perform),
      mayBegin: () => this.#mayBegin(),
      unpaused: () => this.#unpaused(),
      children: ports.childrenOf(this),
      emitted: (event) => ports.emitted(this, event),
      report: (error) => ports.report(this, error),
      inboxTaken: () => this.#inboxTaken(),
      calmed: () => {
        this.#lookForRest();
        this.#lookForPause();
        if (!this.#stopped && this.atRest) this.#ports.rested(this, undefined);
      },
      whenStored: (work) => this.push({ kind: 'milestone', reached: work }),
      unfit: (error) => {
        if (!this.#stopped) ports.broken(this, error);
      },
    });
    this.takesOver = this.#decider.takesOver;
    if (stored.row.seq === 0) this.push({ kind: 'start' });
    if (this.takesOver) this.push({ kind: 'version' });
    // What was sent before came before all that is due by now.
    for (const message of this.#decider.messages) this.#queue.push({ kind: 'message', message });
    this.take(stored.inbox);
    this.#wake();
  }

  get row(): RunRow {
    return this.#decider.row;
  }

  /** The run as its last durable checkpoint left it: what may be shown. */
  get durable(): Durable {
    return this.#durable;
  }

  /** Takes in inbox rows; those it has are passed over. False when it was stopped: then they are to be given to its next life. */
  take(rows: readonly InboxRow[], attachments?: ReadonlyMap<string, Attached>): boolean {
    if (this.#stopped) return false;
    if (attachments) this.#decider.learn(attachments);
    this.#queue.take(rows);
    this.#wake();
    return true;
  }

  push(arrival: Queueable): void {
    if (this.#stopped) return;
    this.#queue.push(arrival, this.#ports.clock.now());
    this.#wake();
  }

  /** Whether it may be dropped from memory: nothing is queued, and only a deadline or an event can move it. */
  get atRest(): boolean {
    const { status } = this.row;
    const still = status === 'waiting' || this.#decider.closed;
    return still && this.#queue.isEmpty && !this.#turning && this.#performer.quiet;
  }

  /** Whether something is under way that would have to be done again elsewhere. */
  get busy(): boolean {
    return this.#performer.busy;
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
    void this.#run();
  }

  async #run(): Promise<void> {
    // What comes in one go is looked at together. Of a promise, as Node's `queueMicrotask` costs much more.
    await undefined;
    try {
      if (!this.#tookUp) await this.#takeUp();
      for (let next = this.#next(); next && !this.#stopped; next = this.#next()) {
        if (next.kind === 'milestone') next.reached();
        else if (next.kind === 'transaction') await this.#transact(next);
        else await this.#turn(next);
      }
    } catch (error) {
      if (!this.#stopped) this.#ports.broken(this, error);
      return;
    } finally {
      this.#turning = false;
    }
    if (this.#stopped) return;
    this.#armTimer();
    this.#lookForRest();
    this.#lookForPause();
    if (this.atRest) this.#ports.rested(this, undefined);
  }

  /** After a restore, or a pause: performs what the record says is under way. A control may keep work from beginning. */
  async #takeUp(): Promise<void> {
    this.#tookUp = true;
    const { actions, orphans } = this.#decider.pending();
    if (orphans.length > 0) await this.#cancel(orphans);
    if (actions.length > 0) this.#perform(actions);
    while (this.#queue.holdsWorkUp && !this.#stopped) await this.#turn(this.#next() as Arrival);
    if (this.#stopped || this.#decider.paused) return;
    const { start, undo } = this.#decider.pending();
    for (const leaf of start) this.#performer.start(leaf);
    for (const leaf of undo) this.#performer.undo(leaf);
  }

  /** Removes and returns what is to be taken next. */
  #next(): Queueable | undefined {
    const { due, paused, closed } = this.#decider;
    if (paused) return this.#queue.nextDuringPause();
    return this.#queue.next(closed ? undefined : due, this.#ports.clock.now());
  }

  async #turn(arrival: Arrival): Promise<void> {
    const { checkpoint, effects } = this.#decide(arrival);
    await this.#ports.store.commit(checkpoint);
    const more = this.#committed(arrival, effects);
    if (more) await more;
  }

  /** Rows of the app's come first: what arrives with them shows when they are written. */
  async #transact({ leaf, write, stored, failed }: Transaction): Promise<void> {
    const { store, ownership } = this.#ports;
    const { workflow, run, seq } = this.row;
    const claim = { workflow, run, epoch: ownership.epoch, after: seq };
    let made: { readonly arrival: Arrival; readonly effects: Effects } | undefined;
    const refused = await writeLocally(store, claim, write, (record) => {
      if (!this.#owned()) throw ownership.lost.reason;
      const arrival = { kind: 'step', leaf, record, stored } as const;
      const { checkpoint, effects } = this.#decide(arrival);
      made = { arrival, effects };
      return checkpoint;
    });
    if (made) await this.#committed(made.arrival, made.effects);
    else if (refused) failed(refused.error);
  }

  #decide(arrival: Arrival): { checkpoint: Checkpoint; effects: Effects } {
    const { ownership, clock } = this.#ports;
    const { epoch } = ownership;
    const quiet = (leaf: LeafAddress) => this.#performer.isQuiet(leaf, storesOf(arrival, leaf) ? 1 : 0);
    const { after, ops, durability, effects } = this.#decider.decide(arrival, { now: clock.now(), epoch, quiet });
    const { workflow, run } = this.row;
    return { checkpoint: { workflow, run, epoch, after, durability, ops }, effects };
  }

  /** Resolves, where it takes more than this turn, when all effects have begun. */
  #committed(arrival: Arrival, effects: Effects): Promise<void> | undefined {
    if (this.#stopped) return undefined;
    if (effects.gone) {
      this.stop(effects.gone);
      this.#ports.rested(this, effects.gone);
      return undefined;
    }
    const wasPaused = this.#durable.row.status === 'paused';
    this.#durable = durableOf(this.#decider);
    this.#ports.published(this);
    const orphaned = this.#leave(effects);
    const begin = () => this.#begin(arrival, effects, wasPaused);
    return orphaned ? orphaned.then(begin) : begin();
  }

  #begin(arrival: Arrival, effects: Effects, wasPaused: boolean): Promise<void> | undefined {
    this.#effect(arrival, effects);
    if (this.#decider.paused) this.#performer.stopLive();
    else if (wasPaused) return this.#goOn();
    return undefined;
  }

  /** What was held up by a pause that is over. */
  async #goOn(): Promise<void> {
    for (const go of this.#held.splice(0, Infinity)) go();
    await this.#takeUp();
  }

  /** What is left ends. Resolves, where there are children to be told, when they are. */
  #leave(effects: Effects): Promise<void> | undefined {
    for (const leaf of effects.stop) {
      this.#performer.stop(leaf);
      this.#queue.dropOf(leaf);
    }
    for (const leaf of effects.undo) this.#performer.undo(leaf);
    return effects.orphans.length > 0 ? this.#cancel(effects.orphans) : undefined;
  }

  #effect(arrival: Arrival, effects: Effects): void {
    if ((arrival.kind === 'step' || arrival.kind === 'heartbeat') && effects.entry) arrival.stored(effects.entry);
    for (const { leaf, mail } of effects.mail) this.#performer.give(leaf, mail);
    if (arrival.kind === 'begin') arrival.begun();
    for (const args of effects.logged) this.#ports.log(...args);
    if (effects.actions.length > 0) this.#perform(effects.actions);
    for (const leaf of effects.start) this.#performer.start(leaf);
    for (const event of effects.emitted) {
      this.#around({ kind: 'emit', name: event.type, actor: '' }, () => this.#ports.emitted(this, event));
    }
  }

  /** Only a checkpoint tells how a run stands, and one was made while it was not known yet whether its steps wait. */
  #lookForRest(): void {
    if (this.#stopped || this.#turning || !this.#queue.isEmpty) return;
    if (this.#decider.mayRest((leaf) => this.#performer.isQuiet(leaf))) this.push({ kind: 'rest' });
  }

  #lookForPause(): void {
    if (this.#stopped || this.#turning || !this.#decider.paused || this.#performer.busy) return;
    if (!this.#queue.movesDuringPause) this.#ports.paused(this);
  }

  /**
   * Performs custom actions, and gives live actors what they were sent, in order. The first of an actor that throws takes
   * its error path; the rest of that actor's are passed over.
   */
  #perform(actions: readonly PendingAction[]): void {
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
    this.#queue.putFirst([...failed.values()]);
    this.#queue.pushPerformed();
  }

  /** Asks children whose parent was left to end. */
  async #cancel(orphans: readonly Orphan[]): Promise<void> {
    const { cancel } = this.#ports.childrenOf(this);
    if (!this.#owned()) return;
    await Promise.all(orphans.map(({ callId, ...child }) => cancel(child, callId)));
    this.#queue.pushPerformed();
  }

  #around<T>(effect: Omit<Effect, 'address'>, perform: () => T): T {
    const { workflow, run } = this.row;
    return this.#ports.around({ ...effect, address: { workflow, run } }, perform);
  }

  #owned(): boolean {
    return !this.#stopped && !this.#ports.ownership.lost.aborted;
  }

  /**
   * Before each step: the run must be marked as running, or a crash would leave it waiting; and the store be ours.
   * Undefined where it may begin now.
   */
  #mayBegin(): Promise<void> | undefined {
    if (this.#decider.paused) return this.#unpaused().then(() => this.#mayBegin());
    this.#ports.beginning();
    if (!this.#owned()) return new Promise(() => {});
    const { status } = this.row;
    if (status !== 'waiting' && status !== 'queued') return undefined;
    const marked = new Promise<void>((begun) => this.push({ kind: 'begin', begun }));
    return marked.then(() => (this.#decider.paused ? this.#mayBegin() : undefined));
  }

  /** Resolves when it is not paused. */
  #unpaused(): Promise<void> {
    return this.#decider.paused ? new Promise((go) => this.#held.push(go)) : Promise.resolve();
  }

  /**
   * Resolves when the events that were accepted by now have been taken, also those that this host was not told of yet:
   * who finds that a deadline has passed looks for them first.
   */
  async #inboxTaken(): Promise<void> {
    try {
      const { rows, attachments } = await this.#ports.readInbox(this);
      this.take(rows, attachments);
    } catch (error) {
      if (!this.#stopped) this.#ports.broken(this, error);
    }
    return new Promise((reached) => this.push({ kind: 'milestone', reached }));
  }

  #armTimer(): void {
    this.#cancelTimer?.();
    const { due, closed, paused } = this.#decider;
    this.#cancelTimer = due && !closed && !paused ? this.#ports.clock.at(due.at, () => this.#wake()) : undefined;
  }
}
