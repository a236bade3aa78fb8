import type { DeadLetter } from '../decide/dead-letters.js';
import type { Duration } from '../define/duration.js';
import { checkOption, checkOptions, FUNCTION, from, OBSERVER, oneOf, SIGNAL, TEXT } from '../define/options.js';
import type { WorkflowTypes } from '../define/workflow.js';
import { HoldfastError } from '../errors/index.js';
import type { HistoryRow, RunAddress } from '../records/records.js';
import { isReserved } from '../records/records.js';
import { freshId } from './fresh-id.js';
import { outcomeOf } from './outcome.js';
import type { Control, HostLink, Notice } from './protocol.js';
import { type RunSnapshot, type RunSnapshotData, reuse, toSnapshot, UNKNOWN } from './snapshot.js';

export interface Subscription {
  unsubscribe(): void;
}

/** A function, or an object with `next`, as XState's actors take. */
export type Observer<T> = ((value: T) => void) | { next?: ((value: T) => void) | undefined };

export interface SendOptions {
  /** Event id: a repeated one is processed once. Default: a new random one. */
  id?: string;
  /** When the promise resolves: once the event is durable (default), or once its transition is. */
  until?: 'accepted' | 'processed';
}

/** Who waits for what a run comes to. */
interface Waiting {
  /** Whether it was there. */
  seen: boolean;
  end(outcome: { output: unknown } | { error: unknown }): void;
}

/**
 * A handle on a run: in the shape of an XState actor ref, so `useSelector` of @xstate/react works on it. A handle
 * stays valid through crashes and reloads of the host behind it.
 */
export interface Run<T extends WorkflowTypes = WorkflowTypes> {
  readonly workflow: string;
  readonly id: string;
  /**
   * Sends an event. What the machine doesn't handle is accepted and ignored, as in XState, and stands in the history.
   * @throws `RUN_UNKNOWN`, `EVENT_INVALID`, `SCHEMA_ASYNC`, `VALUE_NOT_STORABLE`, `VALUE_TOO_LARGE`, `INBOX_FULL`,
   * `HOST_UNREACHABLE`, `CLOSED`, store codes.
   */
  send(event: T['event'], options?: SendOptions): Promise<void>;
  /** The latest snapshot known here; status `unknown` until the run is subscribed to and its host has answered. */
  getSnapshot(): RunSnapshot<T>;
  /** Calls back with each new snapshot, from the latest known on; only what is durable is seen. */
  subscribe(observer: Observer<RunSnapshot<T>>): Subscription;
  /**
   * Calls back with events that the run emits while this is subscribed, in any tab; `*` for all. Each is told at most once,
   * after the checkpoint of its cause: it is not stored, so what is emitted before, or while no host listens, is not told.
   */
  on(type: string, handler: (event: { readonly type: string }) => void): Subscription;
  /**
   * Resolves with the output; pending while the run goes on.
   * @throws `RUN_FAILED` (its `cause` is the run's error), `RUN_CANCELLED`, `RUN_PARKED`, `RUN_UNKNOWN`, `RUN_DELETED`,
   * `HOST_UNREACHABLE`, `INSECURE_CONTEXT`, `CLOSED`; the reason of `signal`.
   */
  result(options?: { signal?: AbortSignal }): Promise<T['output']>;
  /** Checkpoints, oldest first. */
  history(options?: { after?: number; limit?: number }): Promise<readonly HistoryRow[]>;
  /**
   * Ends the run: `result()` rejects with `RUN_CANCELLED`, signals of its steps are aborted, and nothing of it begins any
   * more. A machine with a transition for `holdfast.cancel` is asked to end first: it gets that event, and is ended when
   * it has not reached a final state within `timeout` (default `'30s'`). Resolves when that is durable: the run is
   * cancelled then, or `cancelling`. A run that has ended stays as it is, as with all that follow.
   * @throws `OPTION_INVALID`.
   */
  cancel(options?: { timeout?: Duration }): Promise<void>;
  /** Ends the run at once: its machine is not asked. */
  terminate(): Promise<void>;
  /**
   * Nothing new begins: what is under way ends, and its results are stored; events and timers wait until `resume`, and
   * timers that came due in between fire at once then. Resolves when it is durable.
   */
  pause(): Promise<void>;
  /**
   * Lets a paused run go on from where it stands, whatever it was paused for; resolves when that is durable. A run that
   * is not paused goes on as it does.
   */
  resume(): Promise<void>;
  /**
   * Lets a run that was paused because tries of a step were used up (`onExhausted: 'pause'`) try that step anew. If it was
   * paused for something else as well, it goes on at `resume`.
   */
  retry(): Promise<void>;
  /**
   * Events that were accepted by a host with other code, and that the schema of its owner refused: the latest 100, oldest
   * first. Such an event has changed nothing.
   */
  deadLetters(): Promise<readonly DeadLetter[]>;
  /** Ends the run's effects and removes all of its records. Where there are none, there is nothing to do. */
  delete(): Promise<void>;
}

