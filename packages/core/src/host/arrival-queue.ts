import { type Arrival, clearsActions, type LeafAddress } from '../decide/arrivals.js';
import type { InboxRow } from '../records/records.js';
import { ownerKey } from '../steps/journal.js';

/** Stands in the queue to tell that what was before it has been taken. */
interface Milestone {
  readonly kind: 'milestone';
  reached(): void;
}

export type Queueable = Arrival | Milestone;

interface Queued {
  arrival: Queueable;
  /** When it came, an instant (ms). */
  readonly at: number;
}

/** What is to be decided at its instant (ms). */
interface Due {
  readonly at: number;
  readonly arrival: Arrival;
}

/** Came before all that is due by now. */
const LONG_AGO = 0;

/** No timer goes before these. */
const OPENING = new Set<Queueable['kind']>(['start', 'version', 'control']);
/** What a control does not overtake. */
const BEFORE_CONTROLS = new Set<Queueable['kind']>(['version', 'performed', 'control']);
/** What is taken before work begins: an action has thrown, or somebody wants it not to begin. */
const BEFORE_WORK = new Set<Queueable['kind'] | undefined>(['performed', 'control']);
/** What is taken while a run is paused: controls, and what was under way. */
const DURING_PAUSE = new Set<Queueable['kind']>([
  ...(['control', 'step', 'heartbeat', 'progress', 'actor', 'undone'] as const),
]);

/**
 * What has come for a run in memory and is not taken yet, in the order in which it is to be taken.
 *
 * Owns: the queue, and which inbox rows were ever in it. Never: what becomes of an arrival.
 * 1. Arrivals of one sender are taken in their order. Controls overtake.
 * 2. An event accepted at or before a timer's deadline is taken before that timer.
 * 3. An inbox row is taken in once.
 */
export class ArrivalQueue {
  readonly #queue: Queued[] = [];
  readonly #taken = new Set<number>();

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Takes in inbox rows; those it has had are passed over. */
  take(rows: readonly InboxRow[]): void {
    for (const row of rows) {
      if (this.#taken.has(row.n)) continue;
      this.#taken.add(row.n);
      if (row.lane === 'control') this.#overtake({ arrival: { kind: 'control', row }, at: row.acceptedAt });
      else this.#queue.push({ arrival: { kind: 'event', row }, at: row.acceptedAt });
    }
  }

  /** @param at when it came, an instant (ms); by default before all that is due by now. */
  push(arrival: Queueable, at = LONG_AGO): void {
    const last = this.#queue.at(-1);
    if (arrival.kind === 'progress' && last?.arrival.kind === 'progress') last.arrival = arrival;
    else this.#queue.push({ arrival, at });
  }

  /** They are taken before all others. */
  putFirst(arrivals: readonly Arrival[]): void {
    this.#queue.unshift(...arrivals.map((arrival) => ({ arrival, at: LONG_AGO })));
  }

  /** What was performed is told by whatever clears it: where nothing ahead does, by an arrival of its own. */
  pushPerformed(): void {
    const told = this.#queue.some(({ arrival }) => arrival.kind !== 'milestone' && clearsActions(arrival));
    if (!told) this.push({ kind: 'performed' });
  }

  /** Results of a leaf that was left have come too late: they would be checkpoints of nothing. */
  dropOf(leaf: LeafAddress): void {
    const isIts = ({ arrival }: Queued) => 'leaf' in arrival && ownerKey(arrival.leaf) === ownerKey(leaf);
    const left = this.#queue.filter((queued) => !isIts(queued));
    this.#queue.splice(0, Infinity, ...left);
  }

  /** Removes and returns what is to be taken next: what is due, or has come. */
  next(due: Due | undefined, now: number): Queueable | undefined {
    const first = this.#queue[0];
    const isDue = due !== undefined && due.at <= now;
    const opening = first !== undefined && OPENING.has(first.arrival.kind);
    if (isDue && !opening && (!first || due.at < first.at)) return due.arrival;
    return this.#queue.shift()?.arrival;
  }

  /** The same while the run is paused. */
  nextDuringPause(): Queueable | undefined {
    const at = this.#queue.findIndex(({ arrival }) => DURING_PAUSE.has(arrival.kind));
    return at < 0 ? undefined : this.#queue.splice(at, 1)[0]?.arrival;
  }

  /** Whether something is to be taken before work begins. */
  get holdsWorkUp(): boolean {
    return BEFORE_WORK.has(this.#queue[0]?.arrival.kind);
  }

  /** Whether something is to be taken while the run is paused. */
  get movesDuringPause(): boolean {
    return this.#queue.some(({ arrival }) => DURING_PAUSE.has(arrival.kind));
  }

  #overtake(control: Queued): void {
    const first = this.#queue.findIndex(({ arrival }) => !BEFORE_CONTROLS.has(arrival.kind));
    this.#queue.splice(first < 0 ? this.#queue.length : first, 0, control);
  }
}
