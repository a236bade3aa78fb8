import type { AnyActorRef, EventObject } from 'xstate';
import type { Arrival, LeafAddress } from '../decide/arrivals.js';
import type { Decider } from '../decide/decider.js';
import type { Limits } from '../define/limits.js';
import type { AnyServices, StandIns, StepsLogic } from '../define/steps-logic.js';
import { type Leaf, type LivePart, livePartOf, type Outcome } from '../engine/index.js';
import { IsolatedExecution } from '../isolate/isolated-execution.js';
import { sourcesOf } from '../isolate/logic-at.js';
import type { StepWorker } from '../isolate/step-worker.js';
import type { End } from '../steps/check-again.js';
import type { ChildPorts } from '../steps/children.js';
import type { ExecutionOptions, ExecutionPorts, StepsExecution, Trace } from '../steps/execution.js';
import { executorOf } from '../steps/executor-of.js';
import { type JournalEntry, ownerKey } from '../steps/journal.js';
import { LateSignal } from '../steps/late-signal.js';
import type { Mail } from '../steps/mail.js';
import type { Ownership } from '../store/store.js';
import type { Clock, Connectivity, Effect, Ground } from './ports.js';
import type { Transaction } from './write-locally.js';

export interface PerformerPorts {
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly connectivity: Connectivity;
  readonly ground: Ground;
  readonly services: AnyServices;
  readonly steps: StandIns;
  /** Whether each step function that has ended is run again, to tell whether it does the same. */
  readonly checkDeterminism: boolean;
  readonly limits: Limits;
  /** Makes the workers in which step functions run; where there is none, they run here. */
  readonly isolation: Isolation | undefined;
}

export interface Isolation {
  readonly workflow: string;
  readonly version: number;
  makeWorker(): StepWorker;
}

/** How the work of leaves comes back to their run. */
interface Back {
  push(arrival: Arrival | Transaction): void;
  /** Undefined where it may begin at once. */
  mayBegin(): Promise<void> | undefined;
  unpaused(): Promise<void>;
  readonly children: ChildPorts;
  around<T>(effect: Omit<Effect, 'address'>, perform: () => T): T;
  emitted(event: EventObject): void;
  /** Resolves when the events that were accepted by now have been given. */
  inboxTaken(): Promise<void>;
  /** Calls `work` when all that was pushed by now is durable, and nothing else is about to be. */
  whenStored(work: () => void): void;
  /** Trouble that nothing in the run can take up. */
  report(error: unknown): void;
  /** A leaf may have come to wait. */
  calmed(): void;
  /** The code of a leaf is not the one that wrote its journal. */
  unfit(error: unknown): void;
}

/** A leaf's work under way. */
interface Work {
  /** Nothing but a stored deadline or an event can move it. */
  readonly quiet: boolean;
  /** Entries that it has asked to be stored, and that are not yet. */
  readonly storing?: number;
  /** It is about to have a result, which a pause waits for. */
  readonly busy: boolean;
  /** It has no result, and can't go on after a pause: it begins anew. */
  readonly live?: true;
  /** Of a step function: it was sent an event. */
  give?(mail: Mail): void;
  /** Of a step function: it is to undo what it has done. */
  cancel?(): unknown;
  stop(reason: unknown): void;
}

/** One for all: most are heard by nobody, and to make one takes as long as to leave a state. */
const LEFT = new DOMException('The state was left.', 'AbortError');

interface PromiseLogic {
  config(options: {
    input: unknown;
    system: unknown;
    self: AnyActorRef;
    signal: AbortSignal;
    emit: (event: EventObject) => void;
  }): unknown;
}

/**
 * Does the work of a run's leaves: promise actors, step functions and live actors.
 *
 * Owns: what is under way. Never: the record; results go back as arrivals.
 * 1. A leaf's work is under way at most once.
 * 2. What was stopped has no result, and emits nothing any more; after `stopAll` nothing begins.
 */
export class Performer {
  readonly #decider: Decider;
  readonly #ports: PerformerPorts;
  readonly #back: Back;
  readonly #work = new Map<string, Work>();
  #stopped = false;

  constructor(decider: Decider, ports: PerformerPorts, back: Back) {
    this.#decider = decider;
    this.#ports = ports;
    this.#back = back;
  }

