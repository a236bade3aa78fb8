import { FORMAT_VERSION, type InboxRow } from '@holdfast/core/store';
import type { Globals } from './entry.js';
import { decodeJson, encodeJson, textsIn } from './line.js';
import { LinePlace, type RecordPlace, type SegmentSpace } from './place.js';
import type { NotedStep } from './records.js';

/** Version of the layout of indexes: one of another is not used. */
const INDEX_FORMAT = 3;

/** Runs in one line of an index. */
const RUNS_A_LINE = 500;

/** A record of an index; of those that stand in a line the number of that among the run's lines follows, and their bytes. */
export type DigestRecord =
  | readonly ['head']
  | readonly ['value', id: string]
  | readonly ['empty', id: string]
  | readonly ['removed', id: string]
  | readonly ['attachment', id: string, file: string]
  | readonly ['detached', id: string]
  | readonly ['history', seq: number]
  | readonly ['forgotten', upTo: number]
  | readonly ['inbox', n: number, id: string, lane: 'event' | 'control']
  | readonly ['taken', n: number];

/** What a segment comes to for one run. */
export interface IndexedRun {
  /** As `runKey` makes it. */
  readonly key: string;
  /** Its head, where that stands in the segment: as JSON, as most heads are not looked at before a store is open. */
  readonly head?: string;
  /** Of that head, as `singletonId` makes it. */
  readonly singleton?: string;
  /** Nothing of the segments before is left of it. */
  readonly cleared?: boolean;
  /** Bytes of the segment that are needed for it. */
  readonly live: number;
  /**
   * Its lines, of each where it begins and its length, in bytes; then its records: all apart by spaces, their parts by
   * commas. A text, so that it costs nothing until somebody asks: of most runs nobody does.
   */
  readonly records: string;
}

/** First line of an index: which segment it is of. */
export interface IndexHead extends Globals {
  readonly index: number;
  /** Version of the records. */
  readonly records: number;
  /** The segment: its name, and the `id` of its header. */
  readonly file: string;
  readonly id: string;
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

/** The lines of an index, none of them long: who writes them may give way in between. */
export function* encodeIndex(head: Omit<IndexHead, 'index' | 'records'>, runs: Iterable<IndexedRun>): Iterable<Buffer> {
  yield encodeJson({ index: INDEX_FORMAT, records: FORMAT_VERSION, ...head });
  let [number, block]: [number, IndexedRun[]] = [0, []];
  const line = () => encodeJson({ block: ++number, runs: block });
  for (const run of runs) {
    if (block.push(run) < RUNS_A_LINE) continue;
    yield line();
    block = [];
  }
  if (block.length > 0) yield line();
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

/** What an index says of one record. */
export type IndexedStep = Exclude<NotedStep, { is: 'head' }> | { readonly is: 'head' };

/** Takes in one record. */
export type TakeNoted = (step: IndexedStep, place: RecordPlace) => void;

/** Where what is gone stands: nowhere. */
const NOWHERE: RecordPlace = { line: new LinePlace({ file: '', length: 0, live: 0 }, 0, 0), bytes: 0 };

/** What a text of records is made of: its lines, and its records with what follows them. */
export function encodeRecords(
  lines: readonly (readonly [offset: number, length: number])[],
  records: readonly (readonly (string | number)[])[],
): string {
  return [...lines, ...records].map((parts) => parts.map(escaped).join(',')).join(' ');
}

/** Whether a run has records of a kind that stands in a line: so one of its lines stands before them. */
export function hasRecords({ records }: IndexedRun, kind: DigestRecord[0]): boolean {
  return records.includes(` ${kind},`);
}

/** Gives the records of a run, one after the other. */
export function eachRecord({ records }: IndexedRun, segment: SegmentSpace, take: TakeNoted): void {
  const places: LinePlace[] = [];
  for (const text of records.split(' ')) {
    const [kind = '', ...parts] = text.split(',');
    if (isNumber(kind)) {
      places.push(new LinePlace(segment, Number(kind), Number(parts[0])));
      continue;
    }
    const string = () => unescaped(parts.shift() as string);
    const number = () => Number(parts.shift());
    const place = (): RecordPlace => ({ line: places[number()] as LinePlace, bytes: number() });
    switch (kind as DigestRecord[0]) {
      case 'head':
        take({ is: 'head' }, place());
        break;
      case 'value':
        take({ is: 'value', id: string(), isEmpty: false }, place());
        break;
      case 'empty':
        take({ is: 'value', id: string(), isEmpty: true }, place());
        break;
      case 'removed':
        take({ is: 'removed', id: string() }, NOWHERE);
        break;
      case 'attachment':
        take({ is: 'attachment', ref: { id: string(), file: string() } }, place());
        break;
      case 'detached':
        take({ is: 'detached', id: string() }, NOWHERE);
        break;
      case 'history':
        take({ is: 'history', row: { seq: number() } }, place());
        break;
      case 'forgotten':
        take({ is: 'forgotten', upTo: number() }, NOWHERE);
        break;
      case 'inbox':
        take({ is: 'inbox', row: { n: number(), id: string(), lane: string() as InboxRow['lane'] } }, place());
        break;
      case 'taken':
        take({ is: 'taken', n: number() }, NOWHERE);
    }
  }
}

const isNumber = (text: string) => text >= '0' && text < ':';

/** What parts and records are told apart by does not stand in them. */
function escaped(part: string | number): string | number {
  return typeof part === 'number' ? part : part.replace(/[%, ]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}

function unescaped(part: string): string {
  return part.replace(/%(25|2c|20)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
