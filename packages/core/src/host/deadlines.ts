import type { Clock } from './ports.js';

const SPARE = 64;

interface Entry {
  readonly key: string;
  readonly at: number;
}

/**
 * Wakes runs that are not in memory when their deadline comes.
 *
 * Owns: one deadline a key, in a binary heap, so that 100,000 waiting runs cost one timer. Never: the runs.
 * 1. A key is woken once per `set`, at or after its instant, earliest first.
 * 2. Deadlines that no longer count stay in the heap for a while, never more than those that do and a few.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #wake: (key: string) => void;
  readonly #current = new Map<string, Entry>();
  readonly #heap: Entry[] = [];
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, wake: (key: string) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  set(key: string, at: number): void {
    const entry = { key, at };
    this.#current.set(key, entry);
    if (this.#heap.length > 2 * this.#current.size + SPARE) this.#compact();
    else this.#push(entry);
    if (this.#heap[0] === entry) this.#arm();
  }

  delete(key: string): void {
    this.#current.delete(key);
  }

  clear(): void {
    this.#cancel?.();
    this.#current.clear();
    this.#heap.length = 0;
  }

  #arm(): void {
    this.#cancel?.();
    const first = this.#heap[0];
    this.#cancel = first && this.#clock.at(first.at, () => this.#due());
  }

  #due(): void {
    const now = this.#clock.now();
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      this.#pop();
      if (this.#current.get(first.key) !== first) continue;
      this.#current.delete(first.key);
      this.#wake(first.key);
    }
    this.#arm();
  }

  #compact(): void {
    const entries = [...this.#current.values()].sort((a, b) => a.at - b.at);
    this.#heap.splice(0, Infinity, ...entries);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if ((heap[above] as Entry).at <= entry.at) break;
      heap[index] = heap[above] as Entry;
      index = above;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const child = right < heap.length && (heap[right] as Entry).at < (heap[left] as Entry).at ? right : left;
      if (child >= heap.length || (heap[child] as Entry).at >= last.at) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
  }
}
