const SPARE = 64;

interface Entry {
  readonly key: string;
  readonly at: number;
}

/**
 * Instants by key, of which the earliest is known: a change costs the logarithm of how many there are.
 *
 * Owns: one instant a key, in a binary heap.
 * 1. `first` is the earliest of those that were set last and not deleted.
 * 2. Instants that no longer count stay in the heap for a while, never more than those that do and a few.
 */
export class Instants {
  readonly #current = new Map<string, Entry>();
  readonly #heap: Entry[] = [];

  get first(): { readonly key: string; readonly at: number } | undefined {
    for (let first = this.#heap[0]; first; first = this.#heap[0]) {
      if (this.#current.get(first.key) === first) return first;
      this.#pop();
    }
    return undefined;
  }

  set(key: string, at: number): void {
    const entry = { key, at };
    this.#current.set(key, entry);
    if (this.#heap.length > 2 * this.#current.size + SPARE) this.#compact();
    else this.#push(entry);
  }

  delete(key: string): void {
    this.#current.delete(key);
  }

  clear(): void {
    this.#current.clear();
    this.#heap.length = 0;
  }

  #compact(): void {
    const entries = [...this.#current.values()].sort((a, b) => a.at - b.at);
    this.#heap.length = 0;
    for (const entry of entries) this.#heap.push(entry);
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
