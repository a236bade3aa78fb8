/**
 * The stored records: plain data, the same in every store. A `text` is what the codec made of a value; its
 * attachments are stored once, beside it, and referenced by id.
 */

/**
 * Where a run stands. `waiting` runs are evicted from memory; the last four are closed. Of a `pruned` one only the head
 * is left: its id is remembered, so that it is not taken for a new one.
 */
export type RunStatus =
  | 'queued'
  | 'running'
  | 'waiting'
  | 'paused'
  | 'cancelling'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'pruned';

/** Why a run is paused; a set, because a person may pause a run that is already paused for another reason. */
export type PauseReason = 'person' | 'exhausted' | 'crash-loop';

/** What speaks against a run that was restored after a crash, until it makes progress. */
export interface Suspicion {
  /** Restores after a crash which it has not outlived. */
  readonly restores: number;
  /** Probations which it has outlived without progress; each doubles the next one. */
  readonly outlived: number;
}

/** The address of a run. */
export interface RunAddress {
  readonly workflow: string;
  readonly run: string;
}

/** Work done of work to do, in the workflow's own unit. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** What an app tells runs apart by, in lists: texts by name. */
export type Labels = Readonly<Record<string, string>>;

/**
 * What is kept beside the text, and stored as it is: a Blob or File, the bytes of a large ArrayBuffer, or a handle of the
 * origin private file system, which only browsers have. Nobody changes one.
 */
export type Attached = Blob | ArrayBuffer | FileSystemHandle;

/** A value as the codec makes it: JSON text, and what it refers to by position. */
export interface Encoded {
  readonly text: string;
  readonly blobs: readonly Attached[];
}

/** A value as a store keeps it: JSON text, and the ids of the attachments it refers to, by position. */
export interface StoredValue {
  readonly text: string;
  readonly attachments?: readonly string[];
}

/** The head of a run: small, rewritten by every checkpoint, what lists show. */
export interface RunRow extends RunAddress {
  /** Random, made at `start`: the first part of every idempotency key of this run. */
  readonly key: string;
  /** Version of the workflow definition that wrote the last checkpoint. */
  readonly version: number;
  /** Hash of that definition's structure; absent before the first checkpoint. */
  readonly definition?: string;
  /** Number of the last checkpoint; 0 before the first. Gapless. */
  readonly seq: number;
  readonly status: RunStatus;
  readonly reasons: readonly PauseReason[];
  /** While it is paused: the status that `resume` gives back to it. */
  readonly pausedFrom?: RunStatus;
  /**
   * While it is being cancelled: until when (ms) its machine, which was offered `holdfast.cancel`, may end by itself; or,
   * without that, that what its step functions have done is being undone.
   */
  readonly cancel?: { readonly by?: number };
  readonly suspicion?: Suspicion;
  /** The run whose step function has started it, and waits for it. */
  readonly parent?: RunAddress;
  /** How many runs its step functions have started and wait for. */
  readonly children?: number;
  /** Of runs that wait for a slot the highest goes first; default 0. */
  readonly priority?: number;
  /** Runs of one workflow and of this key share its limit; absent where it has none. */
  readonly concurrencyKey?: string;
  /** Only until it has ended: no other run of its workflow with this key is started. */
  readonly singletonKey?: string;
  /** Instant (ms) of the earliest timer, while there is one; before the first checkpoint: when it is to begin. */
  readonly nextDeadlineAt?: number;
  readonly progress?: Progress;
  /** Given at the start, and never changed. */
  readonly labels?: Labels;
  /** Instants (ms). */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly closedAt?: number;
  /** Of a pruned run: how it had ended. */
  readonly prunedFrom?: RunStatus;
}

/** What made a checkpoint. */
export type ArrivalKind =
  | 'start'
  | 'event'
  | 'timer'
  | 'actor'
  | 'step'
  | 'continue'
  | 'progress'
  | 'action'
  | 'message'
  | 'control'
  | 'version';

