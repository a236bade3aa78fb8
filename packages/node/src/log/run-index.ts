import type { InboxRow, RunAddress, RunRow } from '@holdfast/core/store';
import { frozen } from './frozen.js';
import type { RecordPlace, SegmentSpace, ValuePlace } from './place.js';
import { type HeldRecord, isEmpty, type NotedStep } from './records.js';
import { eachRecord, hasRecords, type IndexedRun, type IndexedStep } from './segment-index.js';

export interface HistoryPlace extends RecordPlace {
  readonly seq: number;
}

export interface InboxPlace extends RecordPlace, Pick<InboxRow, 'n' | 'id' | 'lane'> {}

export interface AttachmentPlace extends RecordPlace {
  /** Name in the folder `attachments`. */
  readonly file: string;
}

/** What most runs have none of, shared to spare memory. */
const NO_VALUES: ReadonlyMap<string, ValuePlace> = new Map();
const NO_HISTORY: readonly HistoryPlace[] = [];
const NO_INBOX: readonly InboxPlace[] = [];
const NO_ATTACHMENTS: ReadonlyMap<string, AttachmentPlace> = new Map();

/** Records of a run as the index of their segment has them. */
interface Unread {
  readonly indexed: IndexedRun;
  readonly segment: SegmentSpace;
}

const seqOf = ({ seq }: HistoryPlace) => seq;
const nOf = ({ n }: InboxPlace) => n;

/**
 * Where the records of one run are. Of the records themselves only the head is in memory.
 *
 * Owns: its head and its maps, made of what an index told when they are asked for, and that each place counts as needed while it is in one of them.
 * 1. Of two records with one id, the one that was taken in later is there.
 * 2. History and inbox are in order, in whatever order their rows were taken in: a copy comes later than newer rows.
 */
export class RunIndex {
  readonly #key: string;
  /** The head; as JSON until somebody asks for it. */
  #row: RunRow | string | undefined;
  /** Until there is a row, which is one. */
  #address: RunAddress | undefined;
  #unread: Unread | undefined;
  #head: RecordPlace | undefined;
  #values: Map<string, ValuePlace> | undefined;
  #history: HistoryPlace[] | undefined;
  #inbox: InboxPlace[] | undefined;
  #attachments: Map<string, AttachmentPlace> | undefined;

  /** @param key as `runKey` makes it. */
  constructor(key: string) {
    this.#key = key;
  }

  /** False while a log is being read whose copy of the head is still to come. */
  get hasRow(): boolean {
    return this.#row !== undefined;
  }

