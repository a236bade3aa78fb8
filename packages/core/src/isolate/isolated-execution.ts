import { encode } from '../codec/index.js';
import type { Leaf } from '../engine/index.js';
import type { HoldfastError } from '../errors/index.js';
import { isHoldfastError } from '../errors/index.js';
import type { ExecutionPorts } from '../steps/execution.js';
import type { StepRecord } from '../steps/journal.js';
import type { Mail } from '../steps/mail.js';
import { timedOut } from '../steps/refusals.js';
import { type Place, type Stored, type Try, tryKey } from './messages.js';
import { workerDied } from './refusals.js';
import { Session } from './session.js';
import type { StepWorker } from './step-worker.js';

export interface IsolatedOptions {
  readonly place: Place;
  readonly leaf: Leaf;
  readonly runKey: string;
  readonly input: unknown;
  readonly checkDeterminism: boolean;
}

export interface IsolatedPorts extends Omit<ExecutionPorts, 'transact'> {
  makeWorker(): StepWorker;
  /** What is stored now. */
  stored(): Pick<Stored, 'journal' | 'mail'>;
  /** Calls `work` when all that was told by now is durable, and nothing else is about to be. */
  whenStored(work: () => void): void;
  /** Trouble that changes nothing. */
  report(error: unknown): void;
}

/** Workers that may die one after the other without anything being stored in between. */
const MOST_DEATHS = 3;

/**
 * An execution of a step function in step workers: in one at a time, until it has ended.
 *
 * Owns: the session with the present worker, the tries that were cut off with those before. Never: the journal.
 * 1. A worker begins with what is durable, all that the one before had told included.
 * 2. A try that was cut off for its own sake has failed, and is not performed again; others begin again.
 * 3. What dies again and again before it gets anywhere is given up here, and nothing of it is lost.
 */
export class IsolatedExecution {
  readonly #options: IsolatedOptions;
  readonly #ports: IsolatedPorts;
  readonly #cutOff = new Map<string, unknown>();
  #session: Session | undefined;
  #deaths = 0;
  #cancelled = false;
  /** It has told how it ended, or was stopped. */
  #over = false;

  constructor(options: IsolatedOptions, ports: IsolatedPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  get quiet(): boolean {
    return this.#session?.quiet ?? false;
  }

  /** Between two workers it is not: a pause then ends it, as a crash would. */
  get busy(): boolean {
    return this.#session?.busy ?? false;
  }

  get storing(): number {
    return this.#session?.storing ?? 0;
  }

  start(): void {
    try {
      this.#session = new Session(this.#ports.makeWorker(), this.#beginning(), this.#sessionPorts());
      if (this.#cancelled) this.#session.cancel();
    } catch (error) {
      this.#ports.unfit(error as HoldfastError);
    }
  }

  /** Between two workers without effect: the next one begins with all mail. */
  give(mail: Mail): void {
    this.#session?.give(mail);
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#session?.cancel();
  }

  stop(reason: unknown): void {
    this.#over = true;
    if (isHoldfastError(reason, 'STORE_FENCED')) this.#session?.end(reason);
    else this.#session?.stop(reason);
  }

  #beginning() {
    const { place, input, ...rest } = this.#options;
    const { epoch, valueLength, connectivity } = this.#ports;
    const stored: Stored = { input, ...this.#ports.stored(), cutOff: this.#cutOff };
    const what = 'input, journal or mail of an isolated step function';
    return {
      ...place,
      ...rest,
      epoch,
      valueLength,
      online: connectivity.online(),
      stored: encode(stored, what),
    };
  }

  #sessionPorts() {
    const ports = this.#ports;
    const over =
      <A extends unknown[]>(tell: (...args: A) => void) =>
      (...args: A) => {
        this.#over = true;
        tell(...args);
      };
    return {
      ...ports,
      record: (record: StepRecord) => this.#record(record),
      settled: over(ports.settled),
      undone: over(ports.undone),
      continued: over(ports.continued),
      unfit: over(ports.unfit),
      died: (cause: unknown) => this.#died(cause),
      overdue: (tried: Try) => this.#overdue(tried),
      deaf: () => this.#again(new DOMException('Its worker did not hear that the run is cancelled.', 'AbortError')),
    };
  }

  async #record(record: StepRecord) {
    const stored = await this.#ports.record(record);
    this.#deaths = 0;
    this.#cutOff.delete(tryKey(record.step, record.entry.attempts));
    return stored;
  }

  #overdue(tried: Try): void {
    const error = timedOut(tried.name, tried.timeoutMs);
    this.#cutOff.set(tryKey(tried.name, tried.attempt), error);
    this.#again(error);
  }

  #died(cause: unknown): void {
    const tries = this.#session?.underWay ?? [];
    for (const { name, attempt } of tries) this.#cutOff.set(tryKey(name, attempt), workerDied(name, cause));
    if (tries.length === 0 && ++this.#deaths > MOST_DEATHS) this.#giveUp(cause);
    else this.#again(workerDied(tries[0]?.name, cause));
  }

  #giveUp(cause: unknown): void {
    const error = workerDied(undefined, cause);
    this.#session?.end(error);
    if (!this.#over) this.#ports.unfit(error);
  }

  /** Ends the worker, and lets another one go on. */
  #again(reason: unknown): void {
    this.#session?.end(reason);
    if (this.#over) return;
    this.#session = undefined;
    this.#ports.whenStored(() => {
      if (!this.#over) this.start();
    });
    this.#ports.calmed();
  }
}