/** One line of a run's history, written in the checkpoint's own commit. Plain JSON. */
export interface HistoryRow {
  readonly seq: number;
  /** Instant (ms) of the checkpoint. */
  readonly at: number;
  /** Epoch of the host that wrote it. */
  readonly epoch: number;
  readonly arrival: {
    readonly kind: ArrivalKind;
    /** Event type, step name, actor path, control, or `<version> -> <version>`. */
    readonly name?: string;
    /**
     * For a step: how it ended, and after how many attempts. For an event: `ignored` when no transition took it; `kept`
     * when it went to the mailbox of the step function that the run is; `refused` when its schema did not take it: it is
     * a dead letter then.
     */
    readonly outcome?: 'completed' | 'failed' | 'retrying' | 'exhausted' | 'started' | 'ignored' | 'kept' | 'refused';
    readonly attempts?: number;
    /** For a step: when it began, an instant (ms). */
    readonly startedAt?: number;
  };
  readonly status: RunStatus;
  /** State value after the checkpoint, for machines. */
  readonly value?: unknown;
  /** Effects that the checkpoint set off, by name. */
  readonly effects?: readonly string[];
}

/** What was accepted for a run and is not yet processed. Controls overtake events. */
export interface InboxRow extends RunAddress {
  /** Position in the store's total order; rises with every acceptance. */
  readonly n: number;
  readonly lane: 'event' | 'control';
  /** Chosen by the sender: a repeated id is processed once. */
  readonly id: string;
  /** Instant (ms). */
  readonly acceptedAt: number;
  readonly body: StoredValue;
}

/** Everything needed to restore a run. */
export interface StoredRun {
  readonly row: RunRow;
  /**
   * By record id: `input`, `state`, `timers`, `actions`, `messages/<n>`, `dead/<seq>`, `journal/<actor>/<step>`,
   * `mailbox/<actor>/<place>`.
   */
  readonly values: ReadonlyMap<string, StoredValue>;
  readonly attachments: ReadonlyMap<string, Attached>;
  /** In order of `n`. */
  readonly inbox: readonly InboxRow[];
}

/** Version of the record layout in this file; a store of a newer one is refused with `STORE_FORMAT`. */
export const FORMAT_VERSION = 2;

/** Whether an event type is XState's or Holdfast's own: nobody outside of a run may send it. */
export function isReserved(type: string): boolean {
  return type.startsWith('xstate.') || type.startsWith('holdfast.');
}

/** What a machine is offered before its run is cancelled. */
export const CANCEL_EVENT = 'holdfast.cancel';

// Written out: a bundler keeps what spreads others, though nobody uses it.
const CLOSED: readonly RunStatus[] = ['done', 'failed', 'cancelled', 'pruned'];

/** The statuses of runs that are there: what a list shows that asks for none. */
export const THERE: readonly RunStatus[] = [
  'queued',
  'running',
  'waiting',
  'paused',
  'cancelling',
  'done',
  'failed',
  'cancelled',
];

/** The statuses of runs that their deadline, and nothing else of their own, may bring back. */
export const WOKEN: readonly RunStatus[] = ['queued', 'waiting'];

/** Whether a run of that status has ended. */
export function isClosed(status: RunStatus): boolean {
  return CLOSED.includes(status);
}

/** What is told of a new run besides its address, its key and its input. */
export type Beginning = Pick<
  RunRow,
  'version' | 'priority' | 'concurrencyKey' | 'singletonKey' | 'nextDeadlineAt' | 'labels' | 'parent'
>;

/** What a run began with, for one that is to take its place. */
export function beganWith({ version, priority, concurrencyKey, singletonKey, labels, parent }: RunRow): Beginning {
  return {
    version,
    ...(priority === undefined ? {} : { priority }),
    ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
    ...(singletonKey === undefined ? {} : { singletonKey }),
    ...(labels === undefined ? {} : { labels }),
    ...(parent === undefined ? {} : { parent }),
  };
}

/** The head of a run that is to begin: queued, before its first checkpoint. */
export function queuedRow(
  { labels = {}, ...begin }: RunAddress & Pick<RunRow, 'key'> & Beginning,
  now: number,
): RunRow {
  const labelled = Object.keys(labels).length > 0 ? { labels } : {};
  return { ...begin, seq: 0, status: 'queued', reasons: [], createdAt: now, updatedAt: now, ...labelled };
}
