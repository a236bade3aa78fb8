import type { FileSystem } from '../file-system.js';
import type { Entry, Line } from './entry.js';
import { encodeLine } from './line.js';
import { LinePlace, type SegmentSpace } from './place.js';

/** A line that is written, and is not known to be synced. */
export interface UnsureLine {
  readonly entry: Entry;
  readonly place: LinePlace;
}

/** Entries as they are written: their bytes, and where each line will be. */
export interface Batch {
  readonly bytes: Buffer;
  readonly places: readonly LinePlace[];
}

/**
 * Entries as lines of one batch.
 *
 * @param first numbers of the first line; those of the others follow.
 * @param at where it will be: in bytes of that segment.
 */
export function batchOf(
  entries: readonly Entry[],
  first: Pick<Line, 'line' | 'batch' | 'synced'>,
  at: { readonly segment: SegmentSpace; readonly offset: number },
): Batch {
  const places: LinePlace[] = [];
  let { offset } = at;
  const lines = entries.map((entry, index) => {
    const left = entries.length - 1 - index;
    const { line, batch, synced } = first;
    const bytes = encodeLine({ line: line + index, batch, left, synced, entry });
    places.push(new LinePlace(at.segment, offset, bytes.length - 1));
    offset += bytes.length;
    return bytes;
  });
  return { bytes: lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines), places };
}

/** Writes and syncs a file that does not count yet. */
export async function writeDraft(fileSystem: FileSystem, draft: string, bytes: Uint8Array): Promise<void> {
  await fileSystem.remove(draft); // Left by an owner of this epoch who got no further.
  const file = await fileSystem.openForAppend(draft);
  try {
    await file.append(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}
