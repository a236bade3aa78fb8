import { type RunAddress, type RunRow, runKey, singletonId } from '@holdfast/core/store';
import type { ChangeEntry } from './entry.js';
import type { LogState } from './state.js';

/**
 * What the log would add up to once the changes of the present group are written: against this the next member of
 * the group is checked, while readers go on seeing the state without them.
 */
export class Stage {
  readonly #state: LogState;
  readonly #seqs = new Map<string, number | undefined>();
  readonly #singletons = new Map<string, RunRow>();
  #lastN: number;

  constructor(state: LogState) {
    this.#state = state;
    this.#lastN = state.lastN;
  }

  /** The seq of a run; undefined when there is no such run. */
  seqOf(address: RunAddress): number | undefined {
    const key = runKey(address);
    return this.#seqs.has(key) ? this.#seqs.get(key) : this.#state.tables.head(address)?.seq;
  }

  /** Another run with the `singletonKey` of this one: also one that a change before in the group ends. */
  singletonOf(row: RunRow): RunRow | undefined {
    const id = singletonId(row);
    return this.#state.tables.singleton(row) ?? (id === undefined ? undefined : this.#singletons.get(id));
  }

  /** The number for the next inbox row. */
  get nextN(): number {
    return this.#lastN + 1;
  }

  take(entry: ChangeEntry): void {
    if (entry.kind === 'inbox') this.#lastN = entry.row.n;
    if (entry.kind === 'start') {
      const id = singletonId(entry.row);
      this.#seqs.set(runKey(entry.row), entry.row.seq);
      if (id !== undefined) this.#singletons.set(id, entry.row);
    }
    if (entry.kind !== 'commit') return;
    for (const op of entry.ops) {
      if (op.op === 'run') this.#seqs.set(runKey(entry), op.row.seq);
      if (op.op === 'delete') this.#seqs.set(runKey(entry), undefined);
    }
  }
}
