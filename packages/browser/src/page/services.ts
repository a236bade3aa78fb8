import { HoldfastError } from '@holdfast/core/client';
import { toReply } from '../wire/reply.js';
import type { CallService } from '../wire/wire.js';

/** Functions which the page lends to steps in the worker, by name. */
// biome-ignore lint/suspicious/noExplicitAny: each has its own arguments, which cross as they are.
export type Services = Readonly<Record<string, (...args: any[]) => unknown>>;

/** Calls them for the worker. `present` gives those of now: a hot update may have replaced them. */
export function callServices(present: () => Services): CallService {
  return (name, args) =>
    toReply(() => {
      const services = present();
      if (Object.hasOwn(services, name)) return services[name]?.(...args);
      throw unknownService(name, Object.keys(services));
    });
}

function unknownService(name: string, known: readonly string[]): HoldfastError {
  return new HoldfastError('SERVICE_UNKNOWN', {
    message: `The page lends no service "${name}".`,
    remedy: `Give it to createHoldfast as services.${name}; there are: ${known.join(', ') || 'none'}.`,
    details: { service: name, known },
  });
}
