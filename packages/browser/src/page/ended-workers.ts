/**
 * Which workers were ended by their page, of all tabs. A page that unloads ends its worker before that could write
 * anything; `localStorage` is the one place that can still be written then.
 *
 * Where it can't be, every worker counts as ended by its page: nobody's run is to be paused by mistake.
 */

/** More than the tabs that are closed at once. */
const KEPT = 100;

export function noteEnded(store: string, worker: string): void {
  try {
    write(store, [...read(store), worker]);
  } catch {
    // What can't be noted isn't asked for either: see `wasEnded`.
  }
}

export function wasEnded(store: string, worker: string): boolean {
  try {
    const ended = read(store);
    // It may be readable, and full.
    localStorage.setItem(`${keyOf(store)}:room`, worker);
    localStorage.removeItem(`${keyOf(store)}:room`);
    return ended.includes(worker);
  } catch {
    return true;
  }
}

function write(store: string, workers: readonly string[]): void {
  localStorage.setItem(keyOf(store), JSON.stringify(workers.slice(-KEPT)));
}

function read(store: string): readonly string[] {
  try {
    const workers: unknown = JSON.parse(localStorage.getItem(keyOf(store)) ?? '[]');
    return Array.isArray(workers) ? workers : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function keyOf(store: string): string {
  return `holdfast:ended:${store}`;
}
