import type { AnyWorkflow } from '@holdfast/core';
import { type HostScope, type ServeOptions, serveHost } from './host/serve.js';
import type { ServedHoldfast } from './wire/served.js';
import type { HostWorker } from './wire/wire.js';

export type { ServeOptions };

/**
 * A host without a worker, for tests and for apps which do little: steps run on the page's main thread. Everything else is
 * as with a worker: it stands in for one. Isolated workflows need a `stepWorker`.
 * @throws `OPTION_INVALID` for an option that there is not, or that is not as it has to be.
 *
 * @example
 * const host = () => hostHere({ workflows: [greeting] });
 * const holdfast = createHoldfast<ReturnType<typeof host>>(host);
 */
export function hostHere<const TWorkflows extends readonly AnyWorkflow[]>(
  options: ServeOptions<TWorkflows>,
): HostWorker & ServedHoldfast<TWorkflows> {
  const ended = new AbortController();
  const { port1: own, port2: pages } = new MessageChannel();
  const scope: HostScope = globalThis as unknown as Window;
  serveHost(options, own, scope, ended.signal);
  own.start();
  pages.start();
  return {
    postMessage: pages.postMessage.bind(pages),
    addEventListener: pages.addEventListener.bind(pages),
    removeEventListener: pages.removeEventListener.bind(pages),
    terminate() {
      ended.abort();
      own.close();
      pages.close();
    },
  };
}
