import type { FromStepWorker, ToStepWorker } from '../isolate/messages.js';
import { type ServeStepsOptions, serveStepsTo } from '../isolate/serve-steps.js';
import type { StepWorker } from '../isolate/step-worker.js';

/**
 * A step worker without a thread: what crosses is cloned, in order, and takes no time. Once it is ended nothing passes; a
 * body under way goes on, heard by nobody.
 */
export function createInProcessStepWorker(options: ServeStepsOptions): StepWorker {
  let ended = false;
  let toHost: (message: FromStepWorker) => void = () => {};
  let toWorker: (message: ToStepWorker) => void = () => {};
  const pass = <T>(message: T, receive: (message: T) => void) => {
    const copy = structuredClone(message);
    queueMicrotask(() => ended || receive(copy));
  };
  const post = (message: FromStepWorker) => pass(message, (copy) => toHost(copy));
  serveStepsTo({ listen: (listener) => (toWorker = listener), post }, options);
  return {
    listen: ({ message }) => (toHost = message),
    post: (message) => pass(message, (copy) => toWorker(copy)),
    terminate: () => {
      ended = true;
    },
  };
}
