import {
  hasLabels,
  type RunAddress,
  type RunPage,
  type RunQuery,
  type RunRow,
  runKey,
  THERE,
} from '@holdfast/core/store';
import { addressOf, type RunIndex } from './run-index.js';

const DEFAULT_LIMIT = 1000;

/**
 * Runs in order of (workflow, run), for lists.
 *
 * Owns: the order, made when it is asked for: a page costs what it passes over, not a sort.
 */
export class RunOrder {
  #sorted: RunIndex[] = [];
  #added: RunIndex[] = [];
  readonly #gone = new Set<RunIndex>();

  add(run: RunIndex): void {
    this.#added.push(run);
  }

  remove(run: RunIndex): void {
    this.#gone.add(run);
  }

  list({ workflow, status, labels = {}, limit = DEFAULT_LIMIT, after }: RunQuery = {}): RunPage {
    const wanted = new Set([status ?? THERE].flat());
    const fits = (row: RunRow) =>
      (workflow === undefined || row.workflow === workflow) && wanted.has(row.status) && hasLabels(row, labels);
    const rows: RunRow[] = [];
    const runs = this.#inOrder();
    for (let index = after === undefined ? 0 : indexAfter(runs, addressOf(after)); index < runs.length; index++) {
      const row = runs[index]?.row;
      if (!row || !fits(row)) continue;
      const end = rows.at(-1);
      if (rows.length === limit) return end ? { rows, cursor: runKey(end) } : { rows };
      rows.push(row);
    }
    return { rows };
  }

  #inOrder(): readonly RunIndex[] {
    if (this.#gone.size > 0 || this.#added.length > 0) {
      const there = [...this.#sorted, ...this.#added].filter((run) => run.hasRow && !this.#gone.has(run));
      this.#added = this.#added.filter((run) => !run.hasRow && !this.#gone.has(run));
      this.#gone.clear();
      // What is sorted already is one stretch to the sort, so only what was added costs.
      this.#sorted = there.sort((a, b) => inOrder(a.address, b.address));
    }
    return this.#sorted;
  }
}

function indexAfter(runs: readonly RunIndex[], address: RunAddress): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (inOrder((runs[middle] as RunIndex).address, address) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Escaping changes the order of ids, so keys can't be compared: addresses are. */
function inOrder(a: RunAddress, b: RunAddress): number {
  if (a.workflow !== b.workflow) return a.workflow < b.workflow ? -1 : 1;
  if (a.run === b.run) return 0;
  return a.run < b.run ? -1 : 1;
}
