import type { HostApi, HostLink } from '@holdfast/core/client';
import { fromReply } from '../wire/reply.js';
import type { CallService } from '../wire/wire.js';
import { noteEnded, wasEnded } from './ended-workers.js';
import { closed, lackOf, unreachable } from './errors.js';
import { openSession, type RemoteWorker, type Session } from './session.js';

export interface WorkerLinkOptions {
  readonly name: string;
  readonly readyMs: number;
  makeWorker(): Worker;
  /** Calls a function of the page for a step. */
  readonly service: CallService;
  /** Told once, when the link begins to close. */
  closed(): void;
}

/** A call under way: it stays here until it has an answer, however many workers die over it. */
interface Call {
  readonly method: keyof HostApi;
  readonly args: readonly unknown[];
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Listener = Parameters<HostLink['listen']>[0];

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
 * 2. There is at most one worker. While the page is in the back/forward cache there is none, so that no lock is held
 *    there; a new one starts when the page comes back.
 * 3. A call is settled by the first answer that any worker gives, and made again on the next worker when one dies
 *    over it; host calls are idempotent. It is rejected only when no worker can be had, or the link closes.
 * 4. After a death the next worker starts by itself: runs go on without a call.
 * 5. A worker that the page ends is noted as ended, unless it had stopped answering: then it has crashed.
 */
export class WorkerLink implements HostLink {
  readonly closed: Promise<never>;
  readonly #options: WorkerLinkOptions;
  readonly #calls = new Set<Call>();
  readonly #listeners: Listener[] = [];
  readonly #ended = new AbortController();
  #session: Session | undefined;
  /** Name of the worker of that session. */
  #host = '';
  /** Since when it owes an answer. */
  #askedAt: number | undefined;
  #remote: RemoteWorker | undefined;
  #readyAt = 0;
  #deaths = 0;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #started = false;
  #asleep = false;

  constructor(options: WorkerLinkOptions) {
    this.#options = options;
    this.closed = new Promise((_, reject) => {
      this.#ended.signal.addEventListener('abort', () => reject(closed(options.name)), { once: true });
    });
    // For those who wait on it; nobody has to.
    this.closed.catch(() => undefined);
  }

  call<M extends keyof HostApi>(method: M, ...args: Parameters<HostApi[M]>): ReturnType<HostApi[M]> {
    const answer = new Promise<unknown>((resolve, reject) => {
      const lack = this.#ended.signal.aborted ? closed(this.#options.name) : lackOf(globalThis);
      if (lack) throw lack;
      const call = { method, args, resolve, reject };
      this.#calls.add(call);
      if (this.#remote) void this.#issue(call, this.#remote);
      else this.#start();
    });
    return answer as ReturnType<HostApi[M]>;
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
    if (this.#remote) listener.connected();
  }

  async close(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#options.closed();
    clearTimeout(this.#restart);
    this.#rejectAll(closed(this.#options.name));
    const session = this.#session;
    const remote = this.#remote;
    this.#noteEnd();
    this.#session = undefined;
    this.#remote = undefined;
    if (session && remote) await Promise.race([remote.close(), session.died, elapsed(CLOSE_MS)]);
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
    const host = crypto.randomUUID();
    const session = openSession({
      makeWorker,
      readyMs,
      service,
      hello: () => ({ name, host, online: navigator.onLine }),
      ended: (other) => wasEnded(name, other),
      tell: (notice) => {
        if (this.#session === session) for (const listener of this.#listeners) listener.notice(notice);
      },
    });
    this.#session = session;
    this.#host = host;
    this.#askedAt = undefined;
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
    for (const call of this.#calls) void this.#issue(call, remote);
    for (const listener of this.#listeners) listener.connected();
  }

  /** Keeps asking for a sign of life. */
  async #askOn(session: Session, remote: RemoteWorker): Promise<void> {
    while (this.#session === session) {
      this.#askedAt = performance.now();
      await remote.online(navigator.onLine);
      if (this.#session === session) this.#askedAt = undefined;
      await elapsed(this.#options.readyMs / 2);
    }
  }

  #noteEnd(): void {
    if (!this.#session) return;
    const hung = this.#askedAt !== undefined && performance.now() - this.#askedAt > this.#options.readyMs;
    if (!hung) noteEnded(this.#options.name, this.#host);
  }

  async #issue(call: Call, remote: RemoteWorker): Promise<void> {
    try {
      const reply = await remote.call(call.method, call.args as never);
      call.resolve(fromReply(reply));
    } catch (error) {
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
    if (details?.reason !== 'died') this.#rejectAll(error);
    this.#restartAfter(session, error);
  }

  #restartAfter(session: Session, error: unknown): void {
    session.end();
    this.#session = undefined;
    this.#remote = undefined;
    this.#deaths++;
    if (this.#deaths >= MOST_DEATHS) this.#rejectAll(error);
    if (this.#readyAt === 0 && this.#calls.size === 0) return;
    const delayMs = this.#deaths === 1 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (this.#deaths - 2), LAST_DELAY_MS);
    if (!this.#asleep) this.#restart = setTimeout(() => this.#open(), delayMs);
  }

  #rejectAll(error: unknown): void {
    for (const { reject } of this.#calls) reject(error);
    this.#calls.clear();
  }

  #attachToPage(): void {
    const listening = { signal: this.#ended.signal };
    const tellOnline = () => void this.#remote?.online(navigator.onLine);
    addEventListener('online', tellOnline, listening);
    addEventListener('offline', tellOnline, listening);
    addEventListener('pagehide', () => this.#sleep(), listening);
    addEventListener('pageshow', () => this.#asleep && this.#wake(), listening);
  }

  /** A worker in the back/forward cache would keep its locks, and may not be woken for long. */
  #sleep(): void {
    this.#asleep = true;
    clearTimeout(this.#restart);
    this.#restart = undefined;
    this.#noteEnd();
    this.#session?.end();
    this.#session = undefined;
    this.#remote = undefined;
  }

  #wake(): void {
    this.#asleep = false;
    this.#start();
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
