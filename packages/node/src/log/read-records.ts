import { join } from 'node:path';
import type { StoredValue } from '@holdfast/core/store';
import type { FileSystem } from '../file-system.js';
import { reading, SegmentAbsent } from './chain.js';
import { commitValues } from './commit-values.js';
import type { Entry, Line } from './entry.js';
import type { FreshLines } from './fresh-lines.js';
import { checkedJson } from './line.js';
import type { LinePlace, RecordPlace } from './place.js';
import { type HeldRecord, isHeld, isOfRun, stepsOf } from './records.js';
import { damaged } from './scan.js';

/** Lines that are no further apart than this are read in one go. */
const GAP_BYTES = 32 << 10;
/** At most so much is read in one go, where a line isn't longer. */
const READ_BYTES = 4 << 20;

/** A value whose text is parsed when somebody takes it. */
class UnparsedValue {
  readonly is = 'value';
  readonly id: string;
  readonly #text: string;

  /** @param text as JSON. */
  constructor(id: string, text: string) {
    this.id = id;
    this.#text = text;
  }

  get value(): StoredValue {
    return { text: JSON.parse(this.#text) as string };
  }
}

/** Where a line was when it was asked for. */
interface Wanted {
  readonly place: LinePlace;
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** Is given what a line holds, asked for or not, perhaps more than once; tells whether it was asked for. */
export type TakeRecord = (record: HeldRecord, line: LinePlace) => boolean;

/**
 * Reads lines, each once however many records are asked of it, and gives what they hold. What is kept of the lines written
 * last is not read.
 *
 * @throws `STORE_DAMAGED` with file and offset; {@link SegmentAbsent} where they were written anew elsewhere meanwhile.
 */
export async function readRecords(
  { fileSystem, directory }: { fileSystem: FileSystem; directory: string },
  places: Iterable<RecordPlace>,
  fresh: FreshLines,
  take: TakeRecord,
): Promise<void> {
  /** With how many records are asked of each. */
  const unread = new Map<LinePlace, number>();
  for (const { line } of places) unread.set(line, (unread.get(line) ?? 0) + 1);
  const give = (entry: Entry, line: LinePlace) => {
    if (isOfRun(entry)) for (const step of stepsOf(entry)) if (isHeld(step)) take(step, line);
  };
  for (const line of unread.keys()) {
    const entry = fresh.of(line);
    if (entry && unread.delete(line)) give(entry, line);
  }
  /** False where more is asked of the line. */
  const giveValues = (json: string, line: LinePlace) => {
    let taken = 0;
    for (const [id, text] of commitValues(json) ?? []) if (take(new UnparsedValue(id, text), line)) taken++;
    return taken === unread.get(line);
  };
  for (const stretch of stretchesOf(unread.keys())) {
    const [first, last] = [stretch[0] as Wanted, stretch.at(-1) as Wanted];
    const { file, offset } = first;
    const length = last.offset + last.length - offset;
    const bytes = Buffer.from(await reading(file, () => fileSystem.readAt(join(directory, file), offset, length)));
    for (const wanted of stretch) {
      const json = checkedJson(bytes.subarray(wanted.offset - offset, wanted.offset - offset + wanted.length));
      if (json === undefined) throw unreadable(wanted);
      if (giveValues(json, wanted.place)) continue;
      const { entry } = JSON.parse(json) as Line;
      if (!isOfRun(entry)) throw unreadable(wanted);
      give(entry, wanted.place);
    }
  }
}

/** The lines in the order of the files, in stretches that are each read in one go. */
function stretchesOf(lines: Iterable<LinePlace>): Wanted[][] {
  const wanted = [...lines].map((place): Wanted => {
    return { place, file: place.segment.file, offset: place.offset, length: place.length };
  });
  wanted.sort((a, b) => (a.file === b.file ? a.offset - b.offset : a.file < b.file ? -1 : 1));
  const stretches: Wanted[][] = [];
  for (const line of wanted) {
    const stretch = stretches.at(-1);
    if (stretch && joins(stretch, line)) stretch.push(line);
    else stretches.push([line]);
  }
  return stretches;
}

function joins(stretch: readonly Wanted[], line: Wanted): boolean {
  const [first, last] = [stretch[0] as Wanted, stretch.at(-1) as Wanted];
  if (line.file !== last.file || line.offset - (last.offset + last.length) > GAP_BYTES) return false;
  return line.offset + line.length - first.offset <= READ_BYTES;
}

function unreadable({ place, file, offset }: Wanted): Error {
  const moved = place.segment.file !== file || place.offset !== offset;
  return moved ? new SegmentAbsent(file) : damaged(file, offset);
}
