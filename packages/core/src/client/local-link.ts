import { HoldfastError } from '../errors/index.js';
import { encodedValues } from './encoded-values.js';
import type { HostApi, HostLink, LinkStatus, Notice, Values } from './protocol.js';

/** A host in the same process. */
export interface LocalHost extends HostApi {
  listen(listener: (notice: Notice) => void): () => void;
  close(): Promise<void>;
}

/** A link to a host in the same process: closing it closes the host. */
export function linkLocally(host: LocalHost): HostLink {
  let rejectClosed: (error: HoldfastError) => void = () => {};
  let open = true;
  const told = new Set<(status: LinkStatus) => void>();
  const closed = new Promise<never>((_, reject) => {
    rejectClosed = reject;
  });
  closed.catch(() => {});
  const error = () => new HoldfastError('CLOSED', { message: 'The holdfast was closed.' });
  return {
    values: encodedValues as Values,
    closed,
    call: (async (method: keyof HostApi, ...args: never[]) => {
      if (!open) throw error();
      return (host[method] as (...args: never[]) => Promise<unknown>)(...args);
    }) as HostLink['call'],
    listen({ notice, connected, status }) {
      told.add(status);
      status('answering');
      host.listen(notice);
      connected();
    },
    async close() {
      if (!open) return;
      open = false;
      rejectClosed(error());
      for (const tell of told) tell('closed');
      await host.close();
    },
  };
}
