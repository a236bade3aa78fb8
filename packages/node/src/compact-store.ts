import { OwnedLog } from './log/owned-log.js';
import { type FileStoreOptions, withDefaults } from './options.js';
import { storageError } from './storage-error.js';

/** Bytes of the log, before and after. */
export interface Compacted {
  readonly before: number;
  readonly after: number;
}

/**
 * Gives back all space that a store does not need. It happens by itself, piece by piece, when half of the log is no longer
 * needed; this is for before a backup. It owns the store meanwhile.
 *
 * @throws `STORE_OWNED`, `STORE_DAMAGED`, `STORE_FORMAT`, `STORE_FULL`, `STORE_UNWRITABLE`, `STORE_FAILED`.
 *
 * @example
 * const { before, after } = await compactStore({ directory: '.holdfast' });
 */
export async function compactStore(options: FileStoreOptions): Promise<Compacted> {
  const place = withDefaults(options, 'compactStore');
  try {
    const log = await OwnedLog.open(place);
    const before = log.state.space().total;
    let released = false;
    try {
      await log.compact();
      // A crash of the owner before is still to be told to the next one that hosts runs.
      released = !log.afterCrash;
      return { before, after: log.state.space().total };
    } finally {
      await log.end({ released });
    }
  } catch (error) {
    throw storageError(error, place.directory);
  }
}
