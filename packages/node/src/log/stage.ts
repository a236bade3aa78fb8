import { type InboxRow, type RunAddress, type RunRow, runKey, singletonId } from '@holdfast/core/store';
import type { ChangeEntry } from './entry.js';
import type { LogState } from './state.js';

/** What is in memory of an inbox row. */
export type WaitingRow = Pick<InboxRow, 'n' | 'id' | 'lane'>;

/**
 * What the log would add up to once the changes of the present group are written: against this the next member of
 * the group is checked, while readers go on seeing the state without them.
 */
export class Stage {
  readonly #state: LogState;
  /** Heads as the changes leave them; undefined where the run is gone. */
  readonly #heads = new Map<string, RunRow | undefined>();
  /** Made when there is something to note, as most groups have nothing. */
  #singletons: Map<string, RunRow> | undefined;
  /** Rows that the changes put into inboxes, and the `n` of those that they take out. */
  #put: Map<string, WaitingRow[]> | undefined;
  #taken: Set<number> | undefined;
  #lastN: number;

  constructor(state: LogState) {
    this.#state = state;
    this.#lastN = state.globals.lastN;
  }

  /** The seq of a run; undefined when there is no such run. */
  seqOf(address: RunAddress): number | undefined {
    return this.head(address)?.seq;
  }

  /** Whether there is a run that rows of this lane may be put before. */
  takes({ lane, ...address }: Pick<InboxRow, 'lane' | 'workflow' | 'run'>): boolean {
    const status = this.head(address)?.status;
    return status !== undefined && (lane === 'control' || status !== 'pruned');
  }

  /** The head of a run; undefined when there is no such run. */
  head(address: RunAddress): RunRow | undefined {
    const key = runKey(address);
    return this.#heads.has(key) ? this.#heads.get(key) : this.#state.head(address);
  }

  /** Another run with the `singletonKey` of this one: also one that a change before in the group ends. */
  singletonOf(row: RunRow): RunRow | undefined {
    const id = singletonId(row);
    return this.#state.singleton(row) ?? (id === undefined ? undefined : this.#singletons?.get(id));
  }

  /** The number for the next inbox row. */
  get nextN(): number {
    return this.#lastN + 1;
  }

  /** At least as many as wait in the inbox of a run. */
  mostIn(address: RunAddress): number {
    return (this.#state.run(address)?.inbox.length ?? 0) + (this.#put?.get(runKey(address))?.length ?? 0);
  }

  inbox(address: RunAddress): WaitingRow[] {
    const rows = [...(this.#state.run(address)?.inbox ?? []), ...(this.#put?.get(runKey(address)) ?? [])];
    return rows.filter(({ n }) => !this.#taken?.has(n));
  }

  take(entry: ChangeEntry): void {
    if (entry.kind === 'inbox') this.#enqueue(entry.row);
    if (entry.kind === 'start') {
      const id = singletonId(entry.row);
      this.#heads.set(runKey(entry.row), entry.row);
      if (id !== undefined) this.#singletons = (this.#singletons ?? new Map()).set(id, entry.row);
    }
    if (entry.kind !== 'commit') return;
    for (const op of entry.ops) {
      if (op.op === 'run' || op.op === 'prune') this.#heads.set(runKey(entry), op.row);
      if (op.op === 'delete') this.#heads.set(runKey(entry), undefined);
      if (op.op === 'restart') this.#heads.set(runKey(entry), op.start.row);
      if (op.op === 'taken') this.#dequeue(op.n);
      if (op.op === 'delete' || op.op === 'restart' || op.op === 'prune')
        for (const { n } of this.inbox(entry)) this.#dequeue(n);
    }
  }

  #dequeue(n: number): void {
    this.#taken = (this.#taken ?? new Set()).add(n);
  }

  #enqueue(row: InboxRow): void {
    this.#lastN = row.n;
    this.#put ??= new Map();
    const put = this.#put.get(runKey(row));
    if (put) put.push(row);
    else this.#put.set(runKey(row), [row]);
  }
}
