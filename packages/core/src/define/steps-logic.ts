import type {
  ActorLogic,
  ActorSystem,
  AnyActorLogic,
  AnyEventObject,
  EventObject,
  InputFrom,
  NonReducibleUnknown,
  OutputFrom,
  Snapshot,
} from 'xstate';
import type { Labels, RunAddress } from '../records/records.js';
import type { Duration } from './duration.js';
import type { WorkflowSchemas } from './schemas.js';

/** How a failed step is tried again. */
export interface RetryPolicy {
  /** Tries in all, the first included. Default 3. */
  attempts?: number;
  /**
   * Wait before the second try; or a function that gives the wait before each, which `factor` leaves alone then.
   * Default `'1s'`.
   */
  delay?: Duration | ((failure: StepFailure) => Duration);
  /** Each further wait is the one before times this. Default 2. */
  factor?: number;
  /** No wait is longer. Default `'5m'`. */
  maxDelay?: Duration;
  /** `full`: random between 0 and the wait; `equal`: between half of it and it; default `none`. */
  jitter?: 'none' | 'equal' | 'full';
  /** No try begins later than this after the first one began; a step whose next try would, fails. Default: none. */
  budget?: Duration;
  /** Whether this error is worth another try. Default: all are, but HoldfastErrors that say they are not. */
  retryIf?: (error: unknown) => boolean;
  /**
   * What happens when tries or budget are used up. `fail`, the default: the function gets the last error. `pause`: the
   * run is paused, and `retry()` on it lets the step begin anew, with all of its tries.
   */
  onExhausted?: 'fail' | 'pause';
}

/** A try that failed, as a `delay` function sees it. */
export interface StepFailure {
  readonly error: unknown;
  /** Number of that try, from 1. */
  readonly attempt: number;
}

/** Options of one step. */
export interface StepOptions {
  /** Default: one try, no retry. */
  retry?: RetryPolicy;
  /** Each try's `signal` is aborted after this, and the try fails with `STEP_TIMEOUT`. Default: none. */
  timeout?: Duration;
  /** The step waits until the network is there; a try that fails while it is gone is not counted. */
  requires?: 'online';
  /**
   * `at-most-once`: a mark is stored before the effect, and a step that was cut off after it is never tried again, but
   * fails with `STEP_OUTCOME_UNKNOWN`. It costs a second commit, and takes no retry. Default `at-least-once`.
   */
  delivery?: 'at-least-once' | 'at-most-once';
}

/** What an undo receives, besides what a step's body does: its `idempotencyKey` is one of its own. */
export type UndoContext<T, TServices = AnyServices> = StepContext<TServices> &
  (
    | { /** The step's result is stored. */ readonly completed: true; readonly result: T }
    /** The step has begun: whether its effect happened is not known, or it failed. */
    | { readonly completed: false; readonly result: undefined }
  );

export type UndoBody<T, TServices = AnyServices> = (context: UndoContext<T, TServices>) => unknown;

/**
 * Takes a step's effect back: performed when the function fails later, or its run is cancelled, in the reverse of the
 * order in which steps began. Default retry: 5 tries, after 1, 2, 4, 8 s; then the run is paused until `retry()`.
 */
export type StepUndo<T, TServices = AnyServices> =
  | UndoBody<T, TServices>
  | { readonly perform: UndoBody<T, TServices>; readonly retry?: RetryPolicy; readonly timeout?: Duration };

/** What a step's body receives. */
export interface StepContext<TServices = AnyServices> {
  /** The same at every try and every restore: hand it to whatever must not happen twice. */
  readonly idempotencyKey: string;
  /** Aborted by the timeout, when the run leaves the state that runs this, and when this host loses the store. */
  readonly signal: AbortSignal;
  /** Number of this try, from 1. A try cut off by a crash is not counted. */
  readonly attempt: number;
  /** Fencing number of this host: rises with every change of owner. */
  readonly epoch: number;
  /** Functions which the app lends: see `services` of `createHoldfast` and `openHoldfast`. */
  readonly services: TServices;
  /**
   * Stores `details` (relaxed) for the next try, in place of those before; resolves when they are stored. What is told
   * while others are being stored replaces what waits.
   * @throws `VALUE_NOT_STORABLE`, `VALUE_TOO_LARGE`.
   */
  heartbeat(details: unknown): Promise<void>;
  /** What the last `heartbeat` of this step told, in whichever try; undefined when there was none. */
  // biome-ignore lint/suspicious/noExplicitAny: only the step itself knows
  readonly details: any;
}

// biome-ignore lint/suspicious/noExplicitAny: a service may take anything; `types.services` narrows it
export type AnyServices = Record<string, (...args: any[]) => any>;

/** Bodies by the name of their step, or of their `step.all`, whose stand-in is handed each item, its context and index. */
export type StandIns = Readonly<Record<string, AnyServices[string]>>;

/** Options of one step which may be undone. It costs a second commit: a mark is stored before its first try. */
export interface UndoableOptions<T, TServices = AnyServices> extends StepOptions {
  undo?: StepUndo<T, TServices>;
}