  get quiet(): boolean {
    for (const work of this.#work.values()) if (!work.quiet) return false;
    return true;
  }

  get busy(): boolean {
    for (const work of this.#work.values()) if (work.busy) return true;
    return false;
  }

  /** @param storing of its entries that are being stored, so many are so now. */
  isQuiet(leaf: LeafAddress, storing = 0): boolean {
    const { quiet = false, storing: asked = 0 } = this.#work.get(ownerKey(leaf)) ?? {};
    return quiet && asked <= storing;
  }

  start(leaf: Leaf): void {
    const actor = this.#mayStart(leaf);
    if (!actor) return;
    const live = livePartOf(actor);
    if (live) {
      this.#startLive(leaf, live);
      return;
    }
    const { logic } = actor as unknown as { logic: never };
    const { input } = actor.getSnapshot() as { input?: unknown };
    if (this.#decider.isSteps(leaf)) this.#startSteps(leaf, actor, input);
    else this.#startPromise(leaf, actor, logic, input);
  }

  /** Lets a step function, under way or not, undo what it has done. */
  undo(leaf: Leaf): void {
    this.start(leaf);
    void this.#work.get(ownerKey(leaf))?.cancel?.();
  }

  /** The same for a live actor that is to be given an event: its listeners must be there by then. */
  startReceiver(leaf: LeafAddress): void {
    const actor = this.#mayStart(leaf);
    const live = actor && livePartOf(actor);
    if (live) this.#startLive(leaf, live);
  }

  /** Without effect on one that is not under way: it takes all there is when it begins. */
  give(leaf: LeafAddress, mail: Mail): void {
    this.#work.get(ownerKey(leaf))?.give?.(mail);
  }

  stop(leaf: LeafAddress): void {
    const key = ownerKey(leaf);
    const work = this.#work.get(key);
    this.#work.delete(key);
    work?.stop(LEFT);
  }

  /** Ends live actors: for a pause, after which they begin anew. */
  stopLive(): void {
    for (const [key, work] of this.#work) {
      if (!work.live) continue;
      this.#work.delete(key);
      work.stop(undefined);
    }
  }

  stopAll(reason: unknown): void {
    this.#stopped = true;
    const all = [...this.#work.values()];
    this.#work.clear();
    for (const work of all) work.stop(reason);
  }

  /** The actor of a leaf whose work is not under way, and may be. */
  #mayStart(leaf: LeafAddress): AnyActorRef | undefined {
    const idle = !this.#work.has(ownerKey(leaf));
    return idle && !this.#stopped && !this.#ports.ownership.lost.aborted ? this.#decider.leafActor(leaf) : undefined;
  }

  #settled(leaf: LeafAddress, outcome: Outcome): void {
    if (this.#work.delete(ownerKey(leaf))) this.#back.push({ kind: 'actor', leaf, outcome });
  }

  #startSteps(leaf: Leaf, actor: AnyActorRef, input: unknown): void {
    const { isolation } = this.#ports;
    const execution = isolation
      ? this.#isolated(leaf, isolation, sourcesOf(actor), input)
      : this.#here(leaf, (actor as unknown as { logic: StepsLogic<unknown, unknown> }).logic, input);
    this.#work.set(ownerKey(leaf), execution);
    execution.start();
  }

  #here(leaf: Leaf, logic: StepsLogic<unknown, unknown>, input: unknown): StepsExecution {
    const { key } = this.#decider.row;
    const options = { logic, input, leaf, runKey: key, ...this.#stored(leaf) };
    const ports = this.#executionPorts(leaf);
    const check = (end: End) => {
      if (this.#ports.checkDeterminism) void this.#check(execution.trace, end, options);
    };
    const execution = executorOf(logic).execute(options, {
      ...ports,
      settled: (outcome) => {
        ports.settled(outcome);
        check(outcome);
      },
      continued: (next) => {
        ports.continued(next);
        check({ next });
      },
    });
    return execution;
  }

  #isolated(leaf: Leaf, isolation: Isolation, sources: readonly string[], input: unknown): IsolatedExecution {
    const { workflow, version, makeWorker } = isolation;
    const { key } = this.#decider.row;
    const { checkDeterminism } = this.#ports;
    const options = { place: { workflow, version, sources }, input, leaf, runKey: key, checkDeterminism };
    return new IsolatedExecution(options, {
      ...this.#executionPorts(leaf),
      makeWorker,
      stored: () => this.#stored(leaf),
      whenStored: (work) => this.#back.whenStored(work),
      report: (error) => this.#back.report(error),
    });
  }

  #stored(leaf: Leaf) {
    return { journal: this.#decider.journal(leaf), mail: this.#decider.mail(leaf) };
  }

  #executionPorts(leaf: Leaf): ExecutionPorts {
    const { clock, connectivity, ground, services, steps, ownership, limits } = this.#ports;
    return {
      clock,
      connectivity,
      holds: () => ground.holds(),
      services,
      steps,
      epoch: ownership.epoch,
      valueLength: limits.valueLength,
      begin: () => this.#back.mayBegin(),
      unpaused: () => this.#back.unpaused(),
      children: this.#back.children,
      around: ({ name, idempotencyKey, attempt }, perform) =>
        this.#back.around({ kind: 'step', actor: leaf.path, name, idempotencyKey, attempt }, perform),
      record: (record) =>
        new Promise<JournalEntry>((stored) => this.#back.push({ kind: 'step', leaf, record, stored })),
      transact: (write) =>
        new Promise<JournalEntry>((stored, failed) =>
          this.#back.push({ kind: 'transaction', leaf, write, stored, failed }),
        ),
      heartbeat: (record) =>
        new Promise<JournalEntry>((stored) => this.#back.push({ kind: 'heartbeat', leaf, record, stored })),
      progress: (progress) => this.#back.push({ kind: 'progress', progress }),
      emit: (event) =>
        this.#back.around({ kind: 'emit', name: event.type, actor: leaf.path }, () => this.#back.emitted(event)),
      inboxTaken: () => this.#back.inboxTaken(),
      // It stays under way until its leaf is left: steps that lost a race are to be aborted then.
      settled: (outcome) => this.#back.push({ kind: 'actor', leaf, outcome }),
      undone: () => this.#back.push({ kind: 'undone', leaf }),
      continued: (next) => this.#back.push({ kind: 'continue', leaf, input: next }),
      calmed: () => this.#back.calmed(),
      unfit: (error) => this.#back.unfit(error),
    };
  }

  async #check(trace: Trace, end: End, options: ExecutionOptions): Promise<void> {
    const error = await executorOf(options.logic).checkAgain(trace, end, options, this.#ports.clock);
    if (error) this.#back.report(error);
  }

  #startPromise(leaf: Leaf, self: AnyActorRef, logic: PromiseLogic, input: unknown): void {
    const abort = new LateSignal();
    const work: Work = { quiet: false, busy: true, stop: (reason) => abort.abort(reason) };
    this.#work.set(ownerKey(leaf), work);
    const options = {
      input,
      system: self.system,
      self,
      get signal() {
        return abort.signal;
      },
      emit: this.#emitter(leaf, work),
    };
    const perform = () => new Promise((resolve) => resolve(logic.config(options)));
    this.#back.around({ kind: 'actor', name: leaf.path, actor: leaf.path }, perform).then(
      (output) => this.#settled(leaf, { output }),
      (error) => void this.#promiseFailed(leaf, work, error),
    );
  }

  async #promiseFailed(leaf: Leaf, work: Work, error: unknown): Promise<void> {
    const ownFailure = this.#ports.ground.holds();
    if (ownFailure === true || (await ownFailure)) return this.#settled(leaf, { error });
    if (this.#work.get(ownerKey(leaf)) !== work) return;
    this.#work.delete(ownerKey(leaf));
    this.start(leaf);
  }

  /** It stays under way until its leaf is left, whatever becomes of it: it is not to begin twice. */
  #startLive(leaf: LeafAddress, live: LivePart): void {
    const end = () => {
      try {
        live.end();
      } catch (error) {
        this.#back.report(error);
      }
    };
    const work: Work = { quiet: false, busy: false, live: true, stop: end };
    this.#work.set(ownerKey(leaf), work);
    try {
      const begin = () => live.begin(this.#emitter(leaf, work));
      this.#back.around({ kind: 'live', name: leaf.path, actor: leaf.path }, begin);
    } catch (error) {
      this.#back.push({ kind: 'actor', leaf, outcome: { error } });
    }
  }

  #emitter(leaf: LeafAddress, work: Work): (event: EventObject) => void {
    return (event) => {
      if (this.#work.get(ownerKey(leaf)) === work) this.#back.emitted(event);
    };
  }
}
