import type { Store } from '@holdfast/core/store';
import { openFileStore } from '../file-store.js';
import type { FileSystem } from '../file-system.js';
import type { Sockets } from '../link/sockets.js';
import type { Timers } from '../log/timers.js';
import type { FileStoreOptions } from '../options.js';

/** Small enough for several new segments in one workload. */
const SEGMENT_BYTES = 1500;

/** Timers that fire when they are told to. */
export class ManualTimers implements Timers {
  readonly #calls = new Set<() => void>();

  after(_: number, call: () => void): () => void {
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  fire(): void {
    const calls = [...this.#calls];
    this.#calls.clear();
    for (const call of calls) call();
  }
}

/** No process can reach another. */
const noSockets: Sockets = {
  listen: async () => ({ address: 'nowhere', sweep: async () => {}, close: () => {} }),
  connect: async () => {
    throw new Error('Nobody listens.');
  },
};

/** Options of a file store in `/store` of another file system; see {@link openSimulated}. */
export function simulated(
  fileSystem: FileSystem,
  { boot = 1, ...options }: { boot?: number } & Partial<FileStoreOptions> = {},
): FileStoreOptions {
  const processes = { self: () => ({ pid: boot }), isAlive: ({ pid }: { pid: number }) => pid === boot };
  const quiet = { onReport: () => {}, timers: new ManualTimers(), sockets: noSockets };
  return { directory: '/store', fileSystem, processes, segmentBytes: SEGMENT_BYTES, ...quiet, ...options };
}

/**
 * A file store in `/store` of another file system. Each `boot` is a life of the machine with one process in it: of
 * the processes of other boots none is alive.
 */
export function openSimulated(...given: Parameters<typeof simulated>): Promise<Store> {
  return openFileStore(simulated(...given));
}
