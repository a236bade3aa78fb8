/** Time as a host sees it. Wall-clock milliseconds, as `Date.now()`. */
export interface Clock {
  now(): number;
  /** Calls `wake` once, at or shortly after the instant `at` (ms), however far it is; returns the way to cancel it. */
  at(at: number, wake: () => void): () => void;
}

/** Whether steps that require the network may run. */
export interface Connectivity {
  online(): boolean;
  /** `change` is called after each change of `online()`; returns the way to stop it. */
  subscribe(change: () => void): () => void;
}