export interface StepAllOptions<TItem> extends StepOptions {
  /** Each item's step is named `<name>:<key>`. */
  name: string;
  /** Tells items apart; the same item must get the same key after a restore. Default: the item's index. */
  key?: (item: TItem, index: number) => string | number;
  /** Steps under way at a time. Default: all. */
  concurrency?: number;
}

/** The undo of each item's step, which is given the item as well. */
export interface ItemUndo<TItem, T, TServices = AnyServices> {
  undo?: (item: TItem, context: UndoContext<T, TServices>, index: number) => unknown;
}

/** What a step does: its result is stored. */
export type StepBody<T, TServices = AnyServices> = (context: StepContext<TServices>) => T | PromiseLike<T>;

/**
 * What `step.transaction` writes to: names of the app's tables, and what its function is handed. A store in a database of
 * the app's has it as its type; it is not there at run time.
 */
export interface LocalDatabase {
  readonly tables: string;
  readonly transaction: unknown;
}

/** Of a step function that names no store in its `types`. */
export interface AnyLocalDatabase extends LocalDatabase {
  // biome-ignore lint/suspicious/noExplicitAny: a transaction may be of any kind; `types.store` narrows it
  readonly transaction: any;
}

/** Runs `body` once and stores its result: after a crash the stored result is the answer. */
export interface StepFunction<TServices = AnyServices, TLocal extends LocalDatabase = AnyLocalDatabase> {
  <T>(name: string, body: (context: StepContext<TServices>) => T | PromiseLike<T>): Promise<T>;
  <T>(
    name: string,
    options: UndoableOptions<T, TServices>,
    body: (context: StepContext<TServices>) => T | PromiseLike<T>,
  ): Promise<T>;
  /**
   * A step for each item, of which some may fail: gives what each came to, as `Promise.allSettled` does. Rejects with `STEP_ALL_FAILED`
   * as soon as fewer than `minSuccessful` can succeed; steps not yet begun are not begun then.
   */
  all<TItem, T>(
    items: readonly TItem[],
    options: StepAllOptions<TItem> & ItemUndo<TItem, T, TServices> & { minSuccessful: number },
    body: (item: TItem, context: StepContext<TServices>, index: number) => T | PromiseLike<T>,
  ): Promise<PromiseSettledResult<T>[]>;
  /**
   * A step for each item, at most `concurrency` at a time; the results in the items' order. Sets `progress`. The
   * first failure (after its retries) rejects; steps not yet begun are not begun then.
   */
  all<TItem, T>(
    items: readonly TItem[],
    options: StepAllOptions<TItem> & ItemUndo<TItem, T, TServices>,
    body: (item: TItem, context: StepContext<TServices>, index: number) => T | PromiseLike<T>,
  ): Promise<T[]>;
  /**
   * A step whose effect is in the app's own database: what `body` writes to `tables`, and that this step has completed,
   * are one transaction, so it happens exactly once, whatever crashes. It needs `dexieStore` or `idbStore`. Only requests
   * of the transaction may be awaited in `body`. What it throws takes all of it back, and fails the step: there is no retry.
   * @throws `TRANSACTION_IDLE` when `body` awaits something else; `TRANSACTION_ABORTED`, `TRANSACTION_TABLE_UNKNOWN`,
   *   `TRANSACTION_UNSUPPORTED`, `VALUE_NOT_STORABLE`, `VALUE_TOO_LARGE`. Nothing of it is stored then.
   */
  transaction<T>(
    name: string,
    tables: readonly TLocal['tables'][],
    body: (transaction: TLocal['transaction']) => T | PromiseLike<T>,
  ): Promise<T>;
}

/** The events of these types. */
export type EventOfType<TEvent extends EventObject, TType extends string> = string extends TEvent['type']
  ? AnyEventObject & { type: TType }
  : Extract<TEvent, { type: TType }>;

export interface WaitOptions<TEvent extends EventObject, TType extends string> {
  /** The type, or types, of the events it takes. */
  type: TType | readonly TType[];
  /** Whether it takes this one. Pure: it may be asked again. What it throws is the outcome of the wait. Default: all. */
  match?: (event: EventOfType<TEvent, TType>) => boolean;
  /** From the call on. The wait fails with `EVENT_TIMEOUT` when no event was accepted by then. Default: it waits on. */
  timeout?: Duration;
}

/** `input` may be left out where the workflow takes none. */
export type ChildOptions<TInput> = {
  /** The run's id. Default: one of its own, made of this run and `name`. */
  id?: string;
  labels?: Labels;
} & (undefined extends TInput ? { input?: TInput } : { input: TInput });

type ChildArgs<TInput, TMore> = undefined extends TInput
  ? [options?: ChildOptions<TInput> & TMore]
  : [options: ChildOptions<TInput> & TMore];

/** What a step function receives. Everything outside its steps must be deterministic: it runs again after a crash. */
export interface StepsContext<
  TInput = NonReducibleUnknown,
  TServices = AnyServices,
  TEvent extends EventObject = EventObject,
  TEmitted extends EventObject = EventObject,
  TLocal extends LocalDatabase = AnyLocalDatabase,
