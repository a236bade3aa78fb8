import { toSnapshot } from '../client/snapshot.js';
import { encode } from '../codec/index.js';
import { Decider } from '../decide/decider.js';
import { toMs } from '../define/duration.js';
import type { AnyWorkflow } from '../define/workflow.js';
import type { Effect } from '../host/ports.js';
import { toData } from '../host/seen.js';
import type { RunAddress } from '../records/records.js';
import { createMemoryDatabase, type MemoryDatabase } from '../store/memory-store.js';
import type { Tables } from '../store/tables.js';
import { ManualClock } from './manual-clock.js';
import { type CrashPoint, type Moment, MortalHost } from './mortal-host.js';
import type { Scenario, ScenarioControl, ScenarioEvent, World } from './scenario.js';
import { settle } from './settle.js';

/** An effect that was performed, in which life, and the number of the run's last checkpoint then. */
export interface LedgerLine extends Effect {
  readonly life: number;
  readonly seq: number;
}

/** What is left when a run has been led to its end. */
export interface Outcome {
  readonly tables: Tables;
  readonly address: RunAddress;
  readonly ledger: readonly LedgerLine[];
  /** By life. */
  readonly moments: readonly (readonly Moment[])[];
  /** What `world().observe` saw. */
  readonly observed: unknown;
  /** What hosts told nobody else. */
  readonly errors: readonly unknown[];
}

export interface LeadOptions {
  readonly crashes?: readonly CrashPoint[];
  readonly patienceMs: number;
}

const MOST_ROUNDS = 10_000;

/**
 * Leads one run of a workflow through a scenario, on a manual clock, with the given crashes: the nth one is where the
 * nth host dies. A new host takes over at once. What sends the events outlives the hosts, as a client does.
 * @throws an Error when it can't be led to its end.
 */
export function lead<W extends AnyWorkflow>(
  workflow: W,
  scenario: Scenario<W>,
  options: LeadOptions,
): Promise<Outcome> {
  return new Lead(workflow, scenario as Scenario, options).toItsEnd();
}

/** Owns: a database, a clock, and the host that lives in them now. 1. What was acknowledged is not sent again. */
class Lead {
  readonly #workflow: AnyWorkflow;
  readonly #scenario: Scenario;
  readonly #options: LeadOptions;
  readonly #database: MemoryDatabase;
  readonly #clock = new ManualClock();
  readonly #world: World;
  readonly #address: RunAddress;
  readonly #crashes: CrashPoint[];
  readonly #ledger: LedgerLine[] = [];
  readonly #errors: unknown[] = [];
  readonly #moments: Moment[][] = [];
  #mortal: MortalHost;
  #started = false;
  #sent = 0;
  /** Instant until which time is to pass before the next event. */
  #notBefore: number | undefined;
  /** The next event was sent, but its host died before it answered. */
  #unanswered = false;

  constructor(workflow: AnyWorkflow, scenario: Scenario, options: LeadOptions) {
    this.#workflow = workflow;
    this.#scenario = scenario;
    this.#options = options;
    this.#world = scenario.world?.() ?? {};
    const { tables } = this.#world;
    this.#database = createMemoryDatabase(tables ? { local: tables } : {});
    this.#crashes = [...(options.crashes ?? [])];
    this.#address = { workflow: workflow.id, run: 'run' };
    this.#mortal = this.#boot();
  }

