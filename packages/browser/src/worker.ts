import { type AnyWorkflow, HoldfastError } from '@holdfast/core';
import { serveStepsTo } from '@holdfast/core/host';
import { type HostScope, type ServeOptions, serveHost } from './host/serve.js';
import { fromOwnScript, isStepWorker, toStepHost } from './host/step-workers.js';
import type { ServedHoldfast } from './wire/served.js';

export type { ServedHoldfast, ServeOptions };

/**
 * Serves `workflows` to the page that made this dedicated worker. Nothing is opened before the page connects. The steps of
 * isolated workflows it performs in workers of the same script, where this call makes a step worker in place of a host.
 * @throws `WRONG_THREAD` outside a dedicated worker; `OPTION_INVALID` for an option that there is not, or that is not as it has to
 * be, or when it is given a `store` and a `name`.
 *
 * @example
 * export const host = serveHoldfast({ workflows: [photoImport] });
 * export type App = typeof host;
 */
export function serveHoldfast<const TWorkflows extends readonly AnyWorkflow[]>(
  options: ServeOptions<TWorkflows>,
): ServedHoldfast<TWorkflows> {
  const scope = dedicatedWorker();
  if (isStepWorker(scope)) {
    serveStepsTo(toStepHost(scope), options);
    return {};
  }
  serveHost({ stepWorker: fromOwnScript, ...options }, scope, scope);
  return {};
}

type DedicatedWorker = Pick<Worker, 'postMessage' | 'addEventListener' | 'removeEventListener'> &
  HostScope & { readonly name: string };

function dedicatedWorker(): DedicatedWorker {
  if ('DedicatedWorkerGlobalScope' in globalThis) return globalThis as unknown as DedicatedWorker;
  throw new HoldfastError('WRONG_THREAD', {
    message: 'serveHoldfast was called outside of a dedicated worker.',
    remedy: 'Call it in the script of the worker that createHoldfast makes.',
  });
}
