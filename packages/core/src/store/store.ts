import type {
  Attached,
  HistoryRow,
  InboxRow,
  Labels,
  RunAddress,
  RunRow,
  RunStatus,
  StoredRun,
  StoredValue,
} from '../records/records.js';

/** `strict` survives power loss; `relaxed` survives the death of the tab, browser or process. */
export type Durability = 'strict' | 'relaxed';

/** One change inside a checkpoint. All ops of a checkpoint happen, or none. */
export type Op =
  | { readonly op: 'run'; readonly row: RunRow }
  | { readonly op: 'put'; readonly id: string; readonly value: StoredValue }
  | { readonly op: 'remove'; readonly id: string }
  | { readonly op: 'attach'; readonly id: string; readonly blob: Attached }
  /** Removes an attachment that no value refers to any more. */
  | { readonly op: 'detach'; readonly id: string }
  | { readonly op: 'history'; readonly row: HistoryRow }
  | { readonly op: 'taken'; readonly n: number }
  /** Removes the history rows up to that `seq`. */
  | { readonly op: 'forget'; readonly upTo: number }
  /** Removes every record of the run (its head, values, attachments, history, inbox). No other op stands beside it. */
  | { readonly op: 'delete' }
  /** Removes every record of the run but its head, which `row` replaces. No other op stands beside it. */
  | { readonly op: 'prune'; readonly row: RunRow }
  /** Removes every record of the run and starts it anew, as an {@link Acceptance} does. No other op stands beside it. */
  | { readonly op: 'restart'; readonly start: Extract<Acceptance, { kind: 'start' }> };

/** One atomic, fenced batch for one run. */
export interface Checkpoint extends RunAddress {
  /** Epoch of the writing host; a commit under any other than the store's present epoch is refused: `STORE_FENCED`. */
  readonly epoch: number;
  /** The run's `seq` before this checkpoint; another stored one is refused: `STORE_SEQ`. */
  readonly after: number;
  readonly durability: Durability;
  readonly ops: readonly Op[];
}

/** What any host may put into a store, owner or not. */
export type Acceptance =
  | {
      readonly kind: 'start';
      /** A new run's head: status `queued`, seq 0. */
      readonly row: RunRow;
      readonly input: StoredValue;
      readonly attachments?: readonly { readonly id: string; readonly blob: Attached }[];
    }
  | {
      readonly kind: 'inbox';
      readonly row: Omit<InboxRow, 'n'>;
      /** Events that may wait in the inbox of that run, this one included. */
      readonly limit?: number;
      readonly attachments?: readonly { readonly id: string; readonly blob: Attached }[];
    };

/**
 * What became of an {@link Acceptance}. A start that changed nothing met a run of that address (`exists`), or else one
 * of its workflow whose head has the same `singletonKey` (`singleton`).
 */
export type Accepted =
  | { readonly outcome: 'started' }
  | { readonly outcome: 'exists'; readonly row: RunRow; readonly input: StoredValue }
  | { readonly outcome: 'singleton'; readonly row: RunRow }
  | { readonly outcome: 'queued'; readonly n: number };

/** A page of run heads is asked for with this. */
export interface RunQuery {
  readonly workflow?: string;
  /** Default: all but `pruned`. */
  readonly status?: RunStatus | readonly RunStatus[];
  /** All of them must be those of the run. */
  readonly labels?: Labels;
  /** At most this many; default 1,000. */
  readonly limit?: number;
  /** `cursor` of the page before. */
  readonly after?: string;
}

/** Heads in order of (workflow, run). `cursor` is there while more follow. */
export interface RunPage {
  readonly rows: readonly RunRow[];
  readonly cursor?: string;
}

/**
 * A change made to the store through another connection (another tab or process). `missed` tells that changes may have been
 * made of which nothing was told: of any run, any number.
 */
export type StoreChange = ({ readonly kind: 'accepted' | 'committed' } & RunAddress) | { readonly kind: 'missed' };

/** What a store knows of hosts that wait for the right of another. */
export interface Wanted {
  /**
   * `'at-rest'`: another host is better placed, and should have it once nothing is under way; `'now'`: it has newer code,
   * and has waited long enough.
   */
  want(): 'at-rest' | 'now' | undefined;
  /** `change` is called when it is wanted, again and again while it is; returns the way to stop it. */
  subscribe(change: () => void): () => void;
}

/** The right to commit. */
export interface Ownership {
  /** Rises with every acquisition; handed to every checkpoint. */
  readonly epoch: number;
  /** Whether the owner before ended without `release`. False for the first owner of a store. */
  readonly afterCrash: boolean;
  /** Aborted, with a `STORE_FENCED` HoldfastError as its reason, when the right is lost. */
  readonly lost: AbortSignal;
  /** Whether another host had better have the right. Default: never. */
  readonly wanted?: Wanted;
  /** Gives the right back, in good order; resolves when the next host can have it. */
  release(): Promise<void>;
}

