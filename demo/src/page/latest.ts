/**
 * Calls `work` now, or once more after the call under way when it is asked again meanwhile: the last state is always
 * seen, and no two calls overlap.
 */
export function latest(work: () => Promise<void>, failed: (error: unknown) => void): () => void {
  let running = false;
  let again = false;
  const run = async () => {
    running = true;
    do {
      again = false;
      await work().catch(failed);
    } while (again);
    running = false;
  };
  return () => {
    if (running) again = true;
    else void run();
  };
}
