import { encodedValues } from '../client/encoded-values.js';
import { createClient, type Holdfast } from '../client/holdfast.js';
import type { HostApi, HostLink, Values } from '../client/protocol.js';
import { type Duration, toMs } from '../define/duration.js';
import { checkOptions, type Kinds, MS, withMethods } from '../define/options.js';
import type { Schedule } from '../define/schedule.js';
import type { AnyServices, StandIns } from '../define/steps-logic.js';
import type { AnyWorkflow, WorkflowMap } from '../define/workflow.js';
import { checkWorkflows } from '../define/workflows.js';
import { HoldfastError } from '../errors/index.js';
import { HOST_KINDS } from '../host/options.js';
import type { Connectivity } from '../host/ports.js';
import type { RunAddress } from '../records/records.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { ManualClock } from './manual-clock.js';
import { MortalHost } from './mortal-host.js';
import { settle } from './settle.js';

export interface TestHoldfastOptions<TWorkflows extends readonly AnyWorkflow[]> {
  readonly workflows: TWorkflows;
  /** As of a host: what is started by the calendar, which here is the clock's. */
  readonly schedules?: readonly Schedule[];
  /** Default: one that stands at 2026-01-01. */
  readonly clock?: ManualClock;
  /** By name of a step, or of a `step.all` (then called with item, context, index): performed in place of its body. */
  readonly steps?: StandIns;
  readonly services?: AnyServices;
  readonly connectivity?: Connectivity;
  /** As of a host: restores without progress after which a run is paused with `CRASH_LOOP`; default 3. */
  readonly crashLoopLimit?: number;
  /** Default: throws, in `settle` or `advance`, the first error that a host told nobody else. */
  readonly onError?: (error: unknown, address?: RunAddress) => void;
  /** How long (real ms) an effect under way may be silent before it is taken to wait for time to pass. Default 50. */
  readonly patienceMs?: number;
}

/** A holdfast for unit tests: no worker, no database, no time but that of its clock. */
export interface TestHoldfast<TWorkflows extends readonly AnyWorkflow[]> extends Holdfast<WorkflowMap<TWorkflows>> {
  readonly clock: ManualClock;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
  /** Lets time pass, from deadline to deadline, and everything happen that it brings. */
  advance(duration: Duration): Promise<void>;
  /** Kills the host as a power cut would, and lets a new one take over. Calls under way are made again. */
  crash(): Promise<void>;
}

const { workflows, schedules, steps, services, connectivity, crashLoopLimit, onError } = HOST_KINDS;
const KINDS: Kinds<TestHoldfastOptions<readonly AnyWorkflow[]>> = {
  ...{ workflows, schedules, steps, services, connectivity, crashLoopLimit, onError },
  clock: withMethods('a ManualClock', 'now', 'at', 'advance'),
  patienceMs: MS,
};

/**
 * Makes a holdfast over an in-memory store and a manual clock.
 *
 * @throws `OPTION_INVALID`.
 *
 * @example
 * const holdfast = createTestHoldfast({ workflows: [photoImport], steps: { hash: () => 'sha', upload: async () => {} } });
 * const run = await holdfast.start('photo-import', { input: { files } });
 * await holdfast.advance('3d');
 * expect(await run.result()).toEqual({ published: true });
 */
export function createTestHoldfast<const TWorkflows extends readonly AnyWorkflow[]>(
  options: TestHoldfastOptions<TWorkflows>,
): TestHoldfast<TWorkflows> {
  checkOptions(options, 'createTestHoldfast', KINDS);
  checkWorkflows(options.workflows, 'createTestHoldfast');
  const { clock = new ManualClock(), patienceMs = 50, onError, ...hostOptions } = options;
  const database = createMemoryDatabase();
  const errors: unknown[] = [];
  const link = new MortalLink(
    () => new MortalHost({ ...hostOptions, database, clock, onError: onError ?? ((error) => errors.push(error)) }),
  );
  const quiet = async () => {
    await settle(() => link.mortal, patienceMs);
    if (errors.length > 0) throw errors.shift();
  };
  const holdfast = createClient<WorkflowMap<TWorkflows>>(link);
  return Object.assign(holdfast, {
    clock,
    settle: quiet,
    async advance(duration: Duration) {
      const end = clock.now() + toMs(duration, 'advance');
      await quiet();
      while (clock.now() < end) {
        clock.advance(Math.max(Math.min(clock.nextAt ?? end, end) - clock.now(), 0));
        await quiet();
      }
    },
    async crash() {
      link.crash();
      await quiet();
    },
  });
}

/** Owns: the present host. 1. A call that its host left unanswered is made again on the next one. */
class MortalLink implements HostLink {
  readonly values = encodedValues as Values;
  readonly closed: Promise<never>;
  mortal: MortalHost;
  readonly #boot: () => MortalHost;
  readonly #underWay = new Set<() => void>();
  #listener: Parameters<HostLink['listen']>[0] | undefined;
  #close: (error: unknown) => void = () => {};
  #open = true;

  constructor(boot: () => MortalHost) {
    this.#boot = boot;
    this.mortal = boot();
    this.closed = new Promise((_, reject) => {
      this.#close = reject;
    });
    this.closed.catch(() => {});
  }

  call = ((method: keyof HostApi, ...args: never[]) =>
    new Promise((resolve, reject) => {
      if (!this.#open) throw closed();
      const make = () => {
        const { mortal } = this;
        const current = (settle: (value: never) => void) => (value: unknown) => {
          if (mortal !== this.mortal) return;
          this.#underWay.delete(make);
          settle(value as never);
        };
        const answer = (mortal.host[method] as (...args: never[]) => Promise<unknown>)(...args);
        answer.then(current(resolve), current(reject));
      };
      this.#underWay.add(make);
      make();
    })) as HostLink['call'];

  listen(listener: Parameters<HostLink['listen']>[0]): void {
    this.#listener = listener;
    this.#connect();
  }

  crash(): void {
    this.mortal.kill();
    this.mortal = this.#boot();
    this.#connect();
    for (const make of [...this.#underWay]) make();
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#close(closed());
    await this.mortal.host.close();
  }

  #connect(): void {
    const { mortal } = this;
    mortal.host.listen((notice) => {
      if (mortal === this.mortal) this.#listener?.notice(notice);
    });
    this.#listener?.connected();
  }
}

function closed(): HoldfastError {
  return new HoldfastError('CLOSED', { message: 'The holdfast was closed.' });
}
