import type { Leaf, Message, Outcome, PendingAction } from '../engine/index.js';
import type { InboxRow, Progress, RunAddress } from '../records/records.js';
import type { JournalEntry, StepRecord } from '../steps/journal.js';
import type { Durability, Op } from '../store/store.js';
import type { Delivered } from './mailboxes.js';

/** What moves a run: each arrival is one decision, and one commit. */
export type Arrival =
  /** The first one of a run. */
  | { readonly kind: 'start' }
  /** The first one of a run that another definition wrote: it is brought in line with this one. */
  | { readonly kind: 'version' }
  | { readonly kind: 'event'; readonly row: InboxRow }
  | { readonly kind: 'control'; readonly row: InboxRow }
  /** A timer of the machine has come due. */
  | { readonly kind: 'timer'; readonly key: string }
  /** A leaf's work has ended. */
  | { readonly kind: 'actor'; readonly leaf: LeafAddress; readonly outcome: Outcome }
  /** A step function asks for a journal entry. `stored` is told once it is durable. */
  | {
      readonly kind: 'step';
      readonly leaf: LeafAddress;
      readonly record: StepRecord;
      readonly stored: (entry: JournalEntry) => void;
    }
  /** A step that is under way has told details, to be kept for its next try. `stored` is told once they are. */
  | {
      readonly kind: 'heartbeat';
      readonly leaf: LeafAddress;
      readonly record: StepRecord;
      readonly stored: (entry: JournalEntry) => void;
    }
  /** A step function begins its next life. */
  | { readonly kind: 'continue'; readonly leaf: Leaf; readonly input: unknown }
  /** A step is about to begin in a run that is marked as waiting. */
  | { readonly kind: 'begin'; readonly begun: () => void }
  | { readonly kind: 'progress'; readonly progress: Progress }
  /** A step function that was cancelled has undone what it did. */
  | { readonly kind: 'undone'; readonly leaf: LeafAddress }
  /** The machine was offered `holdfast.cancel`, and has not ended in time. */
  | { readonly kind: 'cancel deadline' }
  /** It was restored after a crash, and its probation is over. */
  | { readonly kind: 'outlived' }
  /** A run that was marked as running has come to wait, without a checkpoint that could say so. */
  | { readonly kind: 'rest' }
  /** Sent by an actor outside of a transition. */
  | { readonly kind: 'message'; readonly message: Message }
  /** The pending actions were performed; the one of `failed` threw. */
  | { readonly kind: 'performed'; readonly failed?: { readonly path: string; readonly error: unknown } };

const KEEPS_ACTIONS = new Set<Arrival['kind']>(['progress', 'heartbeat', 'begin', 'outlived', 'rest', 'version']);

/** Whether its checkpoint says that the actions pending before it were performed. */
export function clearsActions({ kind }: Arrival): boolean {
  return !KEEPS_ACTIONS.has(kind);
}

export type LeafAddress = Pick<Leaf, 'path' | 'incarnation' | 'life'>;

/** Present circumstances, told to the decider so that it needs no clock, store or host. */
export interface Circumstances {
  /** Instant (ms). */
  readonly now: number;
  readonly epoch: number;
  /** Whether nothing but a stored deadline or an event can move that step function. */
  quiet(leaf: LeafAddress): boolean;
}

/** What is to be done about an arrival: first commit `ops`, then the rest. */
export interface Decision {
  /** The `seq` that the store must still be at. */
  readonly after: number;
  readonly ops: readonly Op[];
  readonly durability: Durability;
  readonly effects: Effects;
}

/** A run that its parent has started, and does not wait for any more. */
export interface Orphan extends RunAddress {
  /** Of the call that cancels it. */
  readonly callId: string;
}

/** To be done after the commit, in this order. */
export interface Effects {
  readonly stop: readonly Leaf[];
  /** Runs whose parent was left: they are to be cancelled. */
  readonly orphans: readonly Orphan[];
  /** Step functions that are to undo what they have done. */
  readonly undo: readonly Leaf[];
  /** The journal entry of a `step` or `heartbeat` arrival, as stored. */
  readonly entry?: JournalEntry;
  /** What step functions were sent. */
  readonly mail: readonly Delivered[];
  readonly actions: readonly PendingAction[];
  readonly start: readonly Leaf[];
  readonly emitted: readonly { readonly type: string }[];
  readonly logged: readonly (readonly unknown[])[];
  /** The run was deleted, or starts anew. */
  readonly gone?: 'deleted' | 'restarted';
}

export const NO_EFFECTS: Effects = {
  stop: [],
  orphans: [],
  undo: [],
  mail: [],
  actions: [],
  start: [],
  emitted: [],
  logged: [],
};
