import {
  arrivedGiven,
  type Crossing,
  crossDecoded,
  type Encoded,
  encode,
  encodedValues,
  type Notice,
} from '@holdfast/core/client';
import type { Host } from '@holdfast/core/host';
import type { PageCalls } from '../wire/wire.js';

/**
 * A host as its page calls it. Values of the app cross as they are, so that the page needs no codec, and spends its main
 * thread on none: what it sends is encoded here, and what is stored is decoded here.
 */
export function toPageCalls(host: Host): PageCalls {
  return {
    start: async ({ input, ...request }) => host.start({ ...request, input: encode(arrivedGiven(input), 'input') }),
    send: async ({ event, ...request }) => host.send({ ...request, event: encode(arrivedGiven(event), 'event') }),
    control: (request) => host.control(request),
    list: (query) => host.list(query),
    history: (address, options) => host.history(address, options),
    deadLetters: async (address) => decoded(await host.deadLetters(address)),
    watch: (interest) => host.watch(interest),
    unwatch: (id) => host.unwatch(id),
  };
}

const decoded = (given: Encoded): Crossing => crossDecoded(encodedValues.take(given), given);

/** What a host tells, for its page. */
export function toPageNotice(notice: Notice): Notice<Crossing> {
  if (notice.kind === 'run') return { ...notice, snapshot: decoded(notice.snapshot) };
  if (notice.kind === 'emitted') return { ...notice, event: decoded(notice.event) };
  if (notice.kind === 'lost') return { ...notice, error: decoded(notice.error) };
  return notice;
}
