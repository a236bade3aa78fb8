/**
 * What the tests need of a browser, whatever its engine and the protocol it is driven by.
 */

export interface Engine {
  readonly name: 'Chromium' | 'Firefox' | 'WebKitGTK';
  /** What is not installed here, or nothing: then it can be driven. */
  missing(): string | undefined;
  /** Starts it with a fresh profile. */
  launch(): Promise<EngineBrowser>;
}

export interface EngineBrowser {
  /** Opens a tab, and waits until its page is loaded. */
  open(url: string): Promise<EngineTab>;
  /**
   * SIGKILLs every process of the browser, and starts it again with the same profile; its tabs are gone then. Not there
   * where the engine can't be driven with a profile on disk.
   */
  restart?(): Promise<void>;
  close(): Promise<void>;
}

export interface EngineTab {
  /** Calls a function in the page; it is carried there as text. Argument and result cross as JSON. */
  evaluate<R, A = undefined>(body: (arg: A) => R | Promise<R>, arg?: A): Promise<R>;
  close(): Promise<void>;
  /** Goes back in the history of the tab; the page may come out of the back/forward cache. */
  back?(): Promise<void>;
  /** SIGKILLs or crashes the process which the page and its workers live in; the tab is closed then. */
  crash?(): Promise<void>;
  /** Takes the network from the tab, or gives it back: `navigator.onLine` says so. */
  offline?(is: boolean): Promise<void>;
}

/** How long a condition may take to come true, in ms: a bound for what hangs. */
const BOUND_MS = 60_000;
/** How long one look may take: an engine may never answer one that a navigation cut off. */
const LOOK_MS = 5_000;
const PAUSE_MS = 10;

/**
 * Waits until `body` gives something true in the page, and gives that. A page that is being loaded, or a document that
 * is gone, counts as not yet.
 * @throws after a minute, with what the last look came to.
 */
export async function until<R, A = undefined>(
  tab: Pick<EngineTab, 'evaluate'>,
  what: string,
  body: (arg: A) => R | Promise<R>,
  arg?: A,
): Promise<R> {
  const endAt = Date.now() + BOUND_MS;
  for (let last: unknown; ; await elapsed(PAUSE_MS)) {
    try {
      const seen = await Promise.race([tab.evaluate(body, arg), elapsed(LOOK_MS).then(() => undefined)]);
      if (seen) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (Date.now() > endAt) throw new Error(`Not in time: ${what}. The last look gave: ${String(last)}`);
  }
}

/** @throws when `promise` takes longer than a minute. */
export async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`Not in time: ${what}.`)), BOUND_MS);
  const lateness = new Promise<never>((_, reject) => {
    late.signal.addEventListener('abort', () => reject(late.signal.reason), { once: true });
  });
  try {
    return await Promise.race([promise, lateness]);
  } finally {
    clearTimeout(timer);
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
