import {
  arrived,
  type Crossing,
  crossError,
  crossGiven,
  type HostApi,
  type HostLink,
  isHoldfastError,
  type LinkedApi,
  type Values,
} from '@holdfast/core/client';
import { type Guard, guardStore } from '../claims/guard.js';
import type { CallService, HostWorker, Incarnation, StoreNotice, TellPage, TroubleNotice } from '../wire/wire.js';
import { Audience } from './audience.js';
import { noteEnded, wasEnded } from './ended-workers.js';
import { closed, lackOf, unreachable } from './errors.js';
import { followPage, stateOfPage } from './page-life.js';
import { openSession, type RemoteWorker, type Session } from './session.js';
import type { PageSiteStorage } from './site-storage.js';

export interface WorkerLinkOptions {
  readonly name: string;
  readonly readyMs: number;
  makeWorker(): HostWorker;
  /** Calls a function of the page for a step. */
  readonly service: CallService;
  /** Told what the worker knows of the network; true when there is none that knows anything. */
  network(online: boolean): void;
  readonly storage: Pick<PageSiteStorage, 'known' | 'heed'>;
  /** Told once, when the link begins to close. */
  closed(): void;
}

/** A call under way: it stays here until it has an answer, however many workers die over it. */
interface Call {
  readonly method: keyof HostApi;
  readonly args: readonly unknown[];
  /** The store that its caller believed in. */
  readonly known: Incarnation | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** By structured clone: the codec is the worker's. */
const VALUES: Values<Crossing> = { give: crossGiven, take: arrived };
/** A worker that lived this long was healthy: its death is not counted with those before it. */
const HEALTHY_MS = 5000;
/** After so many deaths in a row, callers are told. */
const MOST_DEATHS = 5;
const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 10_000;
/** How long a host may take to end in good order. */
const CLOSE_MS = 1000;

/**
 * Owns: the page's worker, and the calls under way. Never: knows what is called.
 * 1. Nothing starts before the first call.
 * 2. There is at most one worker. While the page can't run (in the back/forward cache, frozen) there is none, so that no
 *    lock is held there; a new one starts when the page comes back.
 * 3. A call is settled by the first answer that any worker gives, and made again on the next worker when one dies
 *    over it; host calls are idempotent. It is rejected only when no worker can be had, or the link closes.
 * 4. After a death the next worker starts by itself: runs go on without a call.
 * 5. While its worker owns the store, however busy, the page says so to those who claim it.
 * 6. A call goes to the store that its caller knew, and to no other: also when it is made again.
 * 7. A worker that the page ends is noted as ended, unless it had stopped answering: then it has crashed.
 */
export class WorkerLink implements HostLink {
  readonly values = VALUES as Values;
  readonly closed: Promise<never>;
  readonly #options: WorkerLinkOptions;
  readonly #calls = new Set<Call>();
  readonly #audience = new Audience();
  readonly #ended = new AbortController();
  #session: Session | undefined;
  /** Name of the worker of that session, once it has one. */
  #host: string | undefined;
  /** Since when it owes an answer. */
  #askedAt: number | undefined;
  #remote: RemoteWorker | undefined;
  #readyAt = 0;
  #deaths = 0;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #started = false;
  #asleep = false;
  /** Whether the present worker owns the store. */
  #owns = false;
  #guard: Guard | undefined;

  constructor(options: WorkerLinkOptions) {
    this.#options = options;
    this.closed = new Promise((_, reject) => {
      this.#ended.signal.addEventListener('abort', () => reject(closed(options.name)), { once: true });
    });
    // For those who wait on it; nobody has to.
    this.closed.catch(() => undefined);
  }

  call<M extends keyof HostApi>(method: M, ...args: Parameters<LinkedApi[M]>): ReturnType<LinkedApi[M]> {
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.#ended.signal.aborted) throw closed(this.#options.name);
      // What a page lacks it has lacked from its first call on.
      const lack = this.#started ? undefined : lackOf(globalThis);
      if (lack) throw lack;
      const call = { method, args, known: this.#options.storage.known(), resolve, reject };
      this.#calls.add(call);
      if (this.#remote) void this.#issue(call, this.#remote);
      else this.#start();
    });
    return answer as ReturnType<LinkedApi[M]>;
  }

