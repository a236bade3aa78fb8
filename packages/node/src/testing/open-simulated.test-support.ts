import type { Store } from '@holdfast/core/store';
import { openFileStore } from '../file-store.js';
import type { FileSystem } from '../file-system.js';
import type { FileStoreReport } from '../report.js';

/** Small enough for several new segments in one workload. */
const SEGMENT_BYTES = 2000;

/**
 * A file store in `/store` of another file system. Each `boot` is a life of the machine with one process in it: of
 * the processes of other boots none is alive.
 */
export function openSimulated(
  fileSystem: FileSystem,
  { boot = 1, onReport = () => {} }: { boot?: number; onReport?: (report: FileStoreReport) => void } = {},
): Promise<Store> {
  const processes = { self: () => ({ pid: boot }), isAlive: ({ pid }: { pid: number }) => pid === boot };
  return openFileStore({ directory: '/store', fileSystem, processes, segmentBytes: SEGMENT_BYTES, onReport });
}
