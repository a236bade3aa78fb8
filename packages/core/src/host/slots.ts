import { type InboxRow, isClosed, type RunAddress, type RunRow } from '../records/records.js';
import { runKey } from '../store/tables.js';
import type { Clock } from './ports.js';

export interface SlotsPorts {
  readonly clock: Clock;
  /** How many runs of that workflow, of one key, may be at work at a time; undefined: any number. */
  limitOf(workflow: string): number | undefined;
  /** That run has a slot now, for which it had waited. */
  granted(address: RunAddress): void;
}

/** A run that waits for a slot. */
interface Claim {
  readonly address: RunAddress;
  readonly priority: number;
  /** Instant (ms) since when it wants to work. */
  readonly since: number;
}

/** The runs of one workflow and key. */
interface Pool {
  readonly held: Set<string>;
  /** The first is the next. */
  readonly line: Claim[];
}

/**
 * Who may be at work: a run of a limited workflow is in memory only while it has a slot.
 *
 * Owns: the slots, and the lines before them; nothing of it is stored but the status `queued`. Never: the runs.
 * 1. At most `limit` runs of a pool have a slot, and those that a control brought in beyond it; one is free only while
 *    nobody waits for it.
 * 2. Higher priority goes first, then who has waited longest. That order survives a crash: what waits is `queued` since
 *    its last change.
 * 3. From `expect` to `lineUp` none is given: who was at work, or waits, is not known.
 * 4. A granted slot whose run can't be brought into memory is given back by who tried.
 */
export class Slots {
  readonly #ports: SlotsPorts;
  readonly #pools = new Map<string, Pool>();
  /** The pool in which a run has a slot, or waits for one. */
  readonly #poolOf = new Map<string, string>();
  #lined: { readonly promise: Promise<void>; readonly tell: () => void } | undefined;
  /** Of those that wait: instant (ms) since when they want to work. */
  readonly #since = new Map<string, number>();

  constructor(ports: SlotsPorts) {
    this.#ports = ports;
  }

  isLimited({ workflow }: RunAddress): boolean {
    return this.#ports.limitOf(workflow) !== undefined;
  }

  /** Instant (ms) since when it waits for a slot; undefined when it does not. */
  waitsSince(address: RunAddress): number | undefined {
    return this.#since.get(runKey(address));
  }

  /** What an owner before has left is to be told by `lineUp`. */
  expect(): void {
    let tell = () => {};
    const promise = new Promise<void>((resolve) => {
      tell = resolve;
    });
    this.#lined = { promise, tell };
  }

  /** Resolves when it is known whether that run may have a slot; undefined when it is. */
  known(address: RunAddress): Promise<void> | undefined {
    return this.isLimited(address) ? this.#lined?.promise : undefined;
  }

  /**
   * Takes up what an owner before has left: who was at work keeps its slot, the others wait in their order.
   * @param accepted of a run that was sent something: what came first, by {@link runKey}.
   */
  lineUp(rows: readonly RunRow[], accepted: ReadonlyMap<string, InboxRow>): void {
    const limited = rows.filter((row) => this.isLimited(row));
    const [idle, atWork] = [limited.filter(isIdle), limited.filter((row) => !isIdle(row))];
    // Those that are being cancelled have one beyond the limit.
    for (const row of atWork.sort((a, b) => Number(!!a.cancel) - Number(!!b.cancel))) this.claim(row);
    const claims = idle.map((row) => ({ row, ...this.#claimOf(row, accepted.get(runKey(row))?.acceptedAt) }));
    for (const { row, since } of claims.sort(inOrder)) this.claim(row, since);
    this.#nowKnown();
  }

  /**
   * Whether it may work. If not, it stands in line from now on, and is told of its slot.
   * @param at instant (ms) of what moves it, where that is not a deadline of its own.
   */
  claim(row: RunRow, at?: number): boolean {
    const limit = this.#ports.limitOf(row.workflow);
    if (limit === undefined || isClosed(row.status)) return true;
    const key = runKey(row);
    if (this.#poolOf.has(key)) return !this.#since.has(key);
    const pool = this.#join(row);
    // One that is being cancelled was brought in by a control.
    if (pool.held.size < limit || row.cancel) {
      pool.held.add(key);
      return true;
    }
    const claim = this.#claimOf(row, at);
    pool.line.splice(placeOf(claim, pool.line), 0, claim);
    this.#since.set(key, claim.since);
    return false;
  }

  /** Gives it a slot beyond the limit, where none is free. */
  overtake(row: RunRow): void {
    if (this.claim(row)) return;
    const key = runKey(row);
    const pool = this.#pools.get(this.#poolOf.get(key) as string) as Pool;
    leaveLine(pool, key);
    this.#since.delete(key);
    pool.held.add(key);
  }

  /** It no longer works: the next in line may. One that waits in line goes on waiting. */
  giveBack(address: RunAddress): void {
    if (!this.#since.has(runKey(address))) this.forget(address);
  }

  /** It neither works nor waits. */
  forget(address: RunAddress): void {
    const key = runKey(address);
    const id = this.#poolOf.get(key);
    const pool = id === undefined ? undefined : this.#pools.get(id);
    if (!pool) return;
    this.#poolOf.delete(key);
    this.#since.delete(key);
    if (pool.held.delete(key)) this.#grant(pool, this.#ports.limitOf(address.workflow));
    else leaveLine(pool, key);
    if (pool.held.size === 0) this.#pools.delete(id as string);
  }

  clear(): void {
    this.#pools.clear();
    this.#poolOf.clear();
    this.#since.clear();
    this.#nowKnown();
  }

  #nowKnown(): void {
    this.#lined?.tell();
    this.#lined = undefined;
  }

  #grant({ held, line }: Pool, limit = Infinity): void {
    const next = held.size < limit ? line.shift() : undefined;
    if (!next) return;
    const key = runKey(next.address);
    held.add(key);
    this.#since.delete(key);
    this.#ports.granted(next.address);
  }

  #join(row: RunRow): Pool {
    const { workflow, concurrencyKey = '' } = row;
    const id = JSON.stringify([workflow, concurrencyKey]);
    const pool = this.#pools.get(id) ?? { held: new Set(), line: [] };
    this.#pools.set(id, pool);
    this.#poolOf.set(runKey(row), id);
    return pool;
  }

  #claimOf(row: RunRow, at = this.#ports.clock.now()): Claim {
    const { workflow, run, priority = 0 } = row;
    return { address: { workflow, run }, priority, since: sinceOf(row, at) };
  }
}

function leaveLine({ line }: Pool, key: string): void {
  line.splice(
    line.findIndex(({ address }) => runKey(address) === key),
    1,
  );
}

/** Whether its work had not begun, or had come to wait. */
function isIdle({ status }: RunRow): boolean {
  return status === 'queued' || status === 'waiting';
}

/** Since when (ms) it wants to work. */
function sinceOf({ status, seq, createdAt, updatedAt, nextDeadlineAt }: RunRow, at: number): number {
  if (seq === 0) return Math.max(createdAt, nextDeadlineAt ?? createdAt);
  if (status === 'queued') return updatedAt;
  return Math.min(at, nextDeadlineAt ?? at);
}

function inOrder(a: Claim, b: Claim): number {
  return b.priority - a.priority || a.since - b.since;
}

/** Behind all that go before it, and those that came at the same instant. */
function placeOf(claim: Claim, line: readonly Claim[]): number {
  let [low, high] = [0, line.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (inOrder(line[middle] as Claim, claim) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
