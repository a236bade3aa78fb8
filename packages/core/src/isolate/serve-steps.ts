import type { EventObject } from 'xstate';
import { decode, decodeError, encode, encodeError, encodeGiven } from '../codec/index.js';
import type { AnyServices, StandIns } from '../define/steps-logic.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { checkWorkflows } from '../define/workflows.js';
import type { Outcome } from '../engine/index.js';
import { createSystemClock } from '../host/clock.js';
import type { Clock, Connectivity } from '../host/ports.js';
import type { Encoded } from '../records/records.js';
import type { End } from '../steps/check-again.js';
import type { ChildPorts } from '../steps/children.js';
import type { ExecutionOptions, ExecutionPorts, StepsExecution } from '../steps/execution.js';
import { executorOf } from '../steps/executor-of.js';
import type { JournalEntry, StepRecord } from '../steps/journal.js';
import type { Mail } from '../steps/mail.js';
import { noTransaction } from '../steps/refusals.js';
import { afterAllElse } from '../steps/turn.js';
import { logicAt } from './logic-at.js';
import {
  type Answer,
  type Beginning,
  type Call,
  type Recorded,
  type Status,
  type Stored,
  type Told,
  type ToStepWorker,
  tryKey,
} from './messages.js';
import type { StepHost } from './step-worker.js';

export interface ServeStepsOptions {
  /** The same as the host's. */
  readonly workflows: readonly AnyWorkflow[];
  /** Step bodies that take the place of the workflows' own: for tests. */
  readonly steps?: StandIns;
  /** Default: the wall clock. */
  readonly clock?: Clock;
}

/** Makes of this thread a step worker: it runs the one execution that its host tells of. */
export function serveStepsTo(host: StepHost, options: ServeStepsOptions): void {
  checkWorkflows(options?.workflows, 'a step worker');
  new StepServer(host, options);
}

type Tried = Parameters<ExecutionPorts['around']>[0];

/**
 * Runs an execution for a host elsewhere.
 *
 * Owns: the execution, the calls that were not answered yet. Never: what is stored; the host's answer is waited for
 * before each effect, and before each result.
 * 1. What is told, is told in order, with how the execution stands after it.
 * 2. That a message was taken is told at the latest when all that it moves has moved.
 */
class StepServer {
  readonly #host: StepHost;
  readonly #options: Required<ServeStepsOptions>;
  readonly #calls = new Map<number, (answer: Answer) => void>();
  readonly #networkListeners = new Set<() => void>();
  #told: Told[] = [];
  #flushing = false;
  #last: Status | undefined;
  #taken = 0;
  #made = 0;
  #online = true;
  #execution: StepsExecution | undefined;

