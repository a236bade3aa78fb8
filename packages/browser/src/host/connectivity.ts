import type { Connectivity } from '@holdfast/core/host';

/**
 * Online as far as the worker and its page know: one of them may learn of a change late, or not at all.
 */
export interface WorkerConnectivity extends Connectivity {
  /** What the page says. */
  tell(online: boolean): void;
}

export function createConnectivity(
  scope: EventTarget & { readonly navigator: { readonly onLine: boolean } },
): WorkerConnectivity {
  const listeners = new Set<() => void>();
  let page = true;
  let before = scope.navigator.onLine;
  const online = () => page && scope.navigator.onLine;
  const changed = () => {
    if (online() === before) return;
    before = online();
    for (const listener of listeners) listener();
  };
  scope.addEventListener('online', changed);
  scope.addEventListener('offline', changed);
  return {
    online,
    subscribe(change) {
      listeners.add(change);
      return () => listeners.delete(change);
    },
    tell(is) {
      page = is;
      changed();
    },
  };
}
