import type { HistoryRow, InboxRow, RunAddress, RunRow, StoredValue } from '@holdfast/core/store';
import type { FileSystem } from '../file-system.js';
import { SegmentAbsent } from './chain.js';
import type { AttachmentRef } from './entry.js';
import type { RecordPlace } from './place.js';
import { type Asked, readRecords, type TakeRecord } from './read-records.js';
import type { InboxPlace, RunIndex } from './run-index.js';
import { damaged } from './scan.js';
import type { LogState } from './state.js';

const DEFAULT_LIMIT = 1000;
const EMPTY: StoredValue = { text: '' };

/** All of a run, with references in place of its attachments. */
export interface ReadRun {
  readonly row: RunRow;
  readonly values: ReadonlyMap<string, StoredValue>;
  readonly attachments: readonly AttachmentRef[];
  readonly inbox: readonly InboxRow[];
}

/**
 * Reads the records of runs from the lines that hold them.
 *
 * 1. What a call gives is as it was at one instant: places are copied before anything is read.
 */
export class RunReader {
  readonly #place: { readonly fileSystem: FileSystem; readonly directory: string };

  constructor(place: { readonly fileSystem: FileSystem; readonly directory: string }) {
    this.#place = place;
  }

  /**
   * Calls `look` with the present state; once more, `again`, where what it reads was moved meanwhile.
   *
   * @throws `STORE_DAMAGED`, and what `look` throws.
   */
  async reading<T>(
    present: (again: boolean) => LogState | Promise<LogState>,
    look: (state: LogState) => T | Promise<T>,
  ): Promise<T> {
    let before: string | undefined;
    for (;;) {
      try {
        return await look(await present(before !== undefined));
      } catch (error) {
        if (!(error instanceof SegmentAbsent)) throw error;
        if (error.file === before) throw damaged(error.file, 0);
        before = error.file;
      }
    }
  }

  async run(state: LogState, address: RunAddress): Promise<ReadRun | undefined> {
    const run = state.run(address);
    if (!run?.row) return undefined;
    const { row } = run;
    const [places, refs, waiting] = [new Map(run.values), new Map(run.attachments), [...run.inbox]];
    const values = new Map<string, StoredValue>();
    const attachments = new Map<string, AttachmentRef>();
    const inbox = new Map<number, InboxRow>();
    const asked: Asked[] = [...refs.values(), ...waiting];
    places.forEach(({ line, isEmpty }, id) => {
      if (isEmpty) values.set(id, EMPTY);
      else asked.push({ line, value: id });
    });
    await this.#read(state, asked, (record, line) => {
      if (record.is === 'value') {
        const place = places.get(record.id);
        if (place?.line === line && !place.isEmpty) values.set(record.id, record.value);
      } else if (record.is === 'attachment') {
        if (refs.get(record.ref.id)?.line === line) attachments.set(record.ref.id, record.ref);
      } else if (record.is === 'inbox') inbox.set(record.row.n, record.row);
    });
    if (values.size < places.size) for (const [id, place] of places) found(values.get(id), place);
    return {
      row,
      values,
      attachments: [...refs].map(([id, place]) => found(attachments.get(id), place)),
      inbox: waiting.map((place) => found(inbox.get(place.n), place)),
    };
  }

  async value(state: LogState, address: RunAddress, id: string): Promise<StoredValue | undefined> {
    const place = state.run(address)?.values.get(id);
    if (!place) return undefined;
    let value: StoredValue | undefined;
    await this.#read(state, [{ line: place.line, value: id }], (record) => {
      if (record.is === 'value' && record.id === id) value = record.value;
    });
    return found(value, place);
  }

  /** Inbox rows of one run, or of all, in order of `n`. */
  async inbox(state: LogState, address?: RunAddress): Promise<InboxRow[]> {
    const runs: Iterable<RunIndex | undefined> = address ? [state.run(address)] : state.runs();
    const places: InboxPlace[] = [];
    for (const run of runs) places.push(...(run?.inbox ?? []));
    places.sort((a, b) => a.n - b.n);
    const rows = new Map<number, InboxRow>();
    await this.#read(state, places, (record) => {
      if (record.is === 'inbox') rows.set(record.row.n, record.row);
    });
    return places.map((place) => found(rows.get(place.n), place));
  }

  async history(
    state: LogState,
    address: RunAddress,
    { after = 0, limit = DEFAULT_LIMIT }: { after?: number; limit?: number } = {},
  ): Promise<HistoryRow[]> {
    const all = state.run(address)?.history ?? [];
    const places = all.filter(({ seq }) => seq > after).slice(0, limit);
    const bySeq = new Map(places.map((place) => [place.seq, place]));
    const rows = new Map<number, HistoryRow>();
    await this.#read(state, places, (record, line) => {
      if (record.is === 'history' && bySeq.get(record.row.seq)?.line === line) rows.set(record.row.seq, record.row);
    });
    return places.map((place) => found(rows.get(place.seq), place));
  }

  #read({ fresh }: LogState, asked: readonly Asked[], take: TakeRecord): Promise<void> {
    return readRecords(this.#place, asked, fresh, take);
  }
}

/** What a line was read for; that it is not in it can only be damage. */
function found<T>(record: T | undefined, { line }: RecordPlace): T {
  if (record === undefined) throw damaged(line.segment.file, line.offset);
  return record;
}