  constructor(host: StepHost, { workflows, steps = {}, clock = createSystemClock() }: ServeStepsOptions) {
    this.#host = host;
    this.#options = { workflows, steps, clock };
    host.listen((message) => {
      this.#take(message);
      this.#taken = message.n;
      afterAllElse(() => this.#flush());
    });
  }

  #take(message: ToStepWorker): void {
    switch (message.kind) {
      case 'begin':
        this.#begin(message.beginning);
        break;
      case 'give':
        this.#execution?.give(decode(message.mail) as Mail);
        break;
      case 'cancel':
        void this.#execution?.cancel();
        break;
      case 'stop':
        this.#execution?.stop(decodeError(message.reason));
        break;
      case 'online':
        this.#online = message.online;
        for (const change of [...this.#networkListeners]) change();
        break;
      case 'answer':
        this.#calls.get(message.call)?.(message.answer);
        this.#calls.delete(message.call);
    }
  }

  #begin(beginning: Beginning): void {
    const { leaf, runKey, stored, online, checkDeterminism } = beginning;
    this.#online = online;
    try {
      const { cutOff, ...rest } = decode(stored) as Stored;
      const options = { ...rest, leaf, runKey, logic: logicAt(this.#options.workflows, beginning) };
      const again = checkDeterminism ? (end: End) => void this.#check(end, options) : () => {};
      this.#execution = executorOf(options.logic).execute(options, this.#ports(beginning, new Map(cutOff), again));
      this.#execution.start();
    } catch (error) {
      this.#tell({ kind: 'unfit', error: encodeError(error) });
    }
  }

  #ports({ epoch, valueLength }: Beginning, cutOff: Map<string, unknown>, again: (end: End) => void): ExecutionPorts {
    const { clock, steps } = this.#options;
    return {
      clock,
      steps,
      epoch,
      valueLength,
      connectivity: this.#connectivity(),
      holds: () => this.#ask<boolean>({ to: 'check ground' }),
      services: this.#services(),
      children: this.#children(),
      begin: () => this.#ask({ to: 'begin' }),
      unpaused: () => this.#ask({ to: 'unpaused' }),
      inboxTaken: () => this.#ask({ to: 'inboxTaken' }),
      around: ((tried: Tried, perform: () => unknown) => this.#around(tried, perform, cutOff)) as never,
      record: (record) => this.#store('record', record),
      transact: async ({ step }) => {
        throw noTransaction(step, 'its workflow is isolated, and the database is open in the worker of its host');
      },
      heartbeat: (record) => this.#store('heartbeat', record),
      progress: (progress) => this.#tell({ kind: 'progress', progress }),
      emit: (event) => this.#emit(event),
      settled: (outcome) => {
        this.#tell({ kind: 'settled', outcome: toAnswer(outcome) });
        again(outcome);
      },
      undone: () => this.#tell({ kind: 'undone' }),
      continued: (next) => {
        this.#tell({ kind: 'continued', input: encode(next, 'input of continueWith') });
        again({ next });
      },
      calmed: () => this.#flushSoon(),
      unfit: (error) => this.#tell({ kind: 'unfit', error: encodeError(error) }),
    };
  }

  /** The body's result stays here: of a try its host is told when it begins, and when and how it ended. */
  async #around(tried: Tried, perform: () => unknown, cutOff: Map<string, unknown>): Promise<unknown> {
    const key = tryKey(tried.name, tried.attempt);
    if (cutOff.has(key)) {
      const error = cutOff.get(key);
      cutOff.delete(key);
      throw error;
    }
    const id = ++this.#made;
    const instead = (await this.#ask({ to: 'try', tried: { id, ...tried } })) as { output: unknown } | undefined;
    if (instead) return instead.output;
    let output: unknown;
    try {
      output = await perform();
    } catch (error) {
      await this.#ask({ to: 'tried', id, error: encodeError(error) }).catch(() => {});
      throw error;
    }
    await this.#ask({ to: 'tried', id });
    return output;
  }

  /** What came of an entry that was changed when it was stored; else it is the same but for its place. */
  async #store(to: 'record' | 'heartbeat', { step, entry, ...rest }: StepRecord): Promise<JournalEntry> {
    const { sent, packed } = pack(step, entry, this.#options.clock.now());
    const record: Recorded = { ...rest, step, entry: packed };
    const stored = (await this.#ask({ to, record })) as { entry: JournalEntry } | { order: number | undefined };
    if ('entry' in stored) return stored.entry;
    return stored.order === undefined ? sent : { ...sent, order: stored.order };
  }

  #emit(event: EventObject): void {
    try {
      this.#tell({ kind: 'emit', event: encode(event, 'event') });
    } catch (error) {
      this.#tell({ kind: 'trouble', error: encodeError(error) });
    }
  }

  /** An object whose every method calls the host's function of that name. */
  #services(): AnyServices {
    const call = async (name: string, args: unknown[]) =>
      this.#ask({ to: 'service', name, args: encode(args, `arguments of service "${name}"`) });
    return new Proxy({} as AnyServices, {
      has: (_, name) => typeof name === 'string',
      get: (_, name) => {
        // Whoever awaits the object must not be told that it is a promise.
        if (typeof name !== 'string' || name === 'then') return undefined;
        return (...args: unknown[]) => call(name, args);
      },
    });
  }

  #connectivity(): Connectivity {
    const listeners = this.#networkListeners;
    return {
      online: () => this.#online,
      subscribe: (change) => {
        listeners.add(change);
        if (listeners.size === 1) this.#tell({ kind: 'offline', waits: true });
        return () => {
          if (listeners.delete(change) && listeners.size === 0) this.#tell({ kind: 'offline', waits: false });
        };
      },
      check: async () => {
        this.#online = await this.#ask<boolean>({ to: 'check network' });
        return this.#online;
      },
    };
  }

  #children(): ChildPorts {
    return {
      start: async (child) => this.#ask({ to: 'start child', child: encodeGiven(child, 'child') }),
      outcome: (child) => this.#ask({ to: 'outcome of child', child: addressOf(child) }),
      cancel: (child, callId) => this.#ask({ to: 'cancel child', child: addressOf(child), callId }),
    };
  }

  async #check(end: End, options: ExecutionOptions): Promise<void> {
    const { trace } = this.#execution as StepsExecution;
    const error = await executorOf(options.logic).checkAgain(trace, end, options, this.#options.clock);
    this.#tell({ kind: 'checked', ...(error ? { error: encodeError(error) } : {}) });
  }

  #ask<T>(what: Call): Promise<T> {
    const call = ++this.#made;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, (answer) => {
        if ('error' in answer) reject(decodeError(answer.error));
        else resolve(decode(answer.value) as T);
      });
      this.#tell({ kind: 'call', call, what });
    });
  }

  #tell(told: Told): void {
    this.#told.push(told);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { quiet = false, busy = false, storing = 0 } = this.#execution ?? {};
    const status = { taken: this.#taken, quiet, busy, storing };
    if (this.#told.length === 0 && this.#last && isSame(this.#last, status)) return;
    this.#last = status;
    const told = this.#told;
    this.#told = [];
    this.#host.post({ status, told });
  }
}

function isSame(one: Status, other: Status): boolean {
  return (
    one.taken === other.taken && one.quiet === other.quiet && one.busy === other.busy && one.storing === other.storing
  );
}

function addressOf({ workflow, run }: { workflow: string; run: string }) {
  return { workflow, run };
}

/** An entry on its way; one whose output can't be stored is a failed one, as it would be at the host. */
function pack(step: string, entry: JournalEntry, now: number): { sent: JournalEntry; packed: Encoded } {
  const what = `step "${step}"`;
  try {
    return { sent: entry, packed: encode(entry, what) };
  } catch (error) {
    const { output: _output, until: _until, ...rest } = entry;
    const sent = { ...rest, status: 'failed', error, endedAt: now } as const;
    return { sent, packed: encode(sent, what) };
  }
}

function toAnswer(outcome: Outcome): Answer {
  if ('error' in outcome) return { error: encodeError(outcome.error) };
  try {
    return { value: encode(outcome.output, 'output') };
  } catch (error) {
    return { error: encodeError(error) };
  }
}
