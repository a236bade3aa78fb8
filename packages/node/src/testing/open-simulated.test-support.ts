import type { Store } from '@holdfast/core/store';
import { openFileStore } from '../file-store.js';
import type { FileSystem } from '../file-system.js';
import type { Sockets } from '../link/sockets.js';
import type { FileStoreReport } from '../report.js';

/** Small enough for several new segments in one workload. */
const COMPACT_BYTES = 2000;

/** No process can reach another. */
const noSockets: Sockets = {
  listen: async () => ({ address: 'nowhere', sweep: async () => {}, close: () => {} }),
  connect: async () => {
    throw new Error('Nobody listens.');
  },
};

/**
 * A file store in `/store` of another file system. Each `boot` is a life of the machine with one process in it: of
 * the processes of other boots none is alive.
 */
export function openSimulated(
  fileSystem: FileSystem,
  { boot = 1, onReport = () => {} }: { boot?: number; onReport?: (report: FileStoreReport) => void } = {},
): Promise<Store> {
  const processes = { self: () => ({ pid: boot }), isAlive: ({ pid }: { pid: number }) => pid === boot };
  const sockets = { sockets: noSockets, lookEveryMs: Number.POSITIVE_INFINITY };
  return openFileStore({
    directory: '/store',
    fileSystem,
    processes,
    compactBytes: COMPACT_BYTES,
    onReport,
    ...sockets,
  });
}
