import type { Clock } from '../host/ports.js';
import type { ExecutionPorts } from '../steps/execution.js';
import { never } from '../steps/never.js';
import type { Try } from './messages.js';

/** How long a body may take to end when its time is over, before it is ended with its worker, in ms. */
export const END_MS = 1000;

interface UnderWay {
  readonly tried: Try;
  readonly done: Promise<unknown>;
  end(error: { readonly error: unknown } | undefined): void;
}

export interface TriesPorts {
  readonly clock: Clock;
  readonly around: ExecutionPorts['around'];
  /** The body of a try goes on, though its time is over. */
  overdue(tried: Try): void;
}

/**
 * The tries that a step worker performs.
 *
 * Owns: which are under way, their watchdogs. Never: their results.
 * 1. A try is performed when `around` has asked for it, and is under way until its body has ended, or its worker.
 * 2. After `close` none begins.
 */
export class Tries {
  readonly #ports: TriesPorts;
  readonly #underWay = new Map<number, UnderWay>();
  #closed = false;

  constructor(ports: TriesPorts) {
    this.#ports = ports;
  }

  get underWay(): readonly Try[] {
    return [...this.#underWay.values()].map(({ tried }) => tried);
  }

  /** Resolves when it is to be performed; with what came of it, where it is not. */
  begin(tried: Try): Promise<{ output: unknown } | undefined> {
    const { around } = this.#ports;
    const { name, idempotencyKey, attempt, timeoutMs } = tried;
    return new Promise((answer, refuse) => {
      let settle: UnderWay['end'] = () => {};
      const body = new Promise<void>((resolve, reject) => {
        settle = (failed) => (failed ? reject(failed.error) : resolve());
      });
      let performs = false;
      const perform = () => {
        performs = true;
        const unwatch = this.#watch(tried);
        const end: UnderWay['end'] = (failed) => {
          unwatch();
          settle(failed);
        };
        this.#underWay.set(tried.id, { tried, done, end });
        answer(undefined);
        return body;
      };
      const step = { name, idempotencyKey, attempt, timeoutMs };
      const done: Promise<unknown> = Promise.resolve().then(() => (this.#closed ? never() : around(step, perform)));
      done.then(
        (output) => performs || answer({ output }),
        (error) => performs || refuse(error),
      );
    });
  }

  /** Its body has ended; resolves when `around` has too, and rejects where that failed. */
  async end(id: number, failed: { readonly error: unknown } | undefined): Promise<void> {
    const underWay = this.#underWay.get(id);
    this.#underWay.delete(id);
    underWay?.end(failed);
    await underWay?.done;
  }

  /** From now on none begins. */
  close(): void {
    this.#closed = true;
  }

  /** The worker that performed them is gone. */
  cutOff(error: unknown): void {
    this.close();
    for (const { tried } of [...this.#underWay.values()]) this.end(tried.id, { error }).catch(() => {});
  }

  #watch(tried: Try): () => void {
    const { clock, overdue } = this.#ports;
    if (tried.timeoutMs === undefined) return () => {};
    return clock.at(clock.now() + tried.timeoutMs + END_MS, () => overdue(tried));
  }
}
