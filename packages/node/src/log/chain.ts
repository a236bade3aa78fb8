import { join } from 'node:path';
import type { FileSystem } from '../file-system.js';
import type { HeaderEntry, Line } from './entry.js';
import { stretches } from './line.js';
import { damaged, headerIn } from './scan.js';
import { isOlder } from './segment-file.js';

/** Enough for most headers. */
const HEADER_BYTES = 4096;

/** A segment that counts. */
export interface Link {
  readonly file: string;
  readonly header: HeaderEntry;
  /** Undefined for the newest: as far as it goes. */
  readonly length: number | undefined;
  /** Number of the last line that counts. */
  readonly lastLine: number | undefined;
}

/** A segment that should be there is not: somebody removed it meanwhile, or it is lost. */
export class SegmentAbsent extends Error {
  constructor(readonly file: string) {
    super(`${file} is not there`);
  }
}

/** Calls `read`, which is about that segment. @throws {@link SegmentAbsent}. */
export async function reading<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new SegmentAbsent(file);
    throw error;
  }
}

/**
 * Headers of a directory's segments. They never change, so each is read once.
 */
export class Headers {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #known = new Map<string, Line>();

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  /**
   * The segments that count, oldest first, from `newest` back to `oldest`.
   *
   * @throws `STORE_DAMAGED`, `STORE_FORMAT`, {@link SegmentAbsent}.
   */
  async chain(newest: string, oldest: string): Promise<Link[]> {
    const links: Link[] = [];
    let [file, length, lastLine]: [string, number | undefined, number | undefined] = [newest, undefined, undefined];
    for (;;) {
      const header = headerIn(await this.lineOf(file), file);
      links.unshift({ file, header, length, lastLine });
      if (file === oldest) return links;
      const { prev } = header;
      if (!prev || !isOlder(prev.file, file) || isOlder(prev.file, oldest)) throw damaged(file, 0);
      ({ file, length, line: lastLine } = prev);
    }
  }

  /** The first line of a segment; undefined when it is not a good one. */
  async lineOf(file: string): Promise<Line | undefined> {
    const known = this.#known.get(file);
    if (known) return known;
    const path = join(this.#directory, file);
    for (let length = HEADER_BYTES; ; length *= 8) {
      const bytes = Buffer.from(await reading(file, () => this.#fileSystem.readAt(path, 0, length)));
      const [first] = stretches(bytes);
      if (first?.line) this.#known.set(file, first.line);
      if (first?.line || bytes.length < length || first?.length !== bytes.length) return first?.line;
    }
  }

  /** Forgets headers of segments that no longer count. */
  keep(files: ReadonlySet<string>): void {
    for (const file of this.#known.keys()) if (!files.has(file)) this.#known.delete(file);
  }
}
