import type { Clock } from './ports.js';

/** The longest single `setTimeout`: short enough that a changed wall clock is noticed within it. */
const SLICE_MS = 30_000;

/** The wall clock. Long waits are cut into slices, so that they may exceed 24.8 days and follow clock changes. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    at(at, wake) {
      let timer: ReturnType<typeof setTimeout>;
      const wait = () => {
        const leftMs = at - Date.now();
        if (leftMs <= 0) wake();
        else timer = setTimeout(wait, Math.min(leftMs, SLICE_MS));
      };
      timer = setTimeout(wait, Math.min(Math.max(at - Date.now(), 0), SLICE_MS));
      return () => clearTimeout(timer);
    },
  };
}
