import { assertLength, decode, encode } from '../codec/index.js';
import type { StepContext } from '../define/steps-logic.js';
import type { Outcome } from '../engine/index.js';
import type { Clock } from '../host/ports.js';
import { LateSignal } from './late-signal.js';
import { timedOut } from './refusals.js';

export interface TrialOptions {
  readonly step: string;
  readonly clock: Clock;
  readonly timeoutMs: number | undefined;
  /** How long the text of details may be. */
  readonly valueLength: number;
  /** What the try before has told last. */
  readonly details: unknown;
  /** Stores details; resolves when they are. */
  store(details: unknown): Promise<unknown>;
}

/**
 * One try of a step: its signal, its timeout, its heartbeats.
 *
 * Owns: the signal, the details told. Never: the outcome.
 * 1. A try that is cut off has ended, whether its body listens to the signal or not; one that is asked to end may go on.
 * 2. Details are stored one after the other, the latest last; those overtaken while they waited are left out.
 * 3. After `end` nothing is told any more.
 * 4. Details are those of the call: what its caller does to them afterwards is not told.
 */
export class Trial {
  readonly #options: TrialOptions;
  readonly #abort = new LateSignal();
  readonly #cancel: (() => void) | undefined;
  #cutOff: { readonly reason: unknown } | undefined;
  #cutShort: ((reason: unknown) => void) | undefined;
  #cancelGrace: (() => void) | undefined;
  #details: unknown;
  #waits = false;
  #storing: Promise<void> | undefined;
  #ended = false;

  constructor(options: TrialOptions) {
    const { step, clock, timeoutMs, details } = options;
    this.#options = options;
    this.#details = details;
    const timeOut = () => this.abort(timedOut(step, timeoutMs));
    this.#cancel = timeoutMs === undefined ? undefined : clock.at(clock.now() + timeoutMs, timeOut);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * Has the body called. Its outcome, at once where it gives no promise; when the try is cut off before, that it was.
   * @param call of the body.
   */
  outcomeOf(call: () => unknown): Outcome | Promise<Outcome> {
    let work: unknown;
    try {
      work = call();
      if (!isThenable(work)) return this.#cutOff ? { error: this.#cutOff.reason } : { output: work };
    } catch (error) {
      return { error };
    }
    return new Promise((settle) => {
      this.#cutShort = (reason) => settle({ error: reason });
      if (this.#cutOff) this.#cutShort(this.#cutOff.reason);
      Promise.resolve(work).then(
        (output) => settle({ output }),
        (error) => settle({ error }),
      );
    });
  }

  /** What the body is handed. */
  context(known: Pick<StepContext, 'idempotencyKey' | 'attempt' | 'epoch' | 'services'>): StepContext {
    const { idempotencyKey, attempt, epoch, services } = known;
    const heartbeat = (details: unknown) => this.heartbeat(details);
    const late = this.#abort;
    return {
      idempotencyKey,
      attempt,
      epoch,
      services,
      heartbeat,
      details: this.#details,
      get signal() {
        return late.signal;
      },
    };
  }

  /** What was told last, here or in the try before. */
  get details(): unknown {
    return this.#details;
  }

  /** @throws `VALUE_NOT_STORABLE`, `VALUE_TOO_LARGE`, at once. */
  heartbeat(details: unknown): Promise<void> {
    const { step, valueLength } = this.#options;
    const what = `heartbeat of step "${step}"`;
    const encoded = encode(details, what);
    assertLength(encoded.text, valueLength, () => details, what);
    this.#details = decode(encoded);
    this.#waits = true;
    this.#storing ??= this.#store();
    return this.#storing;
  }

  abort(reason: unknown): void {
    // First: a body that answers its signal by a result is too late.
    this.#cutOff ??= { reason };
    this.#cutShort?.(reason);
    this.#abort.abort(reason);
  }

  /** Aborts its signal, and cuts it off only when it has not ended after so long. */
  askToEnd(reason: unknown, graceMs: number): void {
    const { clock } = this.#options;
    this.#abort.abort(reason);
    this.#cancelGrace = clock.at(clock.now() + graceMs, () => this.abort(reason));
  }

  end(): void {
    this.#ended = true;
    this.#cancel?.();
    this.#cancelGrace?.();
  }

  async #store(): Promise<void> {
    while (this.#waits && !this.#ended) {
      this.#waits = false;
      await this.#options.store(this.#details);
    }
    this.#storing = undefined;
  }
}

function isThenable(work: unknown): boolean {
  const holds = (typeof work === 'object' && work !== null) || typeof work === 'function';
  return holds && typeof (work as { then?: unknown }).then === 'function';
}
