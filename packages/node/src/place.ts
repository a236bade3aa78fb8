import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { FileStoreOptions } from './file-store.js';
import { nodeFileSystem } from './file-system.js';
import { nodeSockets, type Sockets } from './link/sockets.js';
import type { OwnedLogOptions } from './log/owned-log.js';
import { nodeTimers } from './log/timers.js';
import { nodeProcesses } from './owner/processes.js';
import { warn } from './report.js';

const DEFAULT_SEGMENT_BYTES = 8 << 20;
const LEAST_SEGMENT_BYTES = 1 << 10;
const MOST_SEGMENT_BYTES = 1 << 30;

/** A directory, and what it is worked with. */
export interface StorePlace extends OwnedLogOptions {
  readonly sockets: Sockets;
}

/**
 * A directory, and how it is worked with, with what options leave out.
 * @throws `OPTION_INVALID`.
 */
export function placeOf(options: FileStoreOptions): StorePlace {
  const { fileSystem = nodeFileSystem, processes = nodeProcesses, timers = nodeTimers } = options;
  const { sockets = nodeSockets } = options;
  const { segmentBytes = DEFAULT_SEGMENT_BYTES, onReport = warn } = options;
  const fits = segmentBytes >= LEAST_SEGMENT_BYTES && segmentBytes <= MOST_SEGMENT_BYTES;
  if (!Number.isInteger(segmentBytes) || !fits) {
    throw new HoldfastError('OPTION_INVALID', {
      message: `\`segmentBytes\` is ${String(segmentBytes)}.`,
      remedy: 'It takes a whole number of bytes, from 1,024 to 1,073,741,824.',
      details: { option: 'segmentBytes' },
    });
  }
  return { directory: resolve(options.directory), fileSystem, processes, sockets, timers, segmentBytes, onReport };
}
