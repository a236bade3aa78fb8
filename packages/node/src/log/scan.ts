import { HoldfastError } from '@holdfast/core';
import { FORMAT_VERSION } from '@holdfast/core/store';
import { type HeaderEntry, type Line, LOG_FORMAT } from './entry.js';
import { type Stretch, salvagedLines, stretches } from './line.js';
import { segmentFile } from './segment-file.js';

/** A stretch that is a line. */
export interface ScannedLine extends Stretch {
  readonly line: Line;
}

/** A part of a segment: from the byte `offset` on, after the line `before`. */
export interface Part {
  readonly file: string;
  readonly bytes: Buffer;
  readonly offset: number;
  /** Undefined at the beginning of a log. */
  readonly before: Pick<Line, 'line' | 'batch' | 'left'> | undefined;
}

/** The open end of a segment. */
export interface OpenPart {
  /** All good lines. */
  readonly lines: readonly ScannedLine[];
  /** Where an unfinished end begins, if there is one. */
  readonly tornAt: number | undefined;
  /** The last batch that is known to have been synced. */
  readonly synced: number;
}

/**
 * The lines of a part of which every byte counts.
 *
 * @throws `STORE_DAMAGED` with file and byte offset.
 */
export function* scanClosed({ file, bytes, offset, before }: Part): Iterable<ScannedLine> {
  let last = before;
  for (const stretch of stretches(bytes, offset)) {
    if (!isNext(stretch, last)) throw damaged(file, stretch.offset);
    last = stretch.line;
    yield stretch;
  }
}

/**
 * The lines of the newest segment. A bad line is an unfinished end only where nothing at or after it was ever known
 * synced.
 *
 * @param known the last batch that is known to have been synced, whatever the lines tell.
 * @throws `STORE_DAMAGED` with file and byte offset.
 */
export function scanOpen({ file, bytes, offset, before }: Part, known: number): OpenPart {
  const lines: ScannedLine[] = [];
  let last = before;
  let tornAt: number | undefined;
  for (const stretch of stretches(bytes, offset)) {
    if (!isNext(stretch, last)) {
      tornAt = stretch.offset;
      break;
    }
    last = stretch.line;
    lines.push(stretch);
  }
  let synced = known;
  for (const { line } of lines) synced = Math.max(synced, line.synced);
  const salvaged = tornAt === undefined ? [] : salvagedLines(bytes.subarray(tornAt - offset));
  for (const line of salvaged) if (line.line > (last?.line ?? 0)) synced = Math.max(synced, line.synced);
  // What comes next belongs to this batch, or to a later one.
  const next = last && last.left > 0 ? last.batch : (last?.batch ?? 0) + 1;
  const cut = tornAt !== undefined || (last !== undefined && last.left > 0);
  if (cut && synced >= next) throw damaged(file, tornAt ?? offset + bytes.length);
  return { lines, tornAt, synced };
}

/**
 * The header that a segment begins with.
 *
 * @throws `STORE_DAMAGED`; `STORE_FORMAT` for a segment of another layout.
 */
export function headerIn(line: Line | undefined, file: string): HeaderEntry {
  const entry = line?.entry;
  if (entry?.kind !== 'header') throw damaged(file, 0);
  const { format, records = 0 } = entry;
  if (format === LOG_FORMAT && records <= FORMAT_VERSION) {
    if (segmentFile(entry) !== file) throw damaged(file, 0);
    return entry;
  }
  throw new HoldfastError('STORE_FORMAT', {
    message: `${file} was written in format ${format}.${records}; this version of Holdfast reads ${LOG_FORMAT}.${FORMAT_VERSION}.`,
    remedy: 'Use the version of Holdfast that wrote this directory.',
    details: { file, format, records, known: LOG_FORMAT },
  });
}

/** Is this a good line, and the one that follows `before`? */
function isNext(stretch: Stretch, before: Part['before']): stretch is ScannedLine {
  const { line } = stretch;
  if (!line || !before) return line !== undefined;
  if (line.line !== before.line + 1) return false;
  return before.left > 0 ? line.batch === before.batch && line.left === before.left - 1 : line.batch > before.batch;
}

/** The error of bytes that are not what was once safely on disk. */
export function damaged(file: string, offset: number): HoldfastError {
  return new HoldfastError('STORE_DAMAGED', {
    message: `${file} is damaged at byte ${offset}: what stands there was once safely on disk.`,
    remedy: 'Put the directory back from a backup, or check the disk.',
    details: { file, offset },
  });
}
