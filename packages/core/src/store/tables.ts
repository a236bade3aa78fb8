import { HoldfastError } from '../errors/index.js';
import {
  type Attached,
  type HistoryRow,
  type InboxRow,
  type RunAddress,
  type RunRow,
  type StoredRun,
  type StoredValue,
  THERE,
  WOKEN,
} from '../records/records.js';
import { hasLabels } from './labels.js';
import type { Checkpoint, Op, RunPage, RunQuery } from './store.js';

interface RunTable {
  row: RunRow;
  values: Map<string, StoredValue>;
  attachments: Map<string, Attached>;
  history: HistoryRow[];
  inbox: Map<number, InboxRow>;
}

const DEFAULT_LIMIT = 1000;

/** The key under which a run stands in maps and on disk: both parts are escaped, so no two runs share one. */
export function runKey({ workflow, run }: RunAddress): string {
  return `${escaped(workflow)}/${escaped(run)}`;
}

/** Most ids have nothing to be escaped: looking for it is quicker than escaping. */
function escaped(id: string): string {
  return /[^\w.-]/.test(id) ? encodeURIComponent(id) : id;
}

function addressOf(key: string): RunAddress {
  const [workflow = '', run = ''] = key.split('/').map(decodeURIComponent);
  return { workflow, run };
}

/** What two runs must not have in common; undefined where it may be anything. */
export function singletonId({ workflow, singletonKey }: RunRow): string | undefined {
  return singletonKey === undefined ? undefined : JSON.stringify([workflow, singletonKey]);
}

/** Escaping changes the order of ids, so keys can't be compared: addresses are. */
function inOrder(a: RunAddress, b: RunAddress): number {
  if (a.workflow !== b.workflow) return a.workflow < b.workflow ? -1 : 1;
  if (a.run === b.run) return 0;
  return a.run < b.run ? -1 : 1;
}

/** Refuses, with `STORE_SEQ`, a checkpoint that does not follow the stored seq. */
export function assertFollows(checkpoint: RunAddress & { readonly after: number }, stored: number | undefined): void {
  const { workflow, run, after } = checkpoint;
  if (stored === after) return;
  throw new HoldfastError('STORE_SEQ', {
    message: `Checkpoint after seq ${after} of run ${runKey(checkpoint)} met stored seq ${stored ?? 'none'}.`,
    details: { workflow, run, after, stored: stored ?? null },
  });
}

/** A deep copy of plain data that nobody can change: strings are shared, so a large text costs nothing. */
export function frozenCopy<T>(data: T): T {
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return Object.freeze(data.map(frozenCopy)) as T;
  // Spread keeps the shape of what it copies, and makes a `__proto__` of its own a field, as it was.
  const copy = { ...data } as Record<string, unknown>;
  for (const key of Object.keys(copy)) {
    const part = copy[key];
    if (typeof part === 'object' && part !== null) copy[key] = frozenCopy(part);
  }
  return Object.freeze(copy) as T;
}

/**
 * The records of a whole store, in memory: what the memory store is.
 *
 * Owns: the maps. Never: I/O, time, ownership.
 * 1. `check` throws before anything is changed; `apply` after a passed `check` can't fail.
 * 2. Rows are copied and frozen when they come in, and replaced, never changed in place: neither who gave one nor who
 *    reads one can change what is stored, and a reader's copy stays as it was.
 */
export class Tables {
  readonly #runs = new Map<string, RunTable>();
  /** Keys of the runs whose head has a `singletonKey`, by that. */
  readonly #singletons = new Map<string, string>();

  /** Throws `STORE_SEQ` when `checkpoint` does not follow the stored seq. */
  check(checkpoint: Checkpoint): void {
    assertFollows(checkpoint, this.head(checkpoint)?.seq);
  }

  apply(address: RunAddress, ops: readonly Op[]): void {
    for (const op of ops) this.#apply(runKey(address), op);
  }

