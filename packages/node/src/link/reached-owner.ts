import type { StoreChange } from '@holdfast/core/store';
import { Channel } from './channel.js';
import type { Connection } from './sockets.js';
import { errorOf, LONGEST, PROTOCOL, type Question, type Questions, type Told } from './wire.js';

/** How long an owner may take to answer before its guest helps itself, in ms. */
const ANSWER_MS = 2000;

interface Waiting {
  answered(answer: unknown): void;
  failed(error: unknown): void;
  silent(): void;
}

/**
 * An owner, as a guest has reached it.
 *
 * Owns: the connection, and the questions that are under way.
 * 1. A question is always answered in time, if only by nothing: when the owner is gone, or silent for too long.
 * 2. It keeps its guest's process alive only while a question is under way.
 */
export class ReachedOwner {
  readonly epoch: number;
  /** Aborted when the owner's process has ended, or has closed the connection. */
  readonly gone: AbortSignal;
  /** Whether it has answered a question late, and has said nothing since. */
  isSilent = false;
  /** Messages so far. */
  heard = 0;
  readonly #channel: Channel;
  readonly #waiting = new Map<number, Waiting>();
  readonly #greeted: Promise<boolean>;
  readonly #changed: (change: StoreChange, by: string | undefined) => void;
  #greet: (known: boolean) => void = () => {};
  #n = 0;

  constructor(epoch: number, connection: Connection, changed: (change: StoreChange, by: string | undefined) => void) {
    this.epoch = epoch;
    this.#changed = changed;
    this.#greeted = new Promise((resolve) => {
      this.#greet = resolve;
    });
    this.#channel = new Channel(connection, {
      longest: LONGEST.answer,
      heard: (message) => this.#hear(message as Told),
    });
    const gone = new AbortController();
    this.gone = gone.signal;
    void this.#channel.closed.then(() => {
      gone.abort();
      this.#greet(false);
      for (const waiting of [...this.#waiting.values()]) waiting.silent();
    });
  }

  /** Whether it has greeted as an owner whose language is spoken here; false when it does not in time. */
  async greets(): Promise<boolean> {
    const late = this.#late(() => this.#greet(false));
    const known = await this.#greeted;
    clearTimeout(late);
    return known;
  }

  /** The answer; nothing when there is none in time. @throws what the owner answers with. */
  ask<Q extends Question>(
    question: Q,
    asks: Questions[Q]['asks'],
  ): Promise<{ readonly answer: Questions[Q]['answer'] } | undefined> {
    if (this.gone.aborted) return Promise.resolve(undefined);
    const n = ++this.#n;
    this.#channel.hold(true);
    let late: NodeJS.Timeout | undefined;
    return new Promise<{ answer: Questions[Q]['answer'] } | undefined>((resolve, reject) => {
      late = this.#late(() => {
        this.isSilent = true;
        resolve(undefined);
      });
      this.#waiting.set(n, {
        answered: (answer) => resolve({ answer: answer as Questions[Q]['answer'] }),
        failed: reject,
        silent: () => resolve(undefined),
      });
      this.#channel.send({ n, question, asks });
    }).finally(() => {
      clearTimeout(late);
      this.#waiting.delete(n);
      if (this.#waiting.size === 0) this.#channel.hold(false);
    });
  }

  end(): void {
    this.#channel.end();
  }

  #late(act: () => void): NodeJS.Timeout {
    return setTimeout(act, ANSWER_MS);
  }

  #hear(message: Told): void {
    this.heard++;
    this.isSilent = false;
    if ('holdfast' in message) this.#greet(message.holdfast === PROTOCOL);
    else if ('change' in message) this.#changed(message.change, message.by);
    else if ('error' in message) this.#waiting.get(message.n)?.failed(errorOf(message.error));
    else this.#waiting.get(message.n)?.answered(message.answer);
  }
}
