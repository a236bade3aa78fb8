import { join } from 'node:path';
import type { FileSystem } from '../file-system.js';
import { Headers, reading } from './chain.js';
import type { AttachmentRef, HeaderEntry, Line } from './entry.js';
import { IndexBuilder } from './index-file.js';
import { stretches } from './line.js';
import { LinePlace } from './place.js';
import { isOfRun, stepsOf } from './records.js';
import { headerIn } from './scan.js';
import { indexFile, isOlder, segmentFile, segmentsIn } from './segment-file.js';
import { LogState } from './state.js';

/** A place in a file that is not what was written; `absent` when there is no such file. */
export interface BadPlace {
  readonly file: string;
  readonly offset: number;
  readonly absent?: boolean;
}

/** A segment on the way back from the newest one. */
interface Visited {
  readonly file: string;
  /** Undefined where nothing good tells how much of it counts. */
  readonly counted: number | undefined;
}

/**
 * Reads a log to its end, however damaged it is.
 *
 * Owns: the state that what could be read adds up to, and what could not.
 */
export class Inspection {
  readonly state = new LogState();
  readonly damage: BadPlace[] = [];
  /** Where the newest segment has an unfinished end. */
  tail: BadPlace | undefined;
  /** Every reference to an attachment, by the name of its file. */
  readonly refs = new Map<string, AttachmentRef>();
  /** Segments whose index tells what they come to, and those whose index is damaged or tells something else. */
  readonly indexes = { good: [] as string[], bad: [] as string[] };
  readonly #fileSystem: FileSystem;
  readonly #directory: string;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  /** @param files of the directory. @throws `STORE_FORMAT`, {@link SegmentAbsent}, the system's errors. */
  async read(files: readonly string[]): Promise<void> {
    const segments = segmentsIn(files).map(segmentFile);
    let last: Line | undefined;
    for (const visited of await this.#back(segments))
      last = await this.#take(visited, visited.file === segments.at(-1), last);
  }

  /** The segments that count, oldest first: where their chain is broken, all those that are older by name. */
  async #back(segments: readonly string[]): Promise<Visited[]> {
    const headers = new Headers(this.#fileSystem, this.#directory);
    const visited: Visited[] = [];
    let file = segments.at(-1);
    let oldest: string | undefined;
    let counted: number | undefined;
    while (file !== undefined) {
      const present: string = file;
      const isThere = segments.includes(present);
      if (isThere) visited.unshift({ file: present, counted });
      else this.damage.push({ file: present, offset: 0, absent: true });
      const first = isThere ? await headers.lineOf(present) : undefined;
      // A damaged header is found once more, as a line.
      const header = first && headerIn(first, present);
      if (header) oldest ??= await this.#oldestIn(header, present);
      if (present === oldest || (header && !header.prev)) break;
      file = header?.prev ? header.prev.file : segments.filter((name) => isOlder(name, present)).at(-1);
      counted = header?.prev?.length;
    }
    return visited;
  }

  async #take({ file, counted }: Visited, isNewest: boolean, before: Line | undefined): Promise<Line | undefined> {
    const bytes = await this.#bytes(file);
    const segment = { file, length: 0, live: 0 };
    const builder = new IndexBuilder(file);
    const damaged = this.damage.length;
    this.state.segments.push(segment);
    const all = [...stretches(bytes.subarray(0, counted))];
    const synced = all.reduce((highest, { line }) => Math.max(highest, line?.synced ?? 0), all[0]?.line?.batch ?? 0);
    let last = before;
    let wasBad = before === undefined;
    for (const { offset, length, line } of all) {
      if (line && (wasBad ? line.line > (last?.line ?? 0) : line.line === (last?.line ?? 0) + 1)) {
        this.#apply(line, new LinePlace(segment, offset, length));
        builder.take({ offset, length, line }, line, bytes.subarray(offset, offset + length));
        [last, wasBad] = [line, false];
      } else {
        const next = last && last.left > 0 ? last.batch : (last?.batch ?? 0) + 1;
        // A segment gets its name when its header is synced.
        if (isNewest && offset > 0 && synced < next) {
          this.tail = { file, offset };
          break;
        }
        if (!wasBad || !line) this.damage.push({ file, offset });
        wasBad = true;
      }
      segment.length = offset + length + 1;
    }
    if (counted !== undefined && bytes.length < counted) this.damage.push({ file, offset: bytes.length });
    // What a damaged segment came to, nobody knows.
    if (counted !== undefined && this.damage.length === damaged) await this.#compare(builder, file);
    return last;
  }

  #apply({ entry }: Line, place: LinePlace): void {
    this.state.apply(entry, place);
    if (!isOfRun(entry)) return;
    for (const step of stepsOf(entry)) if (step.is === 'attachment') this.refs.set(step.ref.file, step.ref);
  }

  async #compare(builder: IndexBuilder, segment: string): Promise<void> {
    const path = join(this.#directory, indexFile(segment));
    if (!(await this.#fileSystem.exists(path))) return;
    const found = await this.#fileSystem.read(path);
    const isGood = Buffer.concat([...builder.encode()]).equals(found);
    this.indexes[isGood ? 'good' : 'bad'].push(segment);
  }

  async #bytes(file: string): Promise<Buffer> {
    return Buffer.from(await reading(file, () => this.#fileSystem.read(join(this.#directory, file))));
  }

  async #oldestIn({ oldest }: HeaderEntry, newest: string): Promise<string> {
    let file = oldest;
    for (const { line } of stretches(await this.#bytes(newest)))
      if (line?.entry.kind === 'oldest') file = line.entry.file;
    return file;
  }
}
