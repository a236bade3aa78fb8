import type { StepHost, StepWorker } from '@holdfast/core/host';

/** By its name a worker knows that it is to be a step worker, whatever its script would make of it else. */
const NAME = 'holdfast steps';

/** What a step worker is to the script that runs in it. */
type Scope = Pick<Worker, 'postMessage' | 'addEventListener'> & EventTarget;

export function isStepWorker({ name }: { readonly name: string }): boolean {
  return name === NAME;
}

/** A step worker of the same script as this worker's. */
export function fromOwnScript(): Worker {
  return new Worker(self.location.href, { type: 'module', name: NAME });
}

export function toStepWorker(worker: Worker): StepWorker {
  return {
    listen({ message, died }) {
      worker.addEventListener('message', ({ data }) => message(data));
      worker.addEventListener('messageerror', died);
      worker.addEventListener('error', (event) => {
        event.preventDefault();
        died(event.error ?? new Error(event.message || 'Its script can not be loaded.'));
      });
    },
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
  };
}

export function toStepHost(scope: Scope): StepHost {
  return {
    listen: (take) => scope.addEventListener('message', (event) => take((event as MessageEvent).data)),
    post: (message) => scope.postMessage(message),
  };
}
