import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Store } from '@holdfast/core/store';
import type { FileStoreOptions, openFileStore, Sockets } from '@holdfast/node';

/** Small enough for several segments, and for their compaction, in one workload. */
const SEGMENT_BYTES = 3000;

let folder = '';
let open: typeof openFileStore | undefined;

/** The store under torture, from the folder of a built package: that of this repository, or a copy that was broken. */
export async function loadStore(path: string): Promise<void> {
  folder = path;
  ({ openFileStore: open } = await import(pathToFileURL(join(folder, 'index.js')).href));
}

/** That folder. */
export function storeFolder(): string {
  return folder;
}

export function openStore(options: FileStoreOptions): Promise<Store> {
  if (!open) throw new Error('loadStore comes first.');
  return open({ onReport: () => {}, segmentBytes: SEGMENT_BYTES, ...options });
}

export const DIRECTORY = '/store';

/** Nobody is reached: readers read the files, and nothing comes at an instant of its own. */
const UNREACHED: Sockets = {
  listen: async () => ({ address: 'nowhere', sweep: async () => {}, close: () => {} }),
  connect: async () => {
    throw new Error('Nobody listens.');
  },
};

/**
 * A store on a simulated disk. Each `boot` is a life of the machine with one process in it: of the processes of other
 * boots none is alive. It is reached through a socket only where `isReached`.
 */
export function openOn(
  fileSystem: NonNullable<FileStoreOptions['fileSystem']>,
  boot: number,
  { isReached = false, ...options }: Pick<FileStoreOptions, 'onReport'> & { isReached?: boolean } = {},
): Promise<Store> {
  const processes = { self: () => ({ pid: boot }), isAlive: ({ pid }: { pid: number }) => pid === boot };
  return openStore({
    directory: DIRECTORY,
    fileSystem,
    processes,
    ...(isReached ? {} : { sockets: UNREACHED }),
    ...options,
  });
}