> {
  readonly input: TInput;
  readonly step: StepFunction<TServices, TLocal>;
  /** Waits durably: the deadline is stored, and holds through a crash. `name` must be unique in this function. */
  sleep(name: string, duration: Duration): Promise<void>;
  /**
   * Waits durably for an event that this function is sent: by `run.send` where it is the run, by its machine
   * (`sendTo`, `forwardTo`) where it is invoked. One that came before counts, and goes to one wait only: to the one that was asked for first.
   * `name` must be unique in this function.
   * @throws `EVENT_TIMEOUT`.
   */
  waitForEvent<const TType extends TEvent['type']>(
    name: string,
    options: WaitOptions<TEvent, TType>,
  ): Promise<EventOfType<TEvent, TType>>;
  /**
   * Starts another workflow as a run of its own, and gives its output. It is cancelled with this one, and when this
   * function ends without having waited for it. The host has to have the workflow. `name` must be unique in this function.
   * @throws what refuses its start (`WORKFLOW_UNKNOWN`, `RUN_EXISTS`, `INPUT_INVALID`, `OPTION_INVALID`); `RUN_FAILED` with
   * its error as `cause`, `RUN_CANCELLED`, `RUN_DELETED`.
   */
  child<TLogic extends AnyActorLogic>(
    name: string,
    workflow: { readonly id: string; readonly logic: TLogic },
    ...options: ChildArgs<InputFrom<TLogic>, { detached?: false }>
  ): Promise<OutputFrom<TLogic>>;
  /** Starts it, and gives its address when it is there: it goes its own way. */
  child<TLogic extends AnyActorLogic>(
    name: string,
    workflow: { readonly id: string; readonly logic: TLogic },
    options: ChildOptions<InputFrom<TLogic>> & { detached: true },
  ): Promise<RunAddress>;
  /** Tells how far the work is. Stored (relaxed) before anybody sees it. */
  progress(done: number, total: number): void;
  /**
   * Tells whoever listens with `run.on` by now. What this function did before is stored by then. After a crash it is told again, unless
   * something that the function did later is stored.
   */
  emit(event: TEmitted): void;
  /**
   * Ends this life of the function and begins the next, with another input and an empty journal, in one checkpoint: for
   * work without end. It never resolves, so nothing after it is run, not even a `finally`; steps still under way are
   * abandoned. Await or return it.
   * @throws `VALUE_NOT_STORABLE`; then the function goes on.
   */
  continueWith(input: TInput): Promise<never>;
  /** Instant (ms) of the last checkpoint that this function has seen: the same after a restore. */
  now(): number;
  /** In [0, 1), the same after a restore. */
  random(): number;
  /** A version 4 UUID, the same after a restore. */
  uuid(): string;
}

/** Types of a step function that can't be inferred from its code. */
export interface StepsTypes {
  input?: unknown;
  /** What it is sent. */
  events?: EventObject;
  /** What it emits. */
  emitted?: EventObject;
  services?: AnyServices;
  /** The store of its worker, where that is in a database of the app's: `typeof store`. */
  store?: { readonly local?: LocalDatabase };
}

export type InputOf<T extends StepsTypes> = T extends { input: infer TInput } ? TInput : NonReducibleUnknown;
export type EventsOf<T extends StepsTypes> = T extends { events: infer TEvent extends EventObject }
  ? TEvent
  : EventObject;
export type EmittedOf<T extends StepsTypes> = T extends { emitted: infer TEmitted extends EventObject }
  ? TEmitted
  : EventObject;
export type ServicesOf<T extends StepsTypes> = T extends { services: infer TServices } ? TServices : AnyServices;

export type LocalOf<T extends StepsTypes> = T extends { store: { readonly local?: infer TLocal extends LocalDatabase } }
  ? TLocal
  : AnyLocalDatabase;

export type StepsSnapshot<TOutput, TInput> = Snapshot<TOutput> & { input: TInput | undefined };

/** Actor logic of XState: a step function can be a workflow, or be invoked or spawned by a machine. */
export interface StepsLogic<TInput, TOutput, TEvent extends EventObject = EventObject, TTaken = TInput>
  // biome-ignore lint/suspicious/noExplicitAny: as in XState's own logic creators
  extends ActorLogic<StepsSnapshot<TOutput, TTaken>, TEvent, TInput, ActorSystem<any>> {
  /** The function. */
  readonly config: (context: StepsContext<TTaken, never, never, never, never>) => PromiseLike<TOutput>;
  readonly holdfast: 'steps';
  /** Of what it is started with, wherever that is, and of what is sent to it as a workflow. */
  readonly schemas?: WorkflowSchemas;
  /** What performs it: hosts find it here. `core/steps` knows what it can do. */
  readonly executor: object;
}

/** The events by which a host tells a leaf actor how its work ended: those of XState's promise logic. */
export const RESOLVE = 'xstate.promise.resolve';
export const REJECT = 'xstate.promise.reject';

/** The event by which a step function is told the input of its next life. */
export const CONTINUE = 'holdfast.continue';