  listen(listener: Parameters<HostLink['listen']>[0]): void {
    this.#audience.add(listener);
    if (this.#remote) listener.connected();
  }

  async close(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#options.closed();
    clearTimeout(this.#restart);
    this.#rejectAll(closed(this.#options.name));
    this.#audience.status('closed');
    const session = this.#session;
    const remote = this.#remote;
    this.#noteEnd();
    this.#forget();
    this.#guard?.close();
    if (session && remote) await Promise.race([remote('close'), session.died, elapsed(CLOSE_MS)]);
    session?.end();
  }

  #start(): void {
    if (!this.#started) this.#attachToPage();
    this.#started = true;
    if (!this.#session && this.#restart === undefined && !this.#asleep) this.#open();
  }

  #open(): void {
    this.#restart = undefined;
    const { name, readyMs, makeWorker, service } = this.#options;
    const session = openSession({
      makeWorker,
      readyMs,
      hello: (host) => {
        this.#host = host;
        return { name, host, page: stateOfPage() };
      },
      page: {
        service,
        wasEnded: (other) => wasEnded(name, other),
        tell: (notice) => {
          if (this.#session === session) this.#tell(notice);
        },
      },
    });
    this.#session = session;
    this.#host = undefined;
    this.#askedAt = undefined;
    if (this.#deaths === 0) this.#audience.status('starting');
    session.ready.then(
      (remote) => this.#session === session && this.#connected(session, remote),
      (error) => this.#session === session && this.#failed(session, error),
    );
  }

  #connected(session: Session, remote: RemoteWorker): void {
    this.#remote = remote;
    this.#readyAt = performance.now();
    void session.died.then(() => this.#session === session && this.#died(session));
    void this.#askOn(session, remote);
    this.#audience.status('answering');
    for (const call of this.#calls) void this.#issue(call, remote);
    this.#audience.connected();
  }

  /** Keeps asking for a sign of life, and says when there is none for long, and when it is there again. */
  async #askOn(session: Session, remote: RemoteWorker): Promise<void> {
    const { readyMs } = this.#options;
    while (this.#session === session) {
      this.#askedAt = performance.now();
      const late = setTimeout(() => this.#session === session && this.#audience.status('unresponsive'), readyMs);
      await remote('page', stateOfPage());
      clearTimeout(late);
      if (this.#session !== session) return;
      this.#askedAt = undefined;
      this.#audience.status('answering');
      await elapsed(readyMs / 2);
    }
  }

  #tell(notice: Parameters<TellPage>[0]): void {
    if (notice.kind === 'host') this.#owns = notice.ownership === 'owner';
    if (notice.kind === 'network') this.#options.network(notice.online);
    else if (notice.kind === 'store' || notice.kind === 'trouble') this.#heedStore(notice);
    else this.#audience.notice(notice);
  }

  #heedStore(notice: StoreNotice | TroubleNotice): void {
    if (notice.kind === 'store') this.#guardStore(notice.database);
    const lost = this.#options.storage.heed(notice);
    if (lost) this.#audience.notice({ kind: 'lost', error: crossError(lost) });
  }

  /** The worker is gone, or about to go. */
  #forget(): void {
    this.#session = undefined;
    this.#host = undefined;
    this.#remote = undefined;
    this.#owns = false;
    this.#options.network(true);
    this.#options.storage.heed({ kind: 'trouble' });
  }

  #noteEnd(): void {
    if (this.#host === undefined) return;
    const hung = this.#askedAt !== undefined && performance.now() - this.#askedAt > this.#options.readyMs;
    if (hung) return;
    noteEnded(this.#options.name, this.#host);
    this.#guard?.tellEnd(this.#host);
  }

  async #issue(call: Call, remote: RemoteWorker): Promise<void> {
    try {
      call.resolve(await remote('call', call.method, call.args as never, call.known));
    } catch (error) {
      // The caller may go on at once, from then on in the store that there is.
      if (isHoldfastError(error, 'STORE_LOST'))
        this.#tell({ kind: 'store', ...(error.details as never as Incarnation) });
      call.reject(error);
    }
    this.#calls.delete(call);
  }

  #died(session: Session): void {
    if (performance.now() - this.#readyAt > HEALTHY_MS) this.#deaths = 0;
    this.#restartAfter(session, unreachable('died', `The worker died ${this.#deaths + 1} times in a row.`));
  }

  /** No worker was to be had. One that died is tried again first; for the others waiting mends nothing. */
  #failed(session: Session, error: unknown): void {
    const { details } = error as { details?: { reason?: unknown } };
    this.#restartAfter(session, error, details?.reason !== 'died');
  }

  #restartAfter(session: Session, error: unknown, hopeless = false): void {
    session.end();
    this.#forget();
    this.#deaths++;
    if (hopeless || this.#deaths >= MOST_DEATHS) this.#giveUp(error);
    else this.#audience.status('restarting');
    if (this.#readyAt === 0 && this.#calls.size === 0) return;
    const delayMs = this.#deaths === 1 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (this.#deaths - 2), LAST_DELAY_MS);
    if (!this.#asleep) this.#restart = setTimeout(() => this.#open(), delayMs);
  }

  /** Callers are told; the next worker is tried all the same. */
  #giveUp(error: unknown): void {
    this.#rejectAll(error);
    this.#audience.status('unreachable', error);
  }

  #rejectAll(error: unknown): void {
    for (const { reject } of this.#calls) reject(error);
    this.#calls.clear();
  }

  #attachToPage(): void {
    const left = () => {
      this.#sleep();
      // A channel that is open would let the browser throw the page out of its back/forward cache.
      this.#guard?.close();
      this.#guard = undefined;
    };
    const back = () => {
      if (this.#asleep) this.#wake();
    };
    const changed = () => void this.#remote?.('page', stateOfPage());
    followPage({ left, back, changed }, this.#ended.signal);
  }

  /** From when on the worker has found its store. */
  #guardStore(store: string): void {
    if (this.#guard?.store === store || this.#asleep || this.#ended.signal.aborted) return;
    this.#guard?.close();
    this.#guard = guardStore(store, () => this.#owns);
  }

  /** A worker that can't run would keep its locks, and may not be woken for long. */
  #sleep(): void {
    this.#asleep = true;
    clearTimeout(this.#restart);
    this.#restart = undefined;
    this.#noteEnd();
    this.#session?.end();
    this.#forget();
  }

  #wake(): void {
    this.#asleep = false;
    this.#deaths = 0;
    this.#start();
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
