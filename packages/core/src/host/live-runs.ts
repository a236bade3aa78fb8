import { HoldfastError } from '../errors/index.js';
import { isClosed, type RunAddress, type StoredRun } from '../records/records.js';
import type { Ownership, Store } from '../store/store.js';
import { runKey } from '../store/tables.js';
import type { Deadlines } from './deadlines.js';
import type { Gone, LiveRun } from './live-run.js';
import { type News, readNews } from './news.js';
import type { Clock } from './ports.js';
import type { Problems } from './problems.js';
import type { Keeper } from './revival.js';
import type { Slots } from './slots.js';
import type { Suspects } from './suspects.js';

export interface LiveRunsPorts {
  readonly store: Store;
  readonly clock: Clock;
  /** How long a run at rest stays, in ms. */
  readonly evictAfterMs: number;
  readonly problems: Problems;
  readonly suspects: Suspects;
  readonly slots: Slots;
  readonly deadlines: Deadlines;
  ownership(): Ownership | undefined;
  /** The run, when it may be brought into memory now. */
  admit(stored: StoredRun, ownership: Ownership): Promise<StoredRun | undefined>;
  revive(stored: StoredRun, ownership: Ownership, keeper: Keeper): LiveRun;
  /** A run could not be brought into memory, or can't stay there. Resolves when what is to be done about it is done. */
  failed(address: RunAddress, error: unknown): Promise<void>;
  changed(address: RunAddress): void;
  /** Between two things that are done. All runs may be stopped in this very call. */
  mayYield(): void;
}

/**
 * The runs that are in memory: brings them in when there is something to do, and drops them when there is not.
 *
 * Owns: the live runs, those on their way there or from there, the evictions ahead. Never: a run's record (its live run does).
 * 1. A run is in memory at most once; runs are in memory only while this host owns the store.
 * 2. What a run is brought in for it is given, though it may be put to rest in the meantime.
 * 3. One that is paused is not kept; one of a workflow with a limit leaves as soon as it rests, and gives its slot back.
 * 4. One that leaves while it waits for a deadline is brought back by it.
 * 5. What could not be brought in, or broke, is seen to once, and nothing else is tried of that run meanwhile: it may be
 *    started anew by that, and what was wrong with the one before says nothing of the new one.
 */
export class LiveRuns {
  readonly #ports: LiveRunsPorts;
  readonly #live = new Map<string, LiveRun>();
  /** Being brought in, or seen to after it has failed; with a run where it is in memory afterwards. */
  readonly #underWay = new Map<string, Promise<LiveRun | undefined>>();
  /** Ways to cancel the evictions ahead. */
  readonly #evictions = new Map<string, () => void>();

  constructor(ports: LiveRunsPorts) {
    this.#ports = ports;
  }

  get(address: RunAddress): LiveRun | undefined {
    return this.#live.get(runKey(address));
  }

  /** Whether it is in memory, or on its way there or from there. */
  isBusy(address: RunAddress): boolean {
    const key = runKey(address);
    return this.#live.has(key) || this.#underWay.has(key);
  }

