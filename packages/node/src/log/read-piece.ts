import { join } from 'node:path';
import type { FileSystem } from '../file-system.js';
import type { SegmentSpace } from './place.js';
import { damaged } from './scan.js';

/** So much of a segment is read in one piece, where its lines aren't longer. */
export const PIECE_BYTES = 256 << 10;

/**
 * Whole lines of a segment, from `offset` on, about 256 KiB of them, and where they end.
 *
 * @throws `STORE_DAMAGED`, the system's errors.
 */
export async function readPiece(
  { fileSystem, directory }: { readonly fileSystem: FileSystem; readonly directory: string },
  { file, length }: SegmentSpace,
  offset: number,
): Promise<{ readonly bytes: Buffer; readonly end: number }> {
  for (let size = PIECE_BYTES; ; size *= 4) {
    const wanted = Math.min(size, length - offset);
    const bytes = Buffer.from(await fileSystem.readAt(join(directory, file), offset, wanted));
    const whole = bytes.lastIndexOf('\n') + 1;
    if (bytes.length < wanted || (whole === 0 && wanted < size)) throw damaged(file, offset);
    if (whole > 0) return { bytes: bytes.subarray(0, whole), end: offset + whole };
  }
}