/**
 * Owns: the latest snapshot, and who is told of it. Never: the run.
 * 1. The host is asked to tell of the run only while somebody listens.
 * 2. `getSnapshot` gives the same object until something changed.
 */
export class LinkedRun<T extends WorkflowTypes = WorkflowTypes> implements Run<T> {
  readonly workflow: string;
  readonly id: string;
  readonly #link: HostLink;
  readonly #interest: string;
  readonly #watching: (run: LinkedRun<T>, watched: boolean) => void;
  readonly #observers = new Set<(snapshot: RunSnapshot<T>) => void>();
  /** Those who wait for a result. */
  readonly #waiting = new Set<Waiting>();
  readonly #handlers = new Set<{ type: string; handler: (event: { readonly type: string }) => void }>();
  #snapshot = toSnapshot<T>(UNKNOWN as RunSnapshotData<T>);

  /** @param kept.watching is told when somebody begins to listen, and when nobody does any more. */
  constructor(
    link: HostLink,
    address: RunAddress,
    { interest, watching }: { interest: string; watching: (run: LinkedRun<T>, watched: boolean) => void },
  ) {
    this.#link = link;
    this.workflow = address.workflow;
    this.id = address.run;
    this.#interest = interest;
    this.#watching = watching;
  }

  async send(event: T['event'], options: SendOptions = {}): Promise<void> {
    checkOptions(options, 'send', { id: TEXT, until: oneOf('accepted', 'processed') });
    const { id = freshId(), until = 'accepted' } = options;
    checkEvent(event, this.id);
    const given = this.#link.values.give(event, `event ${event.type}`);
    await this.#link.call('send', { ...this.#address, id, until, event: given });
  }

  getSnapshot(): RunSnapshot<T> {
    return this.#snapshot;
  }

