import type { HoldfastError } from '../errors/index.js';
import { isFinal, type JournalEntry } from './journal.js';
import { notAskedFor } from './refusals.js';
import { isUndoName } from './undo.js';

/** How long a function may wait for what is no step before it asks for a stored result, in ms: an import, a digest. */
const PATIENCE_MS = 10_000;

export interface UnaskedPorts {
  /** Resolves when nobody waits for a stored result. */
  caughtUp(): Promise<void>;
  /** Resolves after that long (ms); never, when the function was stopped. */
  wait(ms: number): Promise<void>;
  unfit(error: HoldfastError): void;
}

/**
 * The stored results that a step function has not asked for, since it runs again.
 *
 * Owns: their names.
 * 1. While there are any, no effect begins. When the function asked for the first of them, it knew no result that was
 *    stored after it: having been given all that were stored before, it has to ask for it now, or it is another function.
 * 2. What may have been asked for by the body of another step, which is not run again, is not among them. What a migration
 *    put in was never asked for: nothing is held up by it.
 */
export class Unasked {
  readonly #names = new Set<string>();
  readonly #ports: UnaskedPorts;
  readonly #put = new Set<string>();
  #before: number;
  #held: (() => void)[] = [];

  constructor(journal: ReadonlyMap<string, JournalEntry>, ports: UnaskedPorts) {
    for (const [name, entry] of journal) {
      if (!isFinal(entry) || entry.nested || isUndoName(name)) continue;
      this.#names.add(name);
      if (!Number.isInteger(entry.order ?? 0)) this.#put.add(name);
    }
    this.#before = this.#names.size - this.#put.size;
    this.#ports = ports;
  }

  /** Whether there are any that were asked for before. */
  get any(): boolean {
    return this.#before > 0;
  }

  get names(): string[] {
    return [...this.#names];
  }

  asked(step: string): void {
    if (!this.#names.delete(step) || this.#put.has(step) || --this.#before > 0) return;
    for (const go of this.#held.splice(0, Infinity)) go();
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
      if (this.#before === before) {
        const lost = this.names.filter((name) => !this.#put.has(name));
        this.#ports.unfit(notAskedFor(lost, step));
      }
      before = this.#before;
      if (this.any) await this.#ports.wait(PATIENCE_MS);
    }
  }
}
