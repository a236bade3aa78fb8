import { HoldfastError } from '@holdfast/core';
import type { RunAddress } from '@holdfast/core/store';

/**
 * Owns: what keeps a store from its work. Never: does anything about it.
 * 1. A run whose commit has failed is in trouble until a commit of it succeeds, or the store is asked for anew.
 * 2. A database that could not be opened is in trouble until it is.
 * 3. What is told is the newest of them; each change once.
 */
export class Trouble {
  readonly #tell: (error: HoldfastError | undefined) => void;
  readonly #runs = new Map<string, HoldfastError>();
  #opening: HoldfastError | undefined;
  #told: HoldfastError | undefined;

  constructor(tell: (error: HoldfastError | undefined) => void) {
    this.#tell = tell;
  }

  opened(): void {
    this.#opening = undefined;
    this.#changed();
  }

  notOpened(error: HoldfastError): void {
    this.#opening = error;
    this.#changed();
  }

  /** Of what failed together it is not known which one did: its members are tried one by one. */
  async watch<T>(runs: readonly RunAddress[], writing: Promise<T>): Promise<T> {
    try {
      const written = await writing;
      for (const run of runs) this.#runs.delete(keyOf(run));
      return written;
    } catch (error) {
      const [only] = runs;
      if (only && runs.length === 1 && isOfStore(error)) {
        this.#runs.delete(keyOf(only));
        this.#runs.set(keyOf(only), error);
      }
      throw error;
    } finally {
      this.#changed();
    }
  }

  /** What others own now is none of ours. */
  clear(): void {
    this.#runs.clear();
    this.#changed();
  }

  #changed(): void {
    const present = this.#opening ?? [...this.#runs.values()].at(-1);
    if (present === this.#told) return;
    this.#told = present;
    this.#tell(present);
  }
}

function keyOf({ workflow, run }: RunAddress): string {
  return JSON.stringify([workflow, run]);
}

function isOfStore(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && error.code.startsWith('STORE_');
}