  subscribe(observer: Observer<RunSnapshot<T>>): Subscription {
    checkOption(observer, OBSERVER, 'observer', 'subscribe');
    const next = typeof observer === 'function' ? observer : (snapshot: RunSnapshot<T>) => observer.next?.(snapshot);
    const own = (snapshot: RunSnapshot<T>) => next(snapshot);
    this.#listen(() => this.#observers.add(own));
    return { unsubscribe: () => this.#listen(() => this.#observers.delete(own)) };
  }

  on(type: string, handler: (event: { readonly type: string }) => void): Subscription {
    checkOption(type, TEXT, 'type', 'on');
    checkOption(handler, FUNCTION, 'handler', 'on');
    const own = { type, handler };
    this.#listen(() => this.#handlers.add(own));
    return { unsubscribe: () => this.#listen(() => this.#handlers.delete(own)) };
  }

  async result(options: { signal?: AbortSignal } = {}): Promise<T['output']> {
    checkOptions(options, 'result', { signal: SIGNAL });
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const abort = () => waiting.end({ error: signal?.reason });
      const waiting: Waiting = {
        seen: false,
        end: (outcome) => {
          this.#listen(() => this.#waiting.delete(waiting));
          signal?.removeEventListener('abort', abort);
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.output);
        },
      };
      const isTold = this.#wanted !== undefined;
      this.#listen(() => this.#waiting.add(waiting));
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) abort();
      // What it was told before may be long ago.
      else if (isTold) this.declare();
    });
  }

  async history(options: { after?: number; limit?: number } = {}): Promise<readonly HistoryRow[]> {
    checkOptions(options, 'history', { after: from(0), limit: from(1) });
    return this.#link.call('history', this.#address, options);
  }

  async cancel(options: { timeout?: Duration } = {}): Promise<void> {
    checkOptions(options, 'cancel', { timeout: null });
    const { timeout } = options;
    return this.#control({ control: 'cancel', ...(timeout === undefined ? {} : { timeout }) });
  }

  terminate(): Promise<void> {
    return this.#control({ control: 'terminate' });
  }

  pause(): Promise<void> {
    return this.#control({ control: 'pause' });
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    return this.#link.values.take(await this.#link.call('deadLetters', this.#address)) as DeadLetter[];
  }

  resume(): Promise<void> {
    return this.#control({ control: 'resume' });
  }

  retry(): Promise<void> {
    return this.#control({ control: 'retry' });
  }

  delete(): Promise<void> {
    return this.#control({ control: 'delete' });
  }

  /** Asks the host (again, when it is a new one) to tell of this run. */
  declare(): void {
    const wanted = this.#wanted;
    if (!wanted) return;
    const interest = { id: this.#interest, kind: 'run', address: this.#address } as const;
    const asked = wanted === 'end' ? ({ ...interest, only: 'end' } as const) : interest;
    this.#link.call('watch', asked).catch((error) => this.#problem(error));
  }

  /** No host can be had, or the run is lost: nothing would bring a result. */
  fail(error: unknown): void {
    for (const waiting of [...this.#waiting]) waiting.end({ error });
  }

  heed(notice: Notice<unknown>): void {
    const { values } = this.#link;
    if (notice.kind === 'emitted') this.#emit(values.take(notice.event) as { type: string });
    if (notice.kind === 'going on') for (const waiting of this.#waiting) waiting.seen = true;
    if (notice.kind !== 'run') return;
    this.#set(reuse({ ...this.#snapshot }, values.take(notice.snapshot) as RunSnapshotData<T>));
    for (const waiting of [...this.#waiting]) this.#look(waiting);
  }

  #control(control: Control): Promise<void> {
    return this.#link.call('control', { ...this.#address, callId: freshId(), control });
  }

  /** What its host is to tell; undefined while nobody listens. */
  get #wanted(): 'all' | 'end' | undefined {
    if (this.#observers.size + this.#handlers.size > 0) return 'all';
    return this.#waiting.size > 0 ? 'end' : undefined;
  }

  get #address(): RunAddress {
    return { workflow: this.workflow, run: this.id };
  }

  /** @param change lets somebody come to listen, or leave: the host is told what is wanted then. */
  #listen(change: () => void): void {
    const before = this.#wanted;
    change();
    const wanted = this.#wanted;
    if (wanted === before) return;
    if (!before || !wanted) this.#watching(this, wanted !== undefined);
    if (wanted) this.declare();
    else this.#link.call('unwatch', this.#interest).catch(() => {});
  }

  #look(waiting: Waiting): void {
    const outcome = outcomeOf(this.#address, this.#snapshot, waiting.seen);
    waiting.seen ||= this.#snapshot.run.status !== 'unknown';
    if (outcome) waiting.end(outcome);
  }

  #emit(event: { readonly type: string }): void {
    for (const { type, handler } of this.#handlers) if (type === event.type || type === '*') handler(event);
  }

  #set(data: RunSnapshotData<T>): void {
    this.#snapshot = toSnapshot(data);
    for (const observer of [...this.#observers]) observer(this.#snapshot);
  }

  /** The host can't be asked: the last snapshot stands, and says why it is old. */
  #problem(error: unknown): void {
    const { code = 'HOST_FAILED', message = String(error) } = error as HoldfastError;
    this.#set({ ...this.#snapshot, run: { ...this.#snapshot.run, problem: { code, message } } });
    this.fail(error);
  }
}

/** @throws `EVENT_INVALID`. Types that begin with `xstate.` or `holdfast.` are how they speak to actors. */
function checkEvent(event: unknown, run: string): void {
  const { type } = (typeof event === 'object' && event !== null ? event : {}) as { type?: unknown };
  if (typeof type === 'string' && type !== '' && !isReserved(type)) return;
  const reserved = typeof type === 'string' && isReserved(type);
  throw new HoldfastError('EVENT_INVALID', {
    message: reserved
      ? `Event type "${type}", sent to run "${run}", is reserved for XState and Holdfast.`
      : `What was sent to run "${run}" is not an event.`,
    remedy: "Send an object with a type of your own, as in { type: 'APPROVE' }.",
    details: { run },
  });
}
