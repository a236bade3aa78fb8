import type { Checkpoint } from '@holdfast/core/store';
import type { Refusal } from './commit.js';

interface Member {
  readonly checkpoint: Checkpoint;
  resolve(): void;
  reject(error: unknown): void;
}

/** Keeps transactions short: other tabs wait for them. */
const MOST_MEMBERS = 100;

/**
 * Owns: the checkpoints which wait for a transaction. Never: opens one.
 * 1. Checkpoints given in one turn, or while a transaction is under way, share the next one.
 * 2. They are written in the order they were given.
 * 3. When a group fails, its members are written one by one, so that a bad one fails alone.
 */
export class CommitGroup {
  readonly #write: (checkpoints: readonly Checkpoint[]) => Promise<Refusal[]>;
  readonly #waiting: Member[] = [];
  #running: Promise<void> | undefined;

  /** @param write writes all of them in one transaction, and says which were refused. */
  constructor(write: (checkpoints: readonly Checkpoint[]) => Promise<Refusal[]>) {
    this.#write = write;
  }

  add(checkpoint: Checkpoint): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ checkpoint, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Lets the rest of this turn's checkpoints come in.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#writeTogether(this.#waiting.splice(0, MOST_MEMBERS));
    this.#running = undefined;
  }

  async #writeTogether(members: readonly Member[]): Promise<void> {
    try {
      const refusals = await this.#write(members.map(({ checkpoint }) => checkpoint));
      for (const [at, member] of members.entries()) settle(member, refusals[at]);
    } catch (error) {
      const [only] = members;
      if (members.length === 1) only?.reject(error);
      else for (const member of members) await this.#writeTogether([member]);
    }
  }
}

function settle({ resolve, reject }: Member, refusal: Refusal): void {
  if (refusal) reject(refusal);
  else resolve();
}
