import type { PageState } from '../wire/wire.js';

/** What becomes of a page that its worker has to know, or must not outlive. */
export interface PageLife {
  /** The page can't run for a while, or never again: unloaded, in the back/forward cache, or frozen. */
  left(): void;
  back(): void;
  changed(): void;
}

/** Tells of the page's life until `signal` is aborted. The same may be told twice. */
export function followPage({ left, back, changed }: PageLife, signal: AbortSignal): void {
  const listening = { signal };
  addEventListener('pagehide', left, listening);
  addEventListener('pageshow', back, listening);
  // A frozen page freezes its worker with it, which keeps the lock and may keep a transaction open: all tabs would wait.
  document.addEventListener('freeze', left, listening);
  document.addEventListener('resume', back, listening);
  document.addEventListener('visibilitychange', changed, listening);
  addEventListener('online', changed, listening);
  addEventListener('offline', changed, listening);
}

export function stateOfPage(): PageState {
  return { online: navigator.onLine, visible: document.visibilityState === 'visible' };
}
