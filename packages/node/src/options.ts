import { resolve } from 'node:path';
import { checkOptions, FUNCTION, type Kinds, OBJECT, oneOf, TEXT } from '@holdfast/core/client';
import { type FileSystem, nodeFileSystem } from './file-system.js';
import { nodeSockets, type Sockets } from './link/sockets.js';
import type { LogOptions } from './log/log-options.js';
import { nodeTimers, type Timers } from './log/timers.js';
import { nodeProcesses, type Processes } from './owner/processes.js';
import { type FileStoreReport, warn } from './report.js';

export interface FileStoreOptions {
  /** Made when it is not there. One store a directory. */
  readonly directory: string;
  /**
   * A file of the log is closed when it has grown to this (bytes, from 1,024 to 1 GiB; default 8 MiB). All files together
   * take about twice of what is needed, and one such file, at the most.
   */
  readonly segmentBytes?: number;
  /** What `acquire` does while another process, or another store of this one, owns the directory; default `'fail'`. */
  readonly whenOwned?: 'fail' | 'wait';
  /** While it waits: an owner that is connected, and silent for so long (ms), is taken over from. Default: Infinity. */
  readonly ownerTimeoutMs?: number;
  /** Told of what needs attention though no call failed; by default a warning of the process. */
  readonly onReport?: (report: FileStoreReport) => void;
  /** For tests: another file system. */
  readonly fileSystem?: FileSystem;
  /** For tests: other processes. */
  readonly processes?: Processes;
  /** For tests: other sockets. */
  readonly sockets?: Sockets;
  /** For tests: other timers. */
  readonly timers?: Timers;
}

const DEFAULT_SEGMENT_BYTES = 8 << 20;
const LEAST_SEGMENT_BYTES = 1 << 10;
const MOST_SEGMENT_BYTES = 1 << 30;

/** Of each option of a file store, what it has to be. */
export const STORE_KINDS: Kinds<FileStoreOptions> = {
  directory: TEXT,
  segmentBytes: [
    'a whole number of bytes, from 1,024 to 1,073,741,824',
    (bytes: number) => Number.isInteger(bytes) && bytes >= LEAST_SEGMENT_BYTES && bytes <= MOST_SEGMENT_BYTES,
  ],
  whenOwned: oneOf('fail', 'wait'),
  ownerTimeoutMs: ['a number of ms, or Infinity', (ms: unknown) => typeof ms === 'number' && ms >= 0],
  onReport: FUNCTION,
  fileSystem: OBJECT,
  processes: OBJECT,
  sockets: OBJECT,
  timers: OBJECT,
};

/** A directory, and how it is worked with. */
export interface StorePlace extends LogOptions {
  readonly sockets: Sockets;
  readonly whenOwned: 'fail' | 'wait';
  readonly ownerTimeoutMs: number;
}

/**
 * Options with what they leave out.
 *
 * @param owner what they are given to.
 * @throws `OPTION_INVALID`.
 */
export function withDefaults(options: FileStoreOptions, owner: string): StorePlace {
  checkOptions(options, owner, STORE_KINDS, 'directory');
  const { fileSystem = nodeFileSystem, processes = nodeProcesses, timers = nodeTimers } = options;
  const { sockets = nodeSockets, whenOwned = 'fail', ownerTimeoutMs = Number.POSITIVE_INFINITY } = options;
  const { segmentBytes = DEFAULT_SEGMENT_BYTES, onReport = warn } = options;
  const place = { directory: resolve(options.directory), fileSystem, processes, sockets, timers };
  return { ...place, segmentBytes, whenOwned, ownerTimeoutMs, onReport };
}
