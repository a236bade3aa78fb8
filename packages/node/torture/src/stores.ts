import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Store } from '@holdfast/core/store';
import type { FileStoreOptions, FileStoreReport, openFileStore } from '@holdfast/node';

/** Small enough for several segments, and for their compaction, in one workload; one or the other is an option. */
const SMALL = { compactBytes: 3000, segmentBytes: 3000 };

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
  return open({ onReport: () => {}, ...SMALL, ...options });
}

export const DIRECTORY = '/store';

/**
 * A store on a simulated disk. Each `boot` is a life of the machine with one process in it: of the processes of other
 * boots none is alive.
 */
export function openOn(
  fileSystem: NonNullable<FileStoreOptions['fileSystem']>,
  boot: number,
  onReport: (report: FileStoreReport) => void = () => {},
): Promise<Store> {
  const processes = { self: () => ({ pid: boot }), isAlive: ({ pid }: { pid: number }) => pid === boot };
  return openStore({ directory: DIRECTORY, fileSystem, processes, onReport });
}