  get row(): RunRow | undefined {
    if (typeof this.#row !== 'string') return this.#row;
    this.#row = frozen(JSON.parse(this.#row) as RunRow);
    this.#address = undefined;
    return this.#row;
  }

  get address(): RunAddress {
    if (typeof this.#row === 'object') return this.#row;
    this.#address ??= addressOf(this.#key);
    return this.#address;
  }

  get values(): ReadonlyMap<string, ValuePlace> {
    this.#read();
    return this.#values ?? NO_VALUES;
  }

  /** In order of `seq`. */
  get history(): readonly HistoryPlace[] {
    this.#read();
    return this.#history ?? NO_HISTORY;
  }

  /** In order of `n`. */
  get inbox(): readonly InboxPlace[] {
    return this.#inbox ?? NO_INBOX;
  }

  get attachments(): ReadonlyMap<string, AttachmentPlace> {
    return this.#attachments ?? NO_ATTACHMENTS;
  }

  /** Takes in what a segment comes to for this run. */
  adopt(indexed: IndexedRun, segment: SegmentSpace): void {
    const isFirst = !this.hasRow && !this.#unread;
    this.#read();
    this.#row = indexed.head ?? this.#row;
    this.#unread = { indexed, segment };
    segment.live += indexed.live;
    if (!isFirst || hasRecords(indexed, 'inbox') || hasRecords(indexed, 'attachment')) this.#read();
  }

  /** Where the one is that this record would replace. */
  placeOf(record: HeldRecord): RecordPlace | undefined {
    this.#read();
    switch (record.is) {
      case 'head':
        return this.#head;
      case 'value':
        return this.values.get(record.id);
      case 'attachment':
        return this.attachments.get(record.ref.id);
      case 'history':
        return at(this.history, record.row.seq, seqOf);
      case 'inbox':
        return at(this.inbox, record.row.n, nOf);
    }
  }

  /** Takes in what stands at `place`; returns the attachment files that nothing refers to any more. */
  take(step: NotedStep, place: RecordPlace): string[] {
    this.#read();
    switch (step.is) {
      case 'head':
        this.#row = step.row;
        return this.#putHead(place);
      case 'value':
        this.#values ??= new Map();
        replace(this.#values.get(step.id), place);
        this.#values.set(step.id, isEmpty(step) ? { ...place, isEmpty: true } : place);
        return [];
      case 'history':
        this.#history ??= [];
        replace(at(this.#history, step.row.seq, seqOf), place);
        put(this.#history, { seq: step.row.seq, line: place.line, bytes: place.bytes }, seqOf);
        return [];
      case 'inbox':
        this.#enqueue(step.row, place);
        return [];
      case 'attachment':
        return this.#refer(step.ref, place);
      case 'removed':
        replace(this.#values?.get(step.id));
        this.#values?.delete(step.id);
        return [];
      case 'detached':
        return this.#unrefer(step.id);
      case 'taken':
        this.#dequeue(step.n);
        return [];
      case 'forgotten':
        for (const row of this.#history?.splice(0, indexOf(this.history, step.upTo + 1, seqOf)) ?? []) replace(row);
        return [];
    }
  }

  /** None of it is needed any more; returns its attachment files. */
  clear(): string[] {
    this.#read();
    const attachments = [...this.attachments.values()];
    for (const place of [this.#head, ...this.values.values(), ...this.history, ...this.inbox, ...attachments])
      replace(place);
    return attachments.map(({ file }) => file);
  }

  /** Makes maps of what an index told. */
  #read(): void {
    if (!this.#unread) return;
    const { indexed, segment } = this.#unread;
    this.#unread = undefined;
    segment.live -= indexed.live;
    eachRecord(indexed, segment, (step: IndexedStep, place) => {
      // Which head it is was told before.
      if (step.is === 'head') this.#putHead(place);
      else this.take(step, place);
    });
  }

  #putHead(place: RecordPlace): [] {
    replace(this.#head, place);
    this.#head = place;
    return [];
  }

  #enqueue({ n, id, lane }: Pick<InboxRow, 'n' | 'id' | 'lane'>, place: RecordPlace): void {
    this.#inbox ??= [];
    replace(at(this.#inbox, n, nOf), place);
    put(this.#inbox, { n, id, lane, ...place }, nOf);
  }

  #dequeue(n: number): void {
    const taken = at(this.inbox, n, nOf);
    if (!taken || !this.#inbox) return;
    replace(taken);
    this.#inbox.splice(indexOf(this.#inbox, n, nOf), 1);
    if (this.#inbox.length === 0) this.#inbox = undefined;
  }

  #refer({ id, file }: { id: string; file: string }, place: RecordPlace): string[] {
    this.#attachments ??= new Map();
    const before = this.#attachments.get(id);
    replace(before, place);
    this.#attachments.set(id, { file, ...place });
    return before && before.file !== file ? [before.file] : [];
  }

  #unrefer(id: string): string[] {
    const before = this.attachments.get(id);
    if (!before || !this.#attachments) return [];
    replace(before);
    this.#attachments.delete(id);
    if (this.#attachments.size === 0) this.#attachments = undefined;
    return [before.file];
  }
}

/** The address that `runKey` made a key of. */
export function addressOf(key: string): RunAddress {
  const slash = key.indexOf('/');
  return { workflow: unescaped(key.slice(0, slash)), run: unescaped(key.slice(slash + 1)) };
}

function unescaped(id: string): string {
  return id.includes('%') ? decodeURIComponent(id) : id;
}

function replace(before: RecordPlace | undefined, after?: RecordPlace): void {
  before?.line.need(-before.bytes);
  after?.line.need(after.bytes);
}

/** Index of the first row whose key is not below `key`. */
function indexOf<T>(rows: readonly T[], key: number, keyOf: (row: T) => number): number {
  const last = rows.at(-1);
  if (!last || keyOf(last) < key) return rows.length;
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyOf(rows[middle] as T) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function at<T>(rows: readonly T[], key: number, keyOf: (row: T) => number): T | undefined {
  const row = rows[indexOf(rows, key, keyOf)];
  return row !== undefined && keyOf(row) === key ? row : undefined;
}

function put<T>(rows: T[], row: T, keyOf: (row: T) => number): void {
  const index = indexOf(rows, keyOf(row), keyOf);
  const same = index < rows.length && keyOf(rows[index] as T) === keyOf(row);
  rows.splice(index, same ? 1 : 0, row);
}
