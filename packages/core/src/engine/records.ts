import type { ActorPath } from './actor-path.js';

/** What is stored of an actor tree, in the value `state`: the root's persisted snapshot, in XState's own shape. */
export interface EngineState {
  readonly snapshot: PersistedSnapshot;
  /** Ids handed out so far; an automatic id is never given twice, so a restored child is never replaced by a new one. */
  readonly booked: number;
  /** By path: how often an actor was started there, and when last (ms). Old journals answer old incarnations only. */
  readonly births: Readonly<Record<ActorPath, Birth>>;
  readonly visits: Visits;
}

/** By actor path and state id: the visits of the states in which the machines are. */
export type Visits = Readonly<Record<ActorPath, Readonly<Record<string, Visit>>>>;

/** A stay in a state. It says what the definition of then set at entry, so that another one's can be told from it. */
export interface Visit {
  /** When the state was entered, an instant (ms). */
  readonly at: number;
  /** Ids of its `after` timers. */
  readonly afters?: readonly string[];
  /** Ids of the actors it invokes. */
  readonly invokes?: readonly string[];
  readonly final?: true;
}

export interface Birth {
  readonly incarnation: number;
  /** When it was started, or began its present life. */
  readonly at: number;
  /** How often the step function has continued itself since it was started; absent for not at all. */
  readonly life?: number;
}

export interface PersistedSnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly output?: unknown;
  readonly error?: unknown;
  /** Machines. */
  readonly value?: unknown;
  /** Ids of the active nodes in the order they were entered, where it is not that of the definition. */
  readonly nodes?: readonly string[];
  readonly context?: unknown;
  readonly historyValue?: Readonly<Record<string, readonly { readonly id: string }[]>>;
  readonly children?: Readonly<Record<string, PersistedChild>>;
  /** Leaves and reducers. */
  readonly input?: unknown;
}

export interface PersistedChild {
  readonly src: string;
  readonly systemId?: string | undefined;
  readonly syncSnapshot?: boolean | undefined;
  readonly snapshot: PersistedSnapshot;
}

/** A timer of the tree: a delayed event, or an `after`. */
export interface TimerRow {
  /** Deadline, an instant (ms). */
  readonly at: number;
  readonly to: ActorPath;
  /** Incarnation of the receiver: another one at the same path doesn't get it. */
  readonly incarnation: number;
  readonly event: { readonly type: string };
}

/**
 * A custom action that is to be performed, or an event that is to be given to a live actor: data, so that it can be done
 * again after a crash.
 */
export interface ActionRow {
  readonly actor: ActorPath;
  readonly type: string;
  /** For an event that is to be given to a live actor: the actor's incarnation. */
  readonly incarnation?: number;
  /** For an action of an actor that this very transition stopped: the sources that led to it, from the root down. */
  readonly sources?: readonly string[];
  /** For an inline action: where in the machine it stands (node, hook, index). Absent: it can't be found again. */
  readonly place?: string;
  /** Where `place` is that of an `enqueueActions`: the way from there to the function. */
  readonly queued?: readonly Queued[];
  readonly params?: unknown;
  readonly event: { readonly type: string };
  /** The context the action saw, where a later assign of the same transition changed it. */
  readonly context?: unknown;
}

/** Which of the actions queued by a collector of `enqueueActions`, and what the collector saw. */
export interface Queued {
  /** The nth that it queued. */
  readonly n: number;
  /** What `check` answered, in order. */
  readonly answers: readonly boolean[];
  readonly params?: unknown;
  /** The collector's context, where it is not that of the action. */
  readonly context?: unknown;
}

/** A leaf actor whose work is to be under way. */
export interface Leaf {
  readonly path: ActorPath;
  readonly incarnation: number;
  /** Of a step function: how often it has continued itself, which ends one life and begins the next; absent for not at all. */
  readonly life?: number;
  /** When it was started, or began its present life, an instant (ms). */
  readonly bornAt: number;
}
