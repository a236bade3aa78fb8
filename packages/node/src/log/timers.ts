/** Calls something after a while, once; what it returns takes that back. */
export interface Timers {
  after(ms: number, call: () => void): () => void;
}

/** Timers that keep no process alive. */
export const nodeTimers: Timers = {
  after(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
