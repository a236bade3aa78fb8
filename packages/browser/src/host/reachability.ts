import { HoldfastError } from '@holdfast/core';
import { told } from '@holdfast/core/client';

/**
 * Whether the network is there: a function, aborted when it takes longer than 5 s, or an address that answers with a 2xx
 * while it is.
 */
export type Reachable = ((signal: AbortSignal) => boolean | Promise<boolean>) | string | URL;

export type Probe = (signal: AbortSignal) => Promise<boolean>;

/**
 * What asks whether the network is there: an answer that is not true, and an error, say that it is not.
 * @throws `OPTION_INVALID` for what is neither a function nor an address.
 */
export function toProbe(reachable: Reachable): Probe {
  const ask = typeof reachable === 'function' ? reachable : fetching(reachable);
  return async (signal) => {
    try {
      return (await ask(signal)) === true;
    } catch {
      return false;
    }
  };
}

/** A redirect is what a network says that wants a login first. */
function fetching(reachable: string | URL): Probe {
  const url = addressOf(reachable);
  return async (signal) =>
    (await fetch(url, { method: 'HEAD', cache: 'no-store', credentials: 'omit', redirect: 'error', signal })).ok;
}

function addressOf(reachable: string | URL): URL {
  try {
    if (typeof reachable !== 'string' && !(reachable instanceof URL)) throw new TypeError('It is no address.');
    const url = new URL(reachable, globalThis.location?.href);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError('It is no address of the web.');
    return url;
  } catch (cause) {
    throw new HoldfastError('OPTION_INVALID', {
      message: `reachable is ${told(reachable)}, which can't be asked.`,
      remedy: 'Give a function that resolves to true or false, or an address of your server (http or https).',
      details: { option: 'reachable' },
      cause,
    });
  }
}
