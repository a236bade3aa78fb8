import { join } from 'node:path';
import type { FileSystem } from '../file-system.js';
import { Headers, type Link, reading, SegmentAbsent } from './chain.js';
import type { HeaderEntry, Line } from './entry.js';
import { type UsableIndex, usableIndex } from './index-file.js';
import { asBuffer } from './line.js';
import { LinePlace, type SegmentSpace } from './place.js';
import { damaged, headerIn, type OpenPart, type Part, type ScannedLine, scanClosed, scanOpen } from './scan.js';
import { segmentFile, segmentsIn } from './segment-file.js';
import { LogState } from './state.js';

/** So many indexes are read at a time: to wait for a file takes as long as to take one in. */
const AHEAD = 4;

/** How far a log has been taken in. */
interface Reached {
  readonly segment: SegmentSpace;
  /** Of the first byte that was not taken in. */
  readonly offset: number;
  readonly last: Line;
}

/** Where reading a segment goes on. */
interface Spot {
  readonly segment: SegmentSpace;
  readonly offset: number;
}

/**
 * The log as it is found in a directory, by whoever does not write to it.
 *
 * Owns: the state up to what is known to be synced. Never: writes, locks.
 * 1. Only lines that are known to be synced are in the state; good ones beyond are `unsure`.
 * 2. What was taken in once is not read again: `catchUp` goes on from there, or begins anew where that segment no longer
 *    counts.
 * 3. Whether a segment is read, or its index in its place, makes no difference to the state.
 */
