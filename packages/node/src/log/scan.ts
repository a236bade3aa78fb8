import { HoldfastError } from '@holdfast/core';
import { FORMAT_VERSION } from '@holdfast/core/store';
import type { HeaderEntry, Line } from './entry.js';
import { type Stretch, salvagedLines, stretches } from './line.js';

/** What a segment holds. */
export interface Segment {
  readonly header: HeaderEntry;
  /** All good lines from the start, the header among them. */
  readonly lines: readonly Line[];
  /** Where an unfinished end was cut off, if there was one. */
  readonly tornAt: number | undefined;
  /** The last batch that is known to have been synced. */
  readonly synced: number;
}

/**
 * Reads a segment. A bad line is an unfinished end only where nothing at or after it was ever known synced.
 *
 * @throws `STORE_DAMAGED` with file and byte offset; `STORE_FORMAT` for a segment of a newer layout.
 */
export function scanSegment(bytes: Buffer, file: string): Segment {
  const all = [...stretches(bytes)];
  const header = headerOf(all[0], file);
  const end = all.findIndex((_, at) => !follows(all, at));
  const good = end < 0 ? all : all.slice(0, end);
  const lines = good.map(({ line }) => line as Line);
  // The first 1 + runs lines were synced before the segment got its name.
  if (lines.length < 1 + header.runs) throw damaged(file, all[end]?.offset ?? bytes.length);
  const synced = Math.max(...lines.map((line) => line.synced), (lines[header.runs] as Line).batch);
  const tornAt = end < 0 ? undefined : (all[end] as Stretch).offset;
  if (tornAt !== undefined && wasSynced(bytes.subarray(tornAt), lines.at(-1) as Line)) throw damaged(file, tornAt);
  return { header, lines, tornAt, synced };
}

function headerOf(first: Stretch | undefined, file: string): HeaderEntry {
  const entry = first?.line?.entry;
  if (entry?.kind !== 'header') throw damaged(file, 0);
  if (entry.format <= FORMAT_VERSION) return entry;
  throw new HoldfastError('STORE_FORMAT', {
    message: `${file} was written in format ${entry.format}; this version of Holdfast reads up to ${FORMAT_VERSION}.`,
    remedy: 'Use the newer version of Holdfast for this directory.',
    details: { file, format: entry.format, known: FORMAT_VERSION },
  });
}

/** Is this a good line that is the next one of those before it? */
function follows(all: readonly Stretch[], at: number): boolean {
  const line = all[at]?.line;
  if (!line) return false;
  const before = all[at - 1]?.line;
  if (!before) return at === 0;
  if (line.line !== before.line + 1) return false;
  return before.left > 0 ? line.batch === before.batch && line.left === before.left - 1 : line.batch > before.batch;
}

/** Does a good line in `rest` tell that the line after `last` had been synced? */
function wasSynced(rest: Buffer, last: Line): boolean {
  const lowest = last.left > 0 ? last.batch : last.batch + 1;
  for (const line of salvagedLines(rest)) if (line.line > last.line && line.synced >= lowest) return true;
  return false;
}

function damaged(file: string, offset: number): HoldfastError {
  return new HoldfastError('STORE_DAMAGED', {
    message: `${file} is damaged at byte ${offset}: what stands there was once safely on disk.`,
    remedy: 'Put the directory back from a backup, or check the disk.',
    details: { file, offset },
  });
}
