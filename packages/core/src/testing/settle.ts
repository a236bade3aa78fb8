import { inATurn, worksAhead } from '../steps/turn.js';

/** Turns of the event loop without anything happening, after which nothing more is expected. */
const STILL_TURNS = 6;

/** Timers after those, before what is silent may count as waiting: time also passes where this process may not run. */
const STILL_TIMERS = 5;

/** What {@link settle} looks at. */
export interface Busy {
  /** Rises with all that happens. */
  readonly activity: number;
  /** Effects under way. */
  readonly underWay: { readonly size: number };
}

/**
 * Lets everything happen that can without time passing.
 * @param patienceMs how long, in real ms, what is under way may be silent before it is taken to wait for time to pass.
 */
export async function settle(busy: () => Busy, patienceMs: number): Promise<void> {
  let quietSince = performance.now();
  for (let still = 0, seen = busy().activity; ; ) {
    await (still < STILL_TURNS ? turn() : oneTimer());
    const { activity, underWay } = busy();
    // A function that is run again over its journal has no effect while it catches up, however long that is.
    if (activity !== seen || worksAhead() > 0) {
      seen = activity;
      still = 0;
      quietSince = performance.now();
    } else if (still++ >= STILL_TURNS) {
      if (underWay.size === 0) return;
      if (still >= STILL_TURNS + STILL_TIMERS && performance.now() - quietSince >= patienceMs) return;
    }
  }
}

function turn(): Promise<void> {
  return new Promise(inATurn);
}

/** Some of what happens is put off by a timer of no length. */
function oneTimer(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
