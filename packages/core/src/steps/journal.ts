import type { ActorPath } from '../engine/index.js';
import type { Progress, RunAddress } from '../records/records.js';

/** One step of a step function, one sleep, one wait for an event, or one child, as stored. */
export interface JournalEntry {
  readonly kind: 'step' | 'sleep' | 'event' | 'child';
  /**
   * `retrying` and `sleeping` wait for `until`; `waiting` for an event, at most until then, or for a child. `begun`: a try
   * is under way that left a mark before it, or has told details. `exhausted`: its tries are used up, and the run is paused for that; once it goes on, they are counted anew.
   * The other two are final.
   */
  readonly status: 'completed' | 'failed' | 'retrying' | 'sleeping' | 'waiting' | 'begun' | 'exhausted';
  /** Tries that ended by themselves; one cut off by a crash is not counted. */
  readonly attempts: number;
  /** Instants (ms). */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly until?: number;
  /** Of a wait under way: types of the events that it takes. */
  readonly types?: readonly string[];
  /** Of a child under way. */
  readonly child?: RunAddress;
  readonly output?: unknown;
  readonly error?: unknown;
  /** What its last heartbeat told: the next try receives it. Dropped with the end of the step. */
  readonly details?: unknown;
  /** It has an undo, and is the so-manieth that began of those. */
  readonly undo?: number;
  /** Asked for while another step was under way: perhaps in its body, which is not run again. */
  readonly nested?: true;
  /** Number of the checkpoint that stored it: parallel steps are replayed in this order. */
  readonly order?: number;
}

/** What a step execution asks to be checkpointed. */
export interface StepRecord {
  readonly step: string;
  readonly entry: JournalEntry;
  readonly progress?: Progress;
  /** Place of the event that this wait has taken: it leaves the mailbox in the same checkpoint. */
  readonly mail?: string;
}

/** The actor that a journal belongs to; one that is started anew at the same path, and each of its lives, has its own. */
export interface JournalOwner {
  readonly path: ActorPath;
  readonly incarnation: number;
  readonly life?: number;
}

/** Tells the owners of journals apart: part of record ids, of idempotency keys, of seeds. */
export function ownerKey({ path, incarnation, life }: JournalOwner): string {
  return `${path}#${incarnation}${life === undefined ? '' : `.${life}`}`;
}

/** Record ids of an actor's journal begin with this. */
export function journalPrefix(owner: JournalOwner): string {
  return `journal/${ownerKey(owner)}/`;
}

export function journalId(owner: JournalOwner, step: string): string {
  return journalPrefix(owner) + encodeURIComponent(step);
}

/** Of the call that cancels the child of that record id: the same, whoever makes it. @param runKey of the parent. */
export function cancelId(runKey: string, id: string): string {
  return `${runKey}/${id.slice('journal/'.length)} cancels`;
}

/** The step behind a record id of the journal whose ids begin with `prefix`. */
export function stepAfter(prefix: string, id: string): string {
  const name = id.slice(prefix.length);
  return name.includes('%') ? decodeURIComponent(name) : name;
}

export function isFinal(entry: JournalEntry): boolean {
  return entry.status === 'completed' || entry.status === 'failed';
}