  async toItsEnd(): Promise<Outcome> {
    try {
      for (let round = 0; round < MOST_ROUNDS; round++) {
        await settle(() => this.#mortal, this.#options.patienceMs);
        if (this.#mortal.dead) this.#mortal = this.#boot();
        else if (await this.#isOver()) return this.#outcome();
      }
      throw new Error(`It did not end within ${MOST_ROUNDS} rounds. Give \`until\`, when it is not meant to.`);
    } finally {
      this.#mortal.kill();
    }
  }

  #boot(): MortalHost {
    const life = this.#moments.length;
    const mortal = new MortalHost({
      database: this.#database,
      clock: this.#clock,
      workflows: [this.#workflow, ...(this.#scenario.workflows ?? [])],
      crash: this.#crashes.shift(),
      performed: (effect) => this.#ledger.push({ ...effect, life, seq: this.#head?.seq ?? 0 }),
      onError: (error) => void this.#errors.push(error),
      ...(this.#world.services ? { services: this.#world.services } : {}),
    });
    this.#moments.push(mortal.moments);
    return mortal;
  }

  get #head() {
    return this.#database.tables.head(this.#address);
  }

  /** One thing more from the outside: the start, an event, or time that passes. True when nothing is left to be done. */
  async #isOver(): Promise<boolean> {
    if (!this.#started) {
      await this.#start();
      return false;
    }
    const { events = [], until } = this.#scenario;
    const event = events[this.#sent];
    if (event !== undefined) {
      await this.#next(toPlan(event));
      return false;
    }
    if (until ? until(this.#see()) : this.#head?.closedAt !== undefined) return true;
    if (this.#clock.nextAt !== undefined) {
      this.#pass();
      return false;
    }
    if (until) throw new Error('Nothing is due any more, and `until` does not hold.');
    return true;
  }

  async #start(): Promise<void> {
    const { input } = this.#scenario as { input?: unknown };
    const request = { ...this.#address, input: encode(input, 'input'), ifExists: 'join', callId: 'run-key' } as const;
    await this.#untilAnswered(this.#mortal.host.start(request), () => {
      this.#started = true;
    });
  }

  async #next(plan: Plan): Promise<void> {
    const { when, after } = plan;
    const now = this.#clock.now();
    this.#notBefore ??= after === undefined ? now : now + toMs(after, 'after');
    if (now < this.#notBefore) return this.#pass(this.#notBefore);
    if (when && !this.#unanswered && !when(this.#see())) {
      if (this.#clock.nextAt !== undefined) return this.#pass();
      throw new Error(
        `Nothing is due any more, and \`when\` of event ${this.#sent + 1} (${nameOf(plan)}) does not hold.`,
      );
    }
    this.#unanswered = true;
    await this.#untilAnswered(this.#give(plan), () => {
      this.#sent++;
      this.#unanswered = false;
      this.#notBefore = undefined;
    });
  }

  #give(plan: Plan): Promise<void> {
    const id = `event-${this.#sent + 1}`;
    const { host } = this.#mortal;
    if ('control' in plan) {
      const { when: _when, after: _after, ...control } = plan;
      return host.control({ ...this.#address, callId: id, control });
    }
    return host.send({ ...this.#address, id, event: encode(plan.send, `event ${nameOf(plan)}`), until: 'accepted' });
  }

  /** Waits for the answer, or the death of who would give it: then the call is to be made again. */
  async #untilAnswered(call: Promise<unknown>, answered: () => void): Promise<void> {
    let failure: { error: unknown } | undefined;
    call.then(answered, (error: unknown) => {
      failure = { error };
    });
    await settle(() => this.#mortal, this.#options.patienceMs);
    if (failure) throw failure.error;
  }

  #pass(latest = Number.POSITIVE_INFINITY): void {
    const to = Math.min(this.#clock.nextAt ?? latest, latest);
    this.#clock.advance(Math.max(to - this.#clock.now(), 0));
  }

  #see() {
    const stored = this.#database.tables.load(this.#address);
    if (!stored) throw new Error('The run is gone.');
    return toSnapshot(toData(stored.row, new Decider(this.#workflow, stored, () => {}).view())) as never;
  }

  #outcome(): Outcome {
    return {
      tables: this.#database.tables,
      address: this.#address,
      ledger: this.#ledger,
      moments: this.#moments,
      observed: this.#world.observe?.(),
      errors: this.#errors,
    };
  }
}

type Plan = Extract<ScenarioEvent, { send: unknown }> | ScenarioControl;

function toPlan(event: ScenarioEvent): Plan {
  return 'send' in event || 'control' in event ? (event as Plan) : { send: event as never };
}

function nameOf(plan: Plan): string {
  return 'control' in plan ? plan.control : plan.send.type;
}
