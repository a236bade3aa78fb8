import { HoldfastError } from '@holdfast/core';

interface Member<T, R> {
  readonly given: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/** Keeps transactions short: other tabs wait for them. */
const MOST_MEMBERS = 100;

/**
 * Owns: what waits for a transaction. Never: opens one.
 * 1. What is given in one turn, or while a transaction is under way, shares the next one.
 * 2. It is written in the order in which it was given.
 * 3. When a group fails, its members are written one by one, so that a bad one fails alone.
 */
export class Group<T, R> {
  readonly #write: (members: readonly T[]) => Promise<readonly (R | HoldfastError)[]>;
  readonly #waiting: Member<T, R>[] = [];
  #running: Promise<void> | undefined;

  /** @param write writes all of them in one transaction, and says of each what came of it, or why it was refused. */
  constructor(write: (members: readonly T[]) => Promise<readonly (R | HoldfastError)[]>) {
    this.#write = write;
  }

  add(given: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ given, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Lets the rest of what this turn brings come in.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#writeTogether(this.#waiting.splice(0, MOST_MEMBERS));
    this.#running = undefined;
  }

  async #writeTogether(members: readonly Member<T, R>[]): Promise<void> {
    try {
      const outcomes = await this.#write(members.map(({ given }) => given));
      for (const [at, member] of members.entries()) settle(member, outcomes[at] as R | HoldfastError);
    } catch (error) {
      const [only] = members;
      if (members.length === 1) only?.reject(error);
      else for (const member of members) await this.#writeTogether([member]);
    }
  }
}

function settle<T, R>({ resolve, reject }: Member<T, R>, outcome: R | HoldfastError): void {
  if (outcome instanceof HoldfastError) reject(outcome);
  else resolve(outcome);
}