  /** Whether anything of them is under way that would have to be done again elsewhere. */
  get busy(): boolean {
    return [...this.#live.values()].some(({ busy }) => busy);
  }

  /** Brings a run into memory, and gives it what it has not taken in yet. */
  async attend(address: RunAddress, news?: News): Promise<void> {
    const { workflow, run } = address;
    try {
      const known = this.isBusy(address);
      const live = await this.#activate({ workflow, run });
      // What was accepted before it was read it has: a control may even have been carried out by then.
      if (!known) return;
      const given = live && (news ?? (await readNews(this.#ports.store, { workflow, run })));
      // It may not have come into memory, or have left it in the meantime.
      if (!live?.take(given?.rows ?? [], given?.attachments)) await this.attend(address, news);
    } catch (error) {
      await this.#ports.failed({ workflow, run }, error);
    }
  }

  /** The run was deleted, or starts anew. */
  gone(address: RunAddress, gone: Gone): void {
    const { problems, slots, suspects, changed } = this.#ports;
    this.#live.delete(runKey(address));
    problems.forget(address);
    slots.forget(address);
    suspects.forget(address);
    changed(address);
    if (gone === 'restarted') void this.attend(address);
  }

  /** Throws a run's memory away: a commit of it, or its code, has failed. */
  broken(address: RunAddress, error: unknown): void {
    const key = runKey(address);
    this.#live.get(key)?.stop(error);
    this.#live.delete(key);
    void this.#alone(address, this.#fail({ workflow: address.workflow, run: address.run }, error));
  }

  /** Stops all of them: the store is not owned any more. */
  stop(reason: unknown): void {
    for (const run of this.#live.values()) run.stop(reason);
    this.#live.clear();
    this.#underWay.clear();
    for (const cancel of this.#evictions.values()) cancel();
    this.#evictions.clear();
  }

  #activate(address: RunAddress): Promise<LiveRun | undefined> {
    const key = runKey(address);
    const live = this.#live.get(key);
    if (live) return Promise.resolve(live);
    return this.#underWay.get(key) ?? this.#alone(address, this.#bringIn(address));
  }

  /** Nothing else is tried of the run until that has ended. A run that is not in memory then needs no slot. */
  #alone(address: RunAddress, work: Promise<LiveRun | undefined>): Promise<LiveRun | undefined> {
    const key = runKey(address);
    const done = work.finally(() => {
      if (this.#underWay.get(key) !== done) return;
      this.#underWay.delete(key);
      if (!this.#live.has(key)) this.#ports.slots.giveBack(address);
    });
    this.#underWay.set(key, done);
    return done;
  }

  async #bringIn(address: RunAddress): Promise<LiveRun | undefined> {
    const { store, problems, slots, deadlines, admit, revive } = this.#ports;
    const ownership = this.#ports.ownership();
    if (!ownership) return undefined;
    const isOwner = () => this.#ports.ownership() === ownership;
    try {
      await slots.known(address);
      const found = await store.load(address);
      if (!found || !isOwner()) return undefined;
      problems.tried(address);
      deadlines.delete(runKey(address));
      const stored = await admit(found, ownership);
      if (!stored || !isOwner()) return undefined;
      const live = revive(stored, ownership, this.#keeper);
      this.#live.set(runKey(address), live);
      return live;
    } catch (error) {
      return isOwner() ? this.#fail(address, error) : undefined;
    }
  }

  async #fail(address: RunAddress, error: unknown): Promise<undefined> {
    await this.#ports.failed(address, error);
  }

  readonly #keeper: Keeper = {
    published: (run) => this.#published(run),
    beginning: () => this.#ports.mayYield(),
    rested: (run, gone) => this.#rested(run, gone),
    paused: (run) => this.#putAway(run),
    broken: ({ row }, error) => this.broken(row, error),
  };

  #published({ row }: LiveRun): void {
    const { problems, suspects, changed, ownership, mayYield } = this.#ports;
    // Not before: a run whose commits go on failing is to be tried less and less often.
    problems.forget(row);
    if (!row.suspicion) suspects.settled(row);
    changed(row);
    mayYield();
    if (row.parent && isClosed(row.status) && ownership()) void this.attend(row.parent);
  }

  #rested(run: LiveRun, gone: Gone | undefined): void {
    const { clock, evictAfterMs, problems, slots } = this.#ports;
    const address = { workflow: run.row.workflow, run: run.row.run };
    if (gone) {
      this.gone(address, gone);
      return;
    }
    const key = runKey(address);
    problems.forget(address);
    if (slots.isLimited(address)) {
      this.#evict(run);
      return;
    }
    this.#evictions.get(key)?.();
    this.#evictions.set(
      key,
      clock.at(clock.now() + evictAfterMs, () => this.#evict(run)),
    );
  }

  #evict(run: LiveRun): void {
    const key = runKey(run.row);
    this.#evictions.delete(key);
    if (this.#live.get(key) !== run || !run.atRest) return;
    this.#drop(run);
    const { nextDeadlineAt } = run.row;
    if (nextDeadlineAt !== undefined) this.#ports.deadlines.set(key, nextDeadlineAt);
  }

  /** A paused run is not in memory. */
  #putAway(run: LiveRun): void {
    const { problems, suspects, changed } = this.#ports;
    if (this.#live.get(runKey(run.row)) !== run) return;
    this.#drop(run);
    problems.forget(run.row);
    suspects.settled(run.row);
    changed(run.row);
  }

  #drop(run: LiveRun): void {
    run.stop(new HoldfastError('CLOSED', { message: 'The run was put to rest.' }));
    this.#live.delete(runKey(run.row));
    this.#ports.slots.giveBack(run.row);
  }
}
