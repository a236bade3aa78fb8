import type { Run } from '@holdfast/core';
import type { SeenRun } from './run-lines.js';

/** A run as its host sees it now; `absent` where there is none. */
export function seenRun(run: Run): Promise<SeenRun> {
  return new Promise((resolve) => {
    const subscription = run.subscribe(({ run: { status, reasons, seq }, progress, value }) => {
      if (status === 'unknown') return;
      queueMicrotask(() => subscription.unsubscribe());
      resolve({ workflow: run.workflow, run: run.id, status, reasons, seq, progress, value });
    });
  });
}