  #apply(key: string, op: Op): void {
    if (op.op === 'delete') {
      this.#forgetSingleton(key);
      this.#runs.delete(key);
      return;
    }
    if (op.op === 'restart') {
      this.start(op.start.row, op.start.input, op.start.attachments);
      return;
    }
    if (op.op === 'prune') {
      this.#put(op.row);
      return;
    }
    const table = this.#runs.get(key);
    if (!table) return;
    switch (op.op) {
      case 'run':
        this.#forgetSingleton(key);
        table.row = frozenCopy(op.row);
        this.#rememberSingleton(key, table.row);
        break;
      case 'put':
        table.values.set(op.id, frozenCopy(op.value));
        break;
      case 'remove':
        table.values.delete(op.id);
        break;
      case 'attach':
        table.attachments.set(op.id, op.blob);
        break;
      case 'detach':
        table.attachments.delete(op.id);
        break;
      case 'history':
        table.history.push(frozenCopy(op.row));
        break;
      case 'taken':
        table.inbox.delete(op.n);
        break;
      case 'forget':
        table.history = table.history.filter(({ seq }) => seq > op.upTo);
        break;
    }
  }

  /** Adds a new run; its input is the value `input`. */
  start(row: RunRow, input: StoredValue, attachments: readonly { id: string; blob: Attached }[] = []): void {
    const table = this.#put(row);
    table.values.set('input', frozenCopy(input));
    for (const { id, blob } of attachments) table.attachments.set(id, blob);
  }

  /** A run of which there is nothing but the head, in place of the one there may be. */
  #put(row: RunRow): RunTable {
    const key = runKey(row);
    this.#forgetSingleton(key);
    this.#rememberSingleton(key, row);
    const values = new Map<string, StoredValue>();
    const attachments = new Map<string, Attached>();
    const table: RunTable = { row: frozenCopy(row), values, attachments, history: [], inbox: new Map() };
    this.#runs.set(key, table);
    return table;
  }

  /** Adds an inbox row to a run that is there. */
  enqueue(row: InboxRow, attachments: readonly { id: string; blob: Attached }[] = []): void {
    const table = this.#runs.get(runKey(row));
    table?.inbox.set(row.n, frozenCopy(row));
    for (const { id, blob } of attachments) table?.attachments.set(id, blob);
  }

  /** Whether there is a run that rows of this lane may be put before. */
  takes({ lane, ...address }: Pick<InboxRow, 'lane' | 'workflow' | 'run'>): boolean {
    const status = this.head(address)?.status;
    return status !== undefined && (lane === 'control' || status !== 'pruned');
  }

  head(address: RunAddress): RunRow | undefined {
    return this.#runs.get(runKey(address))?.row;
  }

  /** Another run whose head has the `singletonKey` of this one. */
  singleton(row: RunRow): RunRow | undefined {
    const id = singletonId(row);
    const key = id === undefined ? undefined : this.#singletons.get(id);
    return key === undefined || key === runKey(row) ? undefined : this.#runs.get(key)?.row;
  }

  #rememberSingleton(key: string, row: RunRow): void {
    const id = singletonId(row);
    if (id !== undefined) this.#singletons.set(id, key);
  }

  #forgetSingleton(key: string): void {
    const row = this.#runs.get(key)?.row;
    const id = row && singletonId(row);
    if (id !== undefined && this.#singletons.get(id) === key) this.#singletons.delete(id);
  }

  load(address: RunAddress): StoredRun | undefined {
    const table = this.#runs.get(runKey(address));
    if (!table) return undefined;
    const { row, values, attachments, inbox } = table;
    return { row, values: new Map(values), attachments: new Map(attachments), inbox: [...inbox.values()] };
  }

  list(query: RunQuery = {}): RunPage {
    const { workflow, status, labels = {}, limit = DEFAULT_LIMIT, after } = query;
    const wanted = new Set([status ?? THERE].flat());
    const last = after === undefined ? undefined : addressOf(after);
    const found = [...this.#runs.values()]
      .map(({ row }) => row)
      .filter((row) => workflow === undefined || row.workflow === workflow)
      .filter((row) => wanted.has(row.status))
      .filter((row) => hasLabels(row, labels))
      .filter((row) => last === undefined || inOrder(last, row) < 0)
      .sort(inOrder);
    const rows = found.slice(0, limit);
    const end = rows.at(-1);
    return end && found.length > limit ? { rows, cursor: runKey(end) } : { rows };
  }

  /** Those that their deadline brings back, the earliest first. */
  due(limit: number): RunRow[] {
    const heads = [...this.#runs.values()].map(({ row }) => row);
    const ahead = heads.filter(({ status, nextDeadlineAt }) => WOKEN.includes(status) && nextDeadlineAt !== undefined);
    return ahead.sort((a, b) => (a.nextDeadlineAt as number) - (b.nextDeadlineAt as number)).slice(0, limit);
  }

  /** Rows of both lanes. */
  inboxLength(address: RunAddress): number {
    return this.#runs.get(runKey(address))?.inbox.size ?? 0;
  }

  inbox(address?: RunAddress): InboxRow[] {
    if (address) return [...(this.#runs.get(runKey(address))?.inbox.values() ?? [])];
    return [...this.#runs.values()].flatMap((table) => [...table.inbox.values()]).sort((a, b) => a.n - b.n);
  }

  history(address: RunAddress, options: { after?: number; limit?: number } = {}): HistoryRow[] {
    const { after = 0, limit = DEFAULT_LIMIT } = options;
    const rows = this.#runs.get(runKey(address))?.history ?? [];
    return rows.filter((row) => row.seq > after).slice(0, limit);
  }
}
