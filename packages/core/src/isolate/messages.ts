import type { Leaf } from '../engine/index.js';
import type { Encoded, Progress, RunAddress } from '../records/records.js';
import type { JournalEntry } from '../steps/journal.js';
import type { Mail } from '../steps/mail.js';

/**
 * What a host and a step worker tell each other. Values cross as they are stored (the codec); the rest is plain data that
 * structured clone carries.
 */

/** Where the logic of a step function stands. */
export interface Place {
  readonly workflow: string;
  readonly version: number;
  /** From the root down: the names by which each machine knows the next actor's logic. */
  readonly sources: readonly string[];
}

/** What is to be run. */
export interface Beginning extends Place {
  readonly leaf: Leaf;
  readonly runKey: string;
  readonly epoch: number;
  readonly valueLength: number;
  readonly online: boolean;
  /** Whether it is run again when it has ended, to tell whether it does the same. */
  readonly checkDeterminism: boolean;
  /** Input, journal and mail; and, by {@link tryKey}, why tries failed that were cut off with the worker before. */
  readonly stored: Encoded;
}

export interface Stored {
  readonly input: unknown;
  readonly journal: ReadonlyMap<string, JournalEntry>;
  readonly mail: readonly Mail[];
  readonly cutOff: ReadonlyMap<string, unknown>;
}

export type Answer = { readonly value: Encoded } | { readonly error: Encoded };

/** To a worker; `n` counts them from 1. */
export type ToStepWorker = { readonly n: number } & (
  | { readonly kind: 'begin'; readonly beginning: Beginning }
  | { readonly kind: 'give'; readonly mail: Encoded }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'stop'; readonly reason: Encoded }
  | { readonly kind: 'online'; readonly online: boolean }
  | { readonly kind: 'answer'; readonly call: number; readonly answer: Answer }
);

/** How an execution stands. */
export interface Status {
  /** Number of the last message that was taken. */
  readonly taken: number;
  readonly quiet: boolean;
  readonly busy: boolean;
  readonly storing: number;
}

/** A try that is about to be performed. */
export interface Try {
  readonly id: number;
  readonly name: string;
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly timeoutMs: number | undefined;
}

export interface Recorded {
  readonly step: string;
  readonly entry: Encoded;
  readonly progress?: Progress;
  readonly mail?: string;
}

/** What is answered. */
export type Call =
  | { readonly to: 'begin' | 'unpaused' | 'inboxTaken' | 'check network' | 'check ground' }
  | { readonly to: 'record' | 'heartbeat'; readonly record: Recorded }
  | { readonly to: 'service'; readonly name: string; readonly args: Encoded }
  | { readonly to: 'start child'; readonly child: Encoded }
  | { readonly to: 'outcome of child'; readonly child: RunAddress }
  | { readonly to: 'cancel child'; readonly child: RunAddress; readonly callId: string }
  | { readonly to: 'try'; readonly tried: Try }
  | { readonly to: 'tried'; readonly id: number; readonly error?: Encoded };

export type Told =
  | { readonly kind: 'call'; readonly call: number; readonly what: Call }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'emit'; readonly event: Encoded }
  /** Whether steps wait for the network. */
  | { readonly kind: 'offline'; readonly waits: boolean }
  | { readonly kind: 'settled'; readonly outcome: Answer }
  | { readonly kind: 'undone' }
  | { readonly kind: 'continued'; readonly input: Encoded }
  | { readonly kind: 'unfit'; readonly error: Encoded }
  /** It was run again; the error, if it did not do the same. */
  | { readonly kind: 'checked'; readonly error?: Encoded }
  /** Trouble that changes nothing. */
  | { readonly kind: 'trouble'; readonly error: Encoded };

/** From a worker: what happened since the last one, and how it stands now. */
export interface FromStepWorker {
  readonly status: Status;
  readonly told: readonly Told[];
}

export function tryKey(name: string, attempt: number): string {
  return `${attempt} ${name}`;
}
