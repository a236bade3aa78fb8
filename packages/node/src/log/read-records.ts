import { join } from 'node:path';
import type { FileSystem } from '../file-system.js';
import { reading, SegmentAbsent } from './chain.js';
import { commitValues } from './commit-values.js';
import type { Entry, Line } from './entry.js';
import type { FreshLines } from './fresh-lines.js';
import { asBuffer, checkedLines } from './line.js';
import type { LinePlace } from './place.js';
import { type HeldRecord, isHeld, isOfRun, stepsOf } from './records.js';
import { damaged } from './scan.js';

/** Lines that are no further apart than this are read in one go. */
const GAP_BYTES = 32 << 10;
/** At most so much is read in one go, where a line isn't longer. */
const READ_BYTES = 4 << 20;

/** A record that is to be read. */
export interface Asked {
  readonly line: LinePlace;
  /** Of a value its id: by that its text is found without parsing the line. */
  readonly value?: string;
}

/** Where a line was when something was asked of it. */
interface Wanted {
  readonly line: LinePlace;
  readonly value: string | undefined;
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** Is given what a line holds: all that was asked of it, and perhaps more, perhaps more than once. */
export type TakeRecord = (record: HeldRecord, line: LinePlace) => void;

/**
 * Reads lines, each once however many records are asked of it, and gives what they hold. What is kept of the lines written
 * last is not read.
 *
 * @throws `STORE_DAMAGED` with file and offset; {@link SegmentAbsent} where they were written anew elsewhere meanwhile.
 */
export async function readRecords(
  { fileSystem, directory }: { fileSystem: FileSystem; directory: string },
  asked: Iterable<Asked>,
  fresh: FreshLines,
  take: TakeRecord,
): Promise<void> {
  const wanted: Wanted[] = [];
  for (const { line, value } of asked) {
    const entry = fresh.of(line);
    if (entry) give(entry, line, take);
    else wanted.push({ line, value, file: line.segment.file, offset: line.offset, length: line.length });
  }
  for (const stretch of stretchesOf(wanted)) {
    const [first, last] = [stretch[0] as Wanted, stretch.at(-1) as Wanted];
    const { file, offset } = first;
    const length = last.offset + last.length - offset;
    const read = await reading(file, () => fileSystem.readAt(join(directory, file), offset, length));
    const jsonAt = checkedLines(asBuffer(read), stretch.length);
    for (let at = 0, next: number; at < stretch.length; at = next) {
      const one = stretch[at] as Wanted;
      const { line } = one;
      for (next = at + 1; stretch[next]?.line === line; ) next++;
      const json = jsonAt(one.offset - offset, one.length);
      if (json === undefined) throw unreadable(one);
      if (gaveValues(json, stretch, at, next, take)) continue;
      const { entry } = JSON.parse(json) as Line;
      if (!isOfRun(entry)) throw unreadable(one);
      give(entry, line, take);
    }
  }
}

function give(entry: Entry, line: LinePlace, take: TakeRecord): void {
  if (isOfRun(entry)) for (const step of stepsOf(entry)) if (isHeld(step)) take(step, line);
}

/** Gives the values that are asked of a line; false where more is asked of it, or they are not found by themselves. */
function gaveValues(json: string, stretch: readonly Wanted[], from: number, to: number, take: TakeRecord): boolean {
  const parts = commitValues(json);
  if (!parts) return false;
  const placeOf = to - from > 1 ? placesOf(parts) : (id: string) => (parts[0] === id ? 0 : parts.indexOf(id));
  for (let n = from; n < to; n++) {
    const { value: id, line } = stretch[n] as Wanted;
    const at = id === undefined ? -1 : placeOf(id);
    if (id === undefined || at < 0) return false;
    take({ is: 'value', id, value: { text: JSON.parse(parts[at + 1] as string) as string } }, line);
  }
  return true;
}

/** Finds many ids in what {@link commitValues} gives. */
function placesOf(parts: readonly string[]): (id: string) => number {
  const places = new Map<string, number>();
  for (let at = 0; at < parts.length; at += 2) places.set(parts[at] as string, at);
  return (id) => places.get(id) ?? -1;
}

/** The lines in the order of the files, in stretches that are each read in one go. */
function stretchesOf(wanted: Wanted[]): Wanted[][] {
  wanted.sort((a, b) => (a.file === b.file ? a.offset - b.offset : a.file < b.file ? -1 : 1));
  const stretches: Wanted[][] = [];
  let present: Wanted[] = [];
  for (const line of wanted) {
    if (joins(present, line)) {
      present.push(line);
    } else {
      present = [line];
      stretches.push(present);
    }
  }
  return stretches;
}

function joins(stretch: readonly Wanted[], line: Wanted): boolean {
  const first = stretch[0];
  const last = stretch[stretch.length - 1];
  if (!first || !last) return false;
  if (line.file !== last.file || line.offset - (last.offset + last.length) > GAP_BYTES) return false;
  return line.offset + line.length - first.offset <= READ_BYTES;
}

function unreadable({ line, file, offset }: Wanted): Error {
  const moved = line.segment.file !== file || line.offset !== offset;
  return moved ? new SegmentAbsent(file) : damaged(file, offset);
}
