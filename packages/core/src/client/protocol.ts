import type { Duration } from '../define/duration.js';
import type { Encoded, HistoryRow, Labels, RunAddress, RunRow } from '../records/records.js';
import type { RunPage, RunQuery } from '../store/store.js';

/**
 * What crosses between an app (a page, or the same process) and a host. Everything here survives structured clone.
 * Values of the app (input, events, snapshots) are the codec's {@link Encoded} to a host; a link may carry them in a form of
 * its own, `V`.
 */

export type { Encoded };

/** What happens when a run of that id is already there. */
export type IfExists = 'join' | 'fail' | 'restart';

export interface StartRequest<V = Encoded> extends RunAddress {
  readonly input: V;
  readonly ifExists: IfExists;
  readonly labels?: Labels;
  /** Makes a repeated request of the same call harmless. */
  readonly callId: string;
  /** A whole number; default 0. */
  readonly priority?: number;
  /** Instant (ms) before which it does not begin. */
  readonly startAt?: number;
}

export interface SendRequest<V = Encoded> extends RunAddress {
  /** Event id: a repeated one is processed once. */
  readonly id: string;
  readonly event: V;
  readonly until: 'accepted' | 'processed';
}

export type Control =
  | { readonly control: 'delete' | 'pause' | 'resume' | 'retry' | 'terminate' }
  /** How long its machine has to end by itself; default 30 s. */
  | { readonly control: 'cancel'; readonly timeout?: Duration };

export interface ControlRequest extends RunAddress {
  readonly callId: string;
  readonly control: Control;
}

/** What a client wants to be told of, until it says otherwise. Declaring the same `id` twice is harmless. */
export type Interest =
  /** `only`: who waits for what the run comes to is told of no state on the way. */
  | { readonly id: string; readonly kind: 'run'; readonly address: RunAddress; readonly only?: 'end' }
  | { readonly id: string; readonly kind: 'runs'; readonly query: RunQuery };

/** What a host tells a client. The first notice of an interest follows its declaration at once. */
export type Notice<V = Encoded> =
  | { readonly kind: 'run'; readonly interest: string; readonly snapshot: V }
  /** In place of a snapshot, where only the end is of interest: the run is there, and goes on. */
  | { readonly kind: 'going on'; readonly interest: string }
  | { readonly kind: 'runs'; readonly interest: string; readonly rows: readonly RunRow[] }
  | { readonly kind: 'emitted'; readonly interest: string; readonly event: V }
  | { readonly kind: 'host'; readonly ownership: 'owner' | 'standby' }
  /** The store is another one than before: nothing that was in it is there. `error` is a `STORE_LOST`. */
  | { readonly kind: 'lost'; readonly error: V };

/** The methods of a host. All of them may be called twice with the same arguments without a second effect. */
export interface HostApi<V = Encoded> {
  /**
   * Gives the address of the run that is there then: another than asked for, where its workflow is a singleton.
   * @throws `WORKFLOW_UNKNOWN`, `RUN_EXISTS`, `RUN_INPUT_DIFFERS`, `INPUT_INVALID`, `SCHEMA_ASYNC`, `VALUE_TOO_LARGE`,
   * `OPTION_INVALID`, store codes.
   */
  start(request: StartRequest<V>): Promise<RunAddress>;
  /**
   * @throws `WORKFLOW_UNKNOWN`, `RUN_UNKNOWN`, `EVENT_INVALID`, `SCHEMA_ASYNC`, `VALUE_TOO_LARGE`, `INBOX_FULL`, store
   * codes.
   */
  send(request: SendRequest<V>): Promise<void>;
  /** @throws `OPTION_INVALID`, store codes. */
  control(request: ControlRequest): Promise<void>;
  list(query: RunQuery): Promise<RunPage>;
  history(address: RunAddress, options: { after?: number; limit?: number }): Promise<readonly HistoryRow[]>;
  /** Events that the owner's schemas have refused, oldest first. */
  deadLetters(address: RunAddress): Promise<V>;
  watch(interest: Interest): Promise<void>;
  unwatch(interestId: string): Promise<void>;
}

/**
 * How a link stands: `starting` and `restarting` (the one before died) until a host answers, then `answering`;
 * `unresponsive` when it has not answered for long, `unreachable` when none can be had: calls reject.
 */
export type LinkStatus = 'starting' | 'answering' | 'unresponsive' | 'restarting' | 'unreachable' | 'closed';

/** How a link carries the values of an app. */
export interface Values<V = unknown> {
  /**
   * What the caller changes later is not changed in it.
   * @param what names the value in errors.
   * @throws `VALUE_NOT_STORABLE` with the path of what can't be stored, unless the other side of the link says so.
   */
  give(value: unknown, what: string): V;
  /** Called once for what came. Actor references are shown as their ids, machine snapshots as their data. */
  take(given: V): unknown;
}

/** The methods of a host, as a link has them. */
export type LinkedApi = HostApi<unknown>;

/** How a client reaches a host. A link outlives the hosts it reaches: it may replace a dead one. */
export interface HostLink {
  readonly values: Values;
  /**
   * Calls a host method. Calls under way when a host dies are made again on the next one.
   * @throws the host's HoldfastErrors; `HOST_UNREACHABLE` when no host answers in time; `CLOSED`.
   */
  call<M extends keyof HostApi>(method: M, ...args: Parameters<LinkedApi[M]>): ReturnType<LinkedApi[M]>;
  /**
   * `connected` is called each time a host is reached, the first one included: interests are declared (again) then.
   * `status` is called when it changes; when none can be reached with the `HOST_UNREACHABLE` that calls reject with.
   */
  listen(listener: {
    notice(notice: Notice<unknown>): void;
    connected(): void;
    status(status: LinkStatus, error?: unknown): void;
  }): void;
  /** Never resolves; rejects with `CLOSED` once the link was closed. */
  readonly closed: Promise<never>;
  close(): Promise<void>;
}
