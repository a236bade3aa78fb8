import { type AnyServices, HoldfastError } from '@holdfast/core';
import { fromReply } from '../wire/reply.js';
import type { CallService } from '../wire/wire.js';

/** An object whose every method calls the page's function of that name. */
export function createServices(call: CallService): AnyServices {
  return new Proxy<Record<string, (...args: never[]) => unknown>>(
    {},
    {
      has: (_, name) => typeof name === 'string',
      get(_, name) {
        // Whoever awaits the object must not be told that it is a promise.
        if (typeof name !== 'string' || name === 'then') return undefined;
        return async (...args: unknown[]) => fromReply(await crossing(name, () => call(name, args)));
      },
    },
  );
}

async function crossing<T>(service: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new HoldfastError('SERVICE_FAILED', {
      message: `The arguments or the answer of the service "${service}" can't cross between worker and page.`,
      remedy: 'Pass and return plain data.',
      details: { service },
      cause,
    });
  }
}