export class LogView {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #headers: Headers;
  #state = new LogState();
  #reached: Reached | undefined;
  /** Name of the oldest segment that counts. */
  #oldest = '';
  #unsure: readonly ScannedLine[] = [];
  #tornAt: number | undefined;
  readonly #indexed = new Set<string>();

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#headers = new Headers(fileSystem, directory);
  }

  get state(): LogState {
    return this.#state;
  }

  /** Good lines beyond what is known to be synced. */
  get unsure(): readonly ScannedLine[] {
    return this.#unsure;
  }

  /** Where the newest segment has an unfinished end. */
  get tail(): { readonly file: string; readonly offset: number } | undefined {
    const file = this.#reached?.segment.file;
    return file === undefined || this.#tornAt === undefined ? undefined : { file, offset: this.#tornAt };
  }

  /** The segments of which an index was taken in in their place. */
  get indexed(): ReadonlySet<string> {
    return this.#indexed;
  }

  /** The last line that is known to be synced, and where it ends; undefined in an empty directory. */
  get end(): { readonly file: string; readonly length: number; readonly last: Line } | undefined {
    if (!this.#reached) return undefined;
    const { segment, offset, last } = this.#reached;
    return { file: segment.file, length: offset, last };
  }

  /**
   * Takes in what is there now.
   *
   * @throws `STORE_DAMAGED`, `STORE_FORMAT`, and the system's errors.
   */
  async catchUp(): Promise<void> {
    let before: string | undefined;
    for (;;) {
      const newest = segmentsIn(await this.#fileSystem.list(this.#directory)).at(-1);
      if (!newest) return this.#forget();
      try {
        return await this.#follow(segmentFile(newest));
      } catch (error) {
        if (!(error instanceof SegmentAbsent)) throw error;
        // A writer goes on with a new segment, and removes old ones: then another look finds what it says by now.
        const missing = `${segmentFile(newest)} ${error.file}`;
        if (missing === before) throw damaged(error.file, 0);
        before = missing;
      }
    }
  }

  #forget(): void {
    this.#state = new LogState();
    this.#reached = undefined;
    this.#unsure = [];
    this.#tornAt = undefined;
  }

  async #follow(newest: string): Promise<void> {
    const header = headerIn(await this.#headers.lineOf(newest), newest);
    const open = await this.#open(newest, header);
    const known = this.#reached?.segment.file === newest ? this.#oldest : header.oldest;
    const oldest = open.lines.reduce(
      (file, { line: { entry } }) => (entry.kind === 'oldest' ? entry.file : file),
      known,
    );
    const chain = await this.#headers.chain(newest, oldest);
    this.#headers.keep(new Set(chain.map(({ file }) => file)));
    const afresh = this.#begin(chain);
    await this.#takeAllClosed(chain.filter((link) => this.#isAhead(link)));
    this.#takeOpen(newest, open);
    this.#oldest = oldest;
    if (!afresh) return;
    for (const { hasRow } of this.#state.runs()) if (!hasRow) throw damaged(newest, 0);
  }

  /** The end of the newest segment, from where it was read to; or all of it. */
  async #open(file: string, header: HeaderEntry): Promise<OpenPart> {
    const path = join(this.#directory, file);
    const reached = this.#reached?.segment.file === file ? this.#reached : undefined;
    const offset = reached?.offset ?? 0;
    const size = await reading(file, () => this.#fileSystem.size(path));
    const bytes = await this.#bytes(file, offset, size);
    const first = await this.#headers.lineOf(file);
    const before = reached?.last ?? beginningOf(header);
    return scanOpen({ file, bytes, offset, before }, reached?.last.batch ?? first?.batch ?? 0);
  }

  /** Whether all has to be read. */
  #begin(chain: readonly Link[]): boolean {
    const { segments } = this.#state;
    const dropped = segments.findIndex(({ file }) => file === chain[0]?.file);
    const present = chain.find(({ file }) => file === this.#reached?.segment.file);
    const counts = present && this.#reached && this.#reached.offset <= (present.length ?? Number.POSITIVE_INFINITY);
    if (counts && dropped >= 0) {
      segments.splice(0, dropped);
      return false;
    }
    this.#forget();
    return true;
  }

  #isAhead({ file, length }: Link): boolean {
    if (length === undefined) return false;
    return !this.#state.segments.some((segment) => segment.file === file) || this.#reached?.segment.file === file;
  }

  async #takeAllClosed(links: readonly Link[]): Promise<void> {
    const indexes: Promise<UsableIndex | undefined>[] = [];
    for (const [at, link] of links.entries()) {
      for (const next of links.slice(indexes.length, at + AHEAD)) {
        const index = this.#indexOf(next);
        // It may fail while another is waited for; who waits for it is told.
        index.catch(() => undefined);
        indexes.push(index);
      }
      await this.#takeClosed(link, await indexes[at]);
    }
  }

  async #takeClosed(link: Link, index: UsableIndex | undefined): Promise<void> {
    const { file, length = 0, lastLine } = link;
    const place = this.#placeIn(file);
    const last = index ? this.#adopt(index, place) : await this.#scan(link, place);
    if (last?.line !== lastLine) throw damaged(file, length);
    place.segment.length = length;
    this.#reached = { segment: place.segment, offset: length, last: last as Line };
  }

  /** The index of a segment of which nothing was taken in yet. */
  async #indexOf({ file, header, length = 0, lastLine }: Link): Promise<UsableIndex | undefined> {
    if (this.#reached?.segment.file === file) return undefined;
    const place = { fileSystem: this.#fileSystem, directory: this.#directory };
    return usableIndex(place, { file, header, length, lastLine });
  }

  /** Takes in what an index says of its segment; gives the segment's last line. */
  #adopt({ index, last }: UsableIndex, { segment }: Spot): Line {
    this.#state.adopt(index, segment);
    this.#indexed.add(segment.file);
    return last;
  }

  async #scan({ file, length = 0, header }: Link, { segment, offset }: Spot): Promise<Line | undefined> {
    const bytes = await this.#bytes(file, offset, length);
    const before = this.#reached?.last ?? beginningOf(header);
    let last = this.#reached?.last;
    for (const scanned of scanClosed({ file, bytes, offset, before })) {
      this.#take(segment, scanned);
      last = scanned.line;
    }
    if (bytes.length < length - offset) throw damaged(file, offset + bytes.length);
    return last;
  }

  #takeOpen(file: string, { lines, tornAt, synced }: OpenPart): void {
    const { segment } = this.#placeIn(file);
    const sure = lines.filter(({ line }) => line.batch <= synced);
    for (const scanned of sure) this.#take(segment, scanned);
    const last = sure.at(-1);
    if (last) {
      segment.length = last.offset + last.length + 1;
      this.#reached = { segment, offset: segment.length, last: last.line };
    }
    this.#unsure = lines.slice(sure.length);
    this.#tornAt = tornAt;
  }

  #take(segment: SegmentSpace, { line, offset, length }: ScannedLine): void {
    this.#state.apply(line.entry, new LinePlace(segment, offset, length));
  }

  /** The segment's entry among those that count, and where reading it goes on. */
  #placeIn(file: string): Spot {
    const present = this.#reached;
    if (present?.segment.file === file) return present;
    const segment = { file, length: 0, live: 0 };
    this.#state.segments.push(segment);
    return { segment, offset: 0 };
  }

  async #bytes(file: string, from: number, to: number): Promise<Buffer> {
    if (to <= from) return Buffer.alloc(0);
    const path = join(this.#directory, file);
    return asBuffer(await reading(file, () => this.#fileSystem.readAt(path, from, to - from)));
  }
}

/** What stands before the first line of a segment. */
function beginningOf({ prev }: HeaderEntry): Part['before'] {
  return prev ? { line: prev.line, batch: 0, left: 0 } : undefined;
}
