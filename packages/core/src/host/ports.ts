import type { Encoded, RunAddress } from '../records/records.js';

/** Time as a host sees it. Wall-clock milliseconds, as `Date.now()`. */
export interface Clock {
  now(): number;
  /** Calls `wake` once, at or shortly after the instant `at` (ms), however far it is; returns the way to cancel it. */
  at(at: number, wake: () => void): () => void;
}

/** Whether steps that require the network may run. */
export interface Connectivity {
  online(): boolean;
  /** For who waits: `change` is called after each change of `online()`, or a little later; returns the way to stop it. */
  subscribe(change: () => void): () => void;
  /** As `subscribe`, at once, for who does not wait. Default: `subscribe`. */
  watch?(change: () => void): () => void;
  /** Asked when a step that requires the network has failed: whether the network is there. Default: `online()`. */
  check?(): Promise<boolean>;
}

/** What a host stands on, as a worker does on its page: where it is about to go, it fails what is under way first. */
export interface Ground {
  /**
   * Asked when a try or a promise actor has failed, before that counts: whether it has failed of itself. `false` comes once
   * the ground is firm again; what has failed is then done anew. Never answered where the host goes.
   */
  holds(): boolean | Promise<boolean>;
}

/** What a run has emitted, as other hosts of its store are told. */
export interface Emission extends RunAddress {
  readonly event: Encoded;
}

/** Carries what runs emit to the hosts beside this one: at once, and at most once. Who is not there never hears it. */
export interface Relay {
  tell(emission: Emission): void;
  /** Told of what the runs of other hosts emit, and never of what this one told; returns the way to stop it. */
  listen(listener: (emission: Emission) => void): () => void;
  /** The end of its host. */
  close(): void;
}

/** One thing that the outside sees, about to be done. */
export interface Effect {
  /**
   * A try of a step, a custom action (or what a live actor is sent), the work of a promise actor, the beginning of a
   * live one, or an event told to whoever listens.
   */
  readonly kind: 'step' | 'action' | 'actor' | 'live' | 'emit';
  readonly address: RunAddress;
  /** Step name, action type (of an inline one: where it stands), path of the actor, or event type. */
  readonly name: string;
  /** Path of the actor whose effect it is; '' is the run itself. */
  readonly actor: string;
  /** Of a step: the same at each try and restore. */
  readonly idempotencyKey?: string;
  /** Of a step: the number of this try. */
  readonly attempt?: number;
}

/**
 * Every effect of a host is performed through this: it may look on, or keep `perform` from being called. What it
 * returns counts as the effect's result; of a step in a step worker only that it throws: what was performed there stays there.
 */
export type Around = <T>(effect: Effect, perform: () => T) => T;