/** What a store can do; the conformance suite skips nothing that is claimed here. */
export interface StoreManifest {
  /** Strict commits survive power loss. */
  readonly powerLoss: boolean;
  /** Several hosts in one process or several may have it open at once. */
  readonly shared: boolean;
  /** Blobs and ArrayBuffers can be attached. */
  readonly attachments: boolean;
}

/** What a checkpoint is to be made over, and together with: the run as it is stored, and tables of the app's. */
export interface Claim extends RunAddress {
  /** As those of {@link Checkpoint}. */
  readonly epoch: number;
  readonly after: number;
  /** Names of the app's tables that its rows are written to. */
  readonly tables: readonly string[];
}

/**
 * The one port under a host: where checkpoints live. This comment is the contract, `testStore` in
 * `@holdfast/core/testing` is its test.
 *
 * 1. `commit` is atomic: after any crash all of a checkpoint's ops are there, or none. It resolves when they are
 *    durable at the asked level, or where the manifest promises nothing for power loss, at the store's own. Checkpoints of one
 *    run commit in the order they were given.
 * 2. `commit` is fenced: it refuses an epoch that is not the present one (`STORE_FENCED`) and an `after` that is not
 *    the stored seq (`STORE_SEQ`), in the same atomic act that writes. `after` is 0 for a run's first checkpoint.
 * 3. `accept` needs no ownership. It is atomic, strict, and gives each inbox row the next `n` of the whole store.
 *    A start of an existing run, or of a second one with a `singletonKey`, changes nothing and says so; an inbox row for
 *    an unknown run, and an event for a pruned one, is `RUN_UNKNOWN`; an event beyond its `limit` is `INBOX_FULL`, counted in the same atomic act: but one
 *    whose id waits already is given its `n`.
 * 4. A failed commit or accept has changed nothing, or it rejects with `retryable: false` and the caller must load
 *    again. One bad member never fails the others of its group.
 * 5. `load`, `list`, `inbox` and `history` show committed records only, and need no ownership. To an owner `load` may show what
 *    another connection has accepted later than that: when it is told of it, at the latest.
 * 6. `acquire` waits until this host is the owner (aborting `signal` ends the wait with `CLOSED`) or rejects with
 *    `STORE_OWNED` where the store does not wait. At most one owner's commits succeed at any time. The next owner is
 *    told whether the one before released its right (`afterCrash`): `close` gives it back too, but is no release.
 * 7. Values put in are read back equal; nothing the caller does to them afterwards changes what is stored.
 * 8. `transact`, where there is one, makes the app's rows and a checkpoint one atomic act: what it refuses as `commit` does
 *    it refuses before `perform` is called, and from then on no other owner can get between. Whatever rejects or throws,
 *    nothing is stored, no row either.
 */
export interface Store {
  /** The store's name, for people: a database or a directory. */
  readonly name: string;
  readonly supports: StoreManifest;
  acquire(options?: { signal?: AbortSignal }): Promise<Ownership>;
  commit(checkpoint: Checkpoint): Promise<void>;
  /**
   * For a store in a database of the app's: a strict transaction over its own tables and those of the claim, in which
   * `perform` writes the app's rows, and then what `conclude` makes of its result is stored. Rejects with what either
   * throws, with `TRANSACTION_IDLE`, `TRANSACTION_ABORTED` or `TRANSACTION_TABLE_UNKNOWN`, or as `commit` does.
   */
  transact?(
    claim: Claim,
    perform: (transaction: unknown) => PromiseLike<unknown>,
    conclude: (result: unknown) => Checkpoint,
  ): Promise<void>;
  accept(acceptance: Acceptance): Promise<Accepted>;
  load(address: RunAddress): Promise<StoredRun | undefined>;
  /** The head alone. */
  head(address: RunAddress): Promise<RunRow | undefined>;
  list(query?: RunQuery): Promise<RunPage>;
  /**
   * For a store that takes long to list many runs: heads of those that are `queued` or `waiting` and have a deadline, the
   * earliest first, at most `limit`. What it costs does not grow with how many there are.
   */
  due?(limit: number): Promise<readonly RunRow[]>;
  /** Inbox rows of the whole store, or of one run, in order of `n`. */
  inbox(address?: RunAddress): Promise<readonly InboxRow[]>;
  /** History rows with `seq > after` (default 0), oldest first, at most `limit` (default 1,000). */
  history(address: RunAddress, options?: { after?: number; limit?: number }): Promise<readonly HistoryRow[]>;
  /** Tells of changes made through other connections; returns the way to stop it. */
  watch(listener: (change: StoreChange) => void): () => void;
  /** Ends every use of it; calls under way settle first, later ones reject with `CLOSED`. */
  close(): Promise<void>;
}
