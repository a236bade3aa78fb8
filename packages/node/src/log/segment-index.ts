import { FORMAT_VERSION, type RunAddress, type RunRow } from '@holdfast/core/store';
import type { Globals } from './entry.js';
import { decodeJson, encodeJson, textsIn } from './line.js';
import { LinePlace, type RecordPlace, type SegmentSpace } from './place.js';
import type { NotedStep } from './records.js';

/** Version of the layout of indexes: one of another is not used. */
export const INDEX_FORMAT = 1;

/** Runs in one line of an index. */
const RUNS_A_LINE = 500;

/** What a record of an index begins with; those that stand in a line go on with its number among the run's, and their bytes. */
export type DigestRecord =
  | readonly ['head']
  | readonly ['value', id: string]
  | readonly ['removed', id: string]
  | readonly ['attachment', id: string, file: string]
  | readonly ['detached', id: string]
  | readonly ['history', seq: number]
  | readonly ['forgotten', upTo: number]
  | readonly ['inbox', n: number, id: string, lane: 'event' | 'control']
  | readonly ['taken', n: number];

/** What a segment comes to for one run. */
export interface IndexedRun {
  /** Its head, where that stands in the segment; else its `address`. */
  readonly row?: RunRow;
  readonly address?: RunAddress;
  /** Nothing of the segments before is left of it. */
  readonly cleared?: boolean;
  /** Bytes of the segment that are needed for it. */
  readonly live: number;
  /** Its lines: of each where it begins, and its length, in bytes. */
  readonly lines: readonly number[];
  /** {@link DigestRecord}s, one behind the other. */
  readonly records: readonly (string | number)[];
}

/** First line of an index: which segment it is of. */
export interface IndexHead extends Globals {
  readonly index: number;
  /** Version of the records. */
  readonly records: number;
  /** The segment. */
  readonly file: string;
  /** Its bytes that count. */
  readonly length: number;
  /** The last line in them: its number, where it begins, its checksum. */
  readonly line: number;
  readonly offset: number;
  readonly crc: string;
  readonly runs: number;
}

export interface SegmentIndex {
  readonly head: IndexHead;
  readonly runs: readonly IndexedRun[];
}

export function addressIn({ row, address }: IndexedRun): RunAddress {
  return (row ?? address) as RunAddress;
}

export function encodeIndex(head: Omit<IndexHead, 'index' | 'records'>, runs: Iterable<IndexedRun>): Buffer {
  const lines = [encodeJson({ index: INDEX_FORMAT, records: FORMAT_VERSION, ...head })];
  let block: IndexedRun[] = [];
  const close = () => lines.push(encodeJson({ block: lines.length, runs: block }));
  for (const run of runs) {
    if (block.push(run) < RUNS_A_LINE) continue;
    close();
    block = [];
  }
  if (block.length > 0) close();
  return Buffer.from(lines.join(''));
}

/** What {@link encodeIndex} was given; undefined of anything that is not whole, or of another format. */
export function decodeIndex(bytes: Buffer): SegmentIndex | undefined {
  const [first, ...blocks] = [...textsIn(bytes)].map((text) => text && decodeJson(text));
  const head = first as IndexHead | undefined;
  if (head?.index !== INDEX_FORMAT || head.records !== FORMAT_VERSION) return undefined;
  const runs: IndexedRun[] = [];
  for (const [at, found] of blocks.entries()) {
    const block = found as { readonly block: number; readonly runs: readonly IndexedRun[] } | undefined;
    if (block?.block !== at + 1) return undefined;
    for (const run of block.runs) runs.push(run);
  }
  return runs.length === head.runs ? { head, runs } : undefined;
}

/** Takes in one record. */
export type TakeNoted = (step: NotedStep, place: RecordPlace) => void;

/** Where what is gone stands: nowhere. */
const NOWHERE: RecordPlace = { line: new LinePlace({ file: '', length: 0, live: 0 }, 0, 0), bytes: 0 };

/** Gives the records of a run, one after the other. */
export function eachRecord({ row, lines, records }: IndexedRun, segment: SegmentSpace, take: TakeNoted): void {
  const places: LinePlace[] = [];
  for (let at = 0; at < lines.length; at += 2)
    places.push(new LinePlace(segment, lines[at] as number, lines[at + 1] as number));
  let at = 0;
  const next = <T extends string | number>() => records[at++] as T;
  const place = (): RecordPlace => ({ line: places[next<number>()] as LinePlace, bytes: next<number>() });
  while (at < records.length) {
    switch (next<DigestRecord[0]>()) {
      case 'head':
        take({ is: 'head', row: row as RunRow }, place());
        break;
      case 'value':
        take({ is: 'value', id: next() }, place());
        break;
      case 'removed':
        take({ is: 'removed', id: next() }, NOWHERE);
        break;
      case 'attachment':
        take({ is: 'attachment', ref: { id: next(), file: next() } }, place());
        break;
      case 'detached':
        take({ is: 'detached', id: next() }, NOWHERE);
        break;
      case 'history':
        take({ is: 'history', row: { seq: next() } }, place());
        break;
      case 'forgotten':
        take({ is: 'forgotten', upTo: next() }, NOWHERE);
        break;
      case 'inbox':
        take({ is: 'inbox', row: { n: next(), id: next(), lane: next() } }, place());
        break;
      case 'taken':
        take({ is: 'taken', n: next() }, NOWHERE);
    }
  }
}
