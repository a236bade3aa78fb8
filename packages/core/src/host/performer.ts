import type { AnyActorRef } from 'xstate';
import type { Arrival, LeafAddress } from '../decide/arrivals.js';
import type { Decider } from '../decide/decider.js';
import type { AnyServices, StepsLogic } from '../define/from-steps.js';
import type { Leaf, Outcome } from '../engine/index.js';
import { StepsExecution } from '../steps/execution.js';
import type { JournalEntry } from '../steps/journal.js';
import type { Ownership } from '../store/store.js';
import type { Clock, Connectivity } from './ports.js';

export interface PerformerPorts {
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly connectivity: Connectivity;
  readonly services: AnyServices;
}

/** How the work of leaves comes back to their run. */
interface Back {
  push(arrival: Arrival): void;
  mayBegin(): Promise<void>;
  /** The code of a leaf is not the one that wrote its journal. */
  unfit(error: unknown): void;
}

/** A leaf's work under way. */
interface Work {
  /** Nothing but a stored deadline can move it. */
  readonly quiet: boolean;
  stop(reason: unknown): void;
}

interface PromiseLogic {
  config(options: {
    input: unknown;
    system: unknown;
    self: AnyActorRef;
    signal: AbortSignal;
    emit: () => void;
  }): unknown;
}

/**
 * Does the work of a run's leaves: promise actors and step functions.
 *
 * Owns: what is under way. Never: the record; results go back as arrivals.
 * 1. A leaf's work is under way at most once.
 * 2. What was stopped has no result.
 */
export class Performer {
  readonly #decider: Decider;
  readonly #ports: PerformerPorts;
  readonly #back: Back;
  readonly #work = new Map<string, Work>();

  constructor(decider: Decider, ports: PerformerPorts, back: Back) {
    this.#decider = decider;
    this.#ports = ports;
    this.#back = back;
  }

  get quiet(): boolean {
    return [...this.#work.values()].every((work) => work.quiet);
  }

  isQuiet(leaf: LeafAddress): boolean {
    return this.#work.get(keyOf(leaf))?.quiet ?? false;
  }

  start(leaf: Leaf): void {
    const actor = this.#decider.leafActor(leaf);
    if (!actor || this.#work.has(keyOf(leaf)) || this.#ports.ownership.lost.aborted) return;
    const { logic } = actor as unknown as { logic: never };
    const { input } = actor.getSnapshot() as { input?: unknown };
    const work = this.#decider.isSteps(leaf)
      ? this.#startSteps(leaf, logic, input)
      : this.#startPromise(leaf, actor, logic, input);
    this.#work.set(keyOf(leaf), work);
  }

  stop(leaf: LeafAddress, reason: unknown = new DOMException('The state was left.', 'AbortError')): void {
    this.#work.get(keyOf(leaf))?.stop(reason);
    this.#work.delete(keyOf(leaf));
  }

  stopAll(reason: unknown): void {
    for (const work of this.#work.values()) work.stop(reason);
    this.#work.clear();
  }

  #settled(leaf: LeafAddress, outcome: Outcome): void {
    if (this.#work.delete(keyOf(leaf))) this.#back.push({ kind: 'actor', leaf, outcome });
  }

  #startSteps(leaf: Leaf, logic: StepsLogic<unknown, unknown>, input: unknown): Work {
    const { clock, connectivity, services, ownership } = this.#ports;
    const { key } = this.#decider.row;
    const options = { logic, input, leaf, runKey: key, journal: this.#decider.journal(leaf) };
    const execution = new StepsExecution(options, {
      clock,
      connectivity,
      services,
      epoch: ownership.epoch,
      begin: () => this.#back.mayBegin(),
      record: (record) =>
        new Promise<JournalEntry>((stored) => this.#back.push({ kind: 'step', leaf, record, stored })),
      progress: (progress) => this.#back.push({ kind: 'progress', progress }),
      // It stays under way until its leaf is left: steps that lost a race are to be aborted then.
      settled: (outcome) => this.#back.push({ kind: 'actor', leaf, outcome }),
      unfit: (error) => this.#back.unfit(error),
    });
    execution.start();
    return execution;
  }

  #startPromise(leaf: Leaf, self: AnyActorRef, logic: PromiseLogic, input: unknown): Work {
    const controller = new AbortController();
    const options = { input, system: self.system, self, signal: controller.signal, emit() {} };
    new Promise((resolve) => resolve(logic.config(options))).then(
      (output) => this.#settled(leaf, { output }),
      (error) => this.#settled(leaf, { error }),
    );
    return { quiet: false, stop: (reason) => controller.abort(reason) };
  }
}

function keyOf({ path, incarnation }: LeafAddress): string {
  return `${path}#${incarnation}`;
}
