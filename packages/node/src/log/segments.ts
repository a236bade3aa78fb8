import { join } from 'node:path';
import type { FileSystem } from '../file-system.js';
import { type Segment, scanSegment } from './scan.js';
import { segmentFile, segmentsIn } from './segment-file.js';

export interface FoundSegment extends Segment {
  readonly file: string;
}

/**
 * Reads the newest segment of a directory: each one starts from all that came before it, so the others no longer
 * count. Undefined when there is none.
 *
 * @throws `STORE_DAMAGED`, `STORE_FORMAT`, and the system's errors.
 */
export async function readNewestSegment(fileSystem: FileSystem, directory: string): Promise<FoundSegment | undefined> {
  for (;;) {
    const newest = segmentsIn(await fileSystem.list(directory)).at(-1);
    if (!newest) return undefined;
    const file = segmentFile(newest);
    try {
      return { file, ...scanSegment(Buffer.from(await fileSystem.read(join(directory, file))), file) };
    } catch (error) {
      // A writer began a new segment meanwhile and removed this one.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
