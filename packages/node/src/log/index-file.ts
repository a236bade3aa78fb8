import { join } from 'node:path';
import type { FileSystem } from '../file-system.js';
import { reading } from './chain.js';
import { Digest } from './digest.js';
import type { HeaderEntry, Line } from './entry.js';
import { asBuffer, checksumOf, decodeLine, type Stretch } from './line.js';
import { indexFile } from './segment-file.js';
import { decodeIndex, encodeIndex, type SegmentIndex } from './segment-index.js';

export interface IndexPlace {
  readonly fileSystem: FileSystem;
  readonly directory: string;
}

/** What of a segment counts. */
export interface Counted {
  readonly file: string;
  readonly header: HeaderEntry;
  readonly length: number;
  /** Number of the last line. */
  readonly lastLine: number | undefined;
}

/** An index that can be used in place of its segment, and that segment's last line. */
export interface UsableIndex {
  readonly index: SegmentIndex;
  readonly last: Line;
}

/**
 * The index of a segment, where there is one and it is of this segment, as much of it as counts; with the segment's last line,
 * which was read and is the one that the index was made with. Undefined where there is none that can be used, whatever the
 * reason: the segment itself is read then.
 *
 * @throws `SegmentAbsent`, the system's errors about the segment.
 */
export async function usableIndex(
  { fileSystem, directory }: IndexPlace,
  { file, header, length, lastLine }: Counted,
): Promise<UsableIndex | undefined> {
  const bytes = await fileSystem.read(join(directory, indexFile(file))).catch(() => undefined);
  const index = bytes && decodeIndex(asBuffer(bytes));
  if (!index) return undefined;
  const { head } = index;
  if (head.file !== file || head.id !== header.id || head.length !== length || head.line !== lastLine) return undefined;
  const size = length - head.offset;
  const end = asBuffer(await reading(file, () => fileSystem.readAt(join(directory, file), head.offset, size)));
  const text = end.subarray(0, -1);
  const last = end.length === size ? decodeLine(text) : undefined;
  return last?.line === lastLine && checksumOf(text) === head.crc ? { index, last } : undefined;
}

interface LastLine {
  readonly stretch: Stretch;
  readonly line: Line;
  readonly crc: string;
}

/** Makes the index of a segment out of its lines. */
export class IndexBuilder {
  readonly #file: string;
  readonly #digest = new Digest();
  #last: LastLine | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** @param text its bytes. */
  take(stretch: Stretch, line: Line, text: Buffer): void {
    this.#digest.take(line.entry, stretch);
    this.#last = { stretch, line, crc: checksumOf(text) };
  }

  encode(): Iterable<Buffer> {
    const { stretch, line, crc } = this.#last as LastLine;
    const digest = this.#digest;
    const { offset, length } = stretch;
    const end = { length: offset + length + 1, line: line.line, offset, crc };
    return encodeIndex(
      { file: this.#file, id: digest.id, ...end, runs: digest.size, ...digest.globals },
      digest.runs(),
    );
  }
}
