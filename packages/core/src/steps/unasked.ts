import type { HoldfastError } from '../errors/index.js';
import { isFinal, type JournalEntry } from './journal.js';
import { notAskedFor } from './refusals.js';
import { isUndoName } from './undo.js';

/** How long a function may wait for what is no step before it asks for a stored result, in ms: an import, a digest. */
const PATIENCE_MS = 10_000;

export interface UnaskedPorts {
  /** Whether the function has asked for that step since it runs again. */
  isAsked(step: string): boolean;
  /** Resolves when nobody waits for a stored result. */
  caughtUp(): Promise<void>;
  /** Resolves after that long (ms); never, when the function was stopped. */
  wait(ms: number): Promise<void>;
  unfit(error: HoldfastError): void;
}

/**
 * The stored results that a step function has not asked for, since it runs again.
 *
 * Owns: how many there are. Never: their names, which are looked for where there is trouble.
 * 1. While there are any, no effect begins. When the function asked for the first of them, it knew no result that was
 *    stored after it: having been given all that were stored before, it has to ask for it now, or it is another function.
 * 2. What may have been asked for by the body of another step, which is not run again, is not among them. What a migration
 *    put in was never asked for: nothing is held up by it.
 */
export class Unasked {
  readonly #journal: ReadonlyMap<string, JournalEntry>;
  readonly #ports: UnaskedPorts;
  /** How many are left, and how many of these a migration put in. */
  #left = 0;
  #put = 0;
  #held: (() => void)[] = [];

  /** @param journal as it was stored. */
  constructor(journal: ReadonlyMap<string, JournalEntry>, ports: UnaskedPorts) {
    journal.forEach((entry, name) => {
      if (isOwed(entry) && !isUndoName(name)) this.#count(entry, 1);
    });
    this.#journal = journal;
    this.#ports = ports;
  }

  /** Whether there are any that were asked for before. */
  get any(): boolean {
    return this.#left > this.#put;
  }

  /** Those that a migration put in among them. */
  get names(): string[] {
    if (this.#left === 0) return [];
    const unasked = [...this.#journal].filter(
      ([name, entry]) => isOwed(entry) && !isUndoName(name) && !this.#ports.isAsked(name),
    );
    return unasked.map(([name]) => name);
  }

  /** A step was asked for, which no undo is. @param stored its entry, as it was stored. */
  asked(stored: JournalEntry): void {
    if (!isOwed(stored)) return;
    this.#count(stored, -1);
    if (this.any || this.#held.length === 0) return;
    for (const go of this.#held.splice(0, Infinity)) go();
  }

  #count(entry: JournalEntry, by: 1 | -1): void {
    this.#left += by;
    if (wasPut(entry)) this.#put += by;
  }

  /** Resolves when there are none any more. @param step is what is to begin then. */
  none(step: string): Promise<void> {
    return new Promise((go) => {
      if (this.#held.push(go) === 1) void this.#watch(step);
    });
  }

  async #watch(step: string): Promise<void> {
    for (let before = Infinity; this.any; ) {
      await this.#ports.caughtUp();
      if (this.#left === before) {
        const lost = this.names.filter((name) => !wasPut(this.#journal.get(name) as JournalEntry));
        this.#ports.unfit(notAskedFor(lost, step));
      }
      before = this.#left;
      if (this.any) await this.#ports.wait(PATIENCE_MS);
    }
  }
}

/** Whether it is a result that the function itself asked for. */
function isOwed(entry: JournalEntry): boolean {
  return isFinal(entry) && !entry.nested;
}

/** A migration gives results a place between two checkpoints. */
function wasPut({ order = 0 }: JournalEntry): boolean {
  return !Number.isInteger(order);
}
