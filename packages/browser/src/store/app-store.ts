import type { LocalDatabase } from '@holdfast/core';
import type { HostSide } from './host-side.js';
import type { BrowserStore } from './store-over.js';

/** A store in a database of the app's own: for `serveHoldfast({ store })`, and as `types.store` of step functions. */
export interface AppStore<TLocal extends LocalDatabase = LocalDatabase> {
  /** The database's name. */
  readonly name: string;
  /** What `step.transaction` writes to: a type alone, never there. */
  readonly local?: TLocal;
  /** Makes the store of one host; `serveHoldfast` does it. Nothing is opened before its first use. */
  connect(host?: HostSide): BrowserStore;
}
