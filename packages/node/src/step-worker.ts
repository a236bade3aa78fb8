import { parentPort, type Worker } from 'node:worker_threads';
import { type AnyWorkflow, HoldfastError } from '@holdfast/core';
import { type StepWorker, serveStepsTo } from '@holdfast/core/host';

/**
 * Makes of this thread a step worker: it performs the steps of isolated workflows. Call it once, in the file that
 * `stepWorker` of `openHoldfast` starts.
 * @throws `WRONG_THREAD` outside of a worker thread; `OPTION_INVALID`.
 *
 * @example
 * serveSteps({ workflows: [photoImport] });
 */
export function serveSteps(options: { workflows: readonly AnyWorkflow[] }): void {
  if (!parentPort) {
    throw new HoldfastError('WRONG_THREAD', {
      message: 'serveSteps was called outside of a worker thread.',
      remedy: 'Call it in the file that `stepWorker` starts.',
    });
  }
  const port = parentPort;
  serveStepsTo(
    { listen: (take) => void port.on('message', take), post: (message) => port.postMessage(message) },
    options,
  );
}

/** A thread as the host sees it. */
export function toStepWorker(thread: Worker): StepWorker {
  return {
    listen({ message, died }) {
      thread.on('message', message);
      thread.on('messageerror', died);
      thread.on('error', died);
      thread.on('exit', (code) => died(new Error(`It ended with exit code ${code}.`)));
    },
    post: (message) => thread.postMessage(message),
    terminate: () => void thread.terminate(),
  };
}
