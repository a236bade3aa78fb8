import { fromSteps } from '../define/from-steps.js';
import type { StepsContext } from '../define/steps-logic.js';
import type { Outcome } from '../engine/index.js';
import type { HoldfastError } from '../errors/index.js';
import type { Progress } from '../records/records.js';
import { type ExecutionPorts, StepsExecution } from '../steps/execution.js';
import type { JournalEntry, StepRecord } from '../steps/journal.js';
import type { Mail } from '../steps/mail.js';
import { worksAhead } from '../steps/turn.js';
import { ManualClock } from './manual-clock.js';

type Body = (context: StepsContext) => Promise<unknown>;

/** A network that a test switches on and off. */
class Switch {
  #online = true;
  readonly #listeners = new Set<() => void>();

  online(): boolean {
    return this.#online;
  }

  subscribe(change: () => void): () => void {
    this.#listeners.add(change);
    return () => this.#listeners.delete(change);
  }

  /** Answers for a probe; by default it is believed to be as it was. */
  probe: () => Promise<boolean> = async () => this.#online;

  check(): Promise<boolean> {
    return this.probe();
  }

  set(online: boolean): void {
    this.#online = online;
    for (const change of [...this.#listeners]) change();
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

/** What one execution did. */
export interface Session {
  readonly execution: StepsExecution;
  readonly records: readonly StepRecord[];
  /** Details that were stored. */
  readonly heartbeats: readonly unknown[];
  readonly progress: readonly Progress[];
  readonly emitted: readonly unknown[];
  readonly outcomes: readonly Outcome[];
  /** Whether it was cancelled, and is undone. */
  readonly undone: readonly string[];
  /** Inputs of next lives that it asked for. */
  readonly lives: readonly unknown[];
  /** Why its journal is another function's. */
  readonly misfits: readonly HoldfastError[];
  /** How often a step asked to begin. */
  readonly begun: () => number;
}

/** Journal, mailbox, clock and network of a step function: they outlive its executions. */
export class StepsWorld {
  readonly journal = new Map<string, JournalEntry>();
  readonly clock = new ManualClock();
  readonly network = new Switch();
  /** What was sent and not taken. */
  readonly mail: Mail[] = [];
  readonly #bornAt = this.clock.now();
  #order = 0;

  /** Puts an event into the mailbox, and gives it to those executions. */
  send(event: Mail['event'], ...to: readonly Session[]): void {
    const mail = { place: `${++this.#order}.0`, event, at: this.clock.now() };
    this.mail.push(mail);
    for (const { execution } of to) execution.give(mail);
  }

  /** Runs `body` from its top against the journal, as after a restore. */
  run(body: Body, options: { ports?: Partial<ExecutionPorts>; input?: unknown; runKey?: string } = {}): Session {
    const { ports = {}, input, runKey = 'run-key' } = options;
    const session = {
      records: [] as StepRecord[],
      heartbeats: [] as unknown[],
      progress: [] as Progress[],
      emitted: [] as unknown[],
      outcomes: [] as Outcome[],
      undone: [] as string[],
      lives: [] as unknown[],
      begun: 0,
    };
    const misfits: HoldfastError[] = [];
    const leaf = { path: 'worker', incarnation: 1, bornAt: this.#bornAt };
    const execution = new StepsExecution(
      { logic: fromSteps(body), input, leaf, runKey, journal: new Map(this.journal), mail: this.mail },
      {
        clock: this.clock,
        connectivity: this.network,
        holds: () => true,
        services: {},
        steps: {},
        around: (_, perform) => perform(),
        calmed: () => {},
        epoch: 7,
        valueLength: Infinity,
        begin: async () => void session.begun++,
        unpaused: async () => {},
        children: { start: async () => {}, outcome: () => new Promise(() => {}), cancel: async () => {} },
        record: async (record) => {
          session.records.push(record);
          const entry = { ...record.entry, order: ++this.#order };
          this.journal.set(record.step, entry);
          const taken = this.mail.findIndex(({ place }) => place === record.mail);
          if (taken >= 0) this.mail.splice(taken, 1);
          return entry;
        },
        transact: () => Promise.reject(new Error('There are no tables here.')),
        heartbeat: async ({ step, entry }) => {
          session.heartbeats.push(entry.details);
          this.journal.set(step, entry);
          return entry;
        },
        progress: (progress) => void session.progress.push(progress),
        undone: () => void session.undone.push('undone'),
        emit: (event) => void session.emitted.push(event),
        inboxTaken: async () => {},
        settled: (outcome) => void session.outcomes.push(outcome),
        continued: (next) => void session.lives.push(next),
        unfit: (error) => void misfits.push(error),
        ...ports,
      },
    );
    execution.start();
    return { execution, ...session, misfits, begun: () => session.begun };
  }

  /** The output of a body that ends by itself. */
  async output(body: Body, options?: Parameters<StepsWorld['run']>[1]): Promise<unknown> {
    const session = this.run(body, options);
    await settle();
    const [outcome] = session.outcomes;
    if (!outcome) throw new Error('It has not ended.');
    if ('error' in outcome) throw outcome.error;
    return outcome.output;
  }
}

/** Lets everything happen that can without time passing. */
export async function settle(): Promise<void> {
  for (let still = 0; still < 10; ) {
    await new Promise((resolve) => setTimeout(resolve));
    if (worksAhead() === 0) still++;
  }
}
