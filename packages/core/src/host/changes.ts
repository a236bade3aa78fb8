import type { RunAddress } from '../records/records.js';
import { runKey } from '../store/tables.js';

/** For who waits for whatever run. */
const ANY: RunAddress = { workflow: '', run: '' };

/**
 * Lets callers wait until something about a run, or about all of them, holds, in whichever host it comes about.
 *
 * Owns: who waits. 1. A change told while a caller looks is not missed: it looks again.
 */
export class Changes {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Something about that run has changed. */
  tell(address: RunAddress): void {
    if (this.#waiting.size === 0) return;
    for (const key of [runKey(address), runKey(ANY)]) {
      for (const wake of [...(this.#waiting.get(key) ?? [])]) wake();
    }
  }

  /** Everything may have changed. */
  tellAll(): void {
    for (const wakes of [...this.#waiting.values()]) for (const wake of [...wakes]) wake();
  }

  /** As {@link until}, whichever run changes. */
  untilAny(holds: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    return this.until(ANY, holds, signal);
  }

  /** Resolves when `holds` says so; rejects with what it throws, or with the reason of `signal`. */
  async until(address: RunAddress, holds: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const change = this.#next(address, signal);
      try {
        if (await holds()) return;
        await change.told;
      } finally {
        change.end();
      }
    }
  }

  #next(address: RunAddress, signal: AbortSignal): { told: Promise<void>; end: () => void } {
    const key = runKey(address);
    const wakes = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, wakes);
    let wake = () => {};
    const told = new Promise<void>((resolve) => {
      wake = resolve;
    });
    wakes.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    const end = () => {
      signal.removeEventListener('abort', wake);
      wakes.delete(wake);
      if (wakes.size === 0 && this.#waiting.get(key) === wakes) this.#waiting.delete(key);
    };
    return { told, end };
  }
}
