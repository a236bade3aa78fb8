import type { HistoryRow, InboxRow, Op, RunAddress, RunRow, StoredValue } from '@holdfast/core/store';

/** An attachment as the log refers to it: its bytes are in a file of their own, written before the line that names it. */
export interface AttachmentRef {
  readonly id: string;
  /** Name in the folder `attachments`. */
  readonly file: string;
  readonly size: number;
  readonly crc: string;
  /** Media type. */
  readonly type: string;
  /** Of a File: its name, and when it was changed (ms). */
  readonly name?: string;
  readonly lastModified?: number;
}

/** An op as a line holds it: with references in place of Blobs. */
export type LoggedOp =
  | Exclude<Op, { op: 'attach' | 'restart' }>
  | { readonly op: 'attach'; readonly ref: AttachmentRef }
  | {
      readonly op: 'restart';
      readonly start: {
        readonly row: RunRow;
        readonly input: StoredValue;
        readonly attachments: readonly AttachmentRef[];
      };
    };

/** First line of every segment: what the segment starts from. `runs` run entries follow, then what was committed. */
export interface HeaderEntry {
  readonly kind: 'header';
  readonly format: number;
  readonly epoch: number;
  /** The last `n` given to an inbox row. */
  readonly lastN: number;
  /** Mail that is in the log, and whose file may still be there: its ids, each with the `n` it was given (0: a start). */
  readonly mail?: readonly (readonly [string, number])[];
  readonly runs: number;
}

/** A whole run, as it was when its segment was begun. */
export interface RunEntry {
  readonly kind: 'run';
  readonly row: RunRow;
  readonly values: readonly (readonly [string, StoredValue])[];
  readonly attachments: readonly AttachmentRef[];
  readonly history: readonly HistoryRow[];
  readonly inbox: readonly InboxRow[];
}

/**
 * What one line changes. An `end` changes nothing: it tells that all before it was synced, and whether its owner gave
 * the log back in good order.
 */
export type ChangeEntry =
  | ({ readonly kind: 'commit'; readonly ops: readonly LoggedOp[] } & RunAddress)
  | {
      readonly kind: 'start';
      readonly row: RunRow;
      readonly input: StoredValue;
      readonly attachments: readonly AttachmentRef[];
      /** Id of the mail which asked for it, where another process did. */
      readonly mail?: string;
    }
  | {
      readonly kind: 'inbox';
      readonly row: InboxRow;
      readonly attachments: readonly AttachmentRef[];
      readonly mail?: string;
    }
  | { readonly kind: 'end'; readonly released: boolean };

export type Entry = HeaderEntry | RunEntry | ChangeEntry;

/** One line of the log: one atomic commit. */
export interface Line {
  /** Gapless over the life of the store. */
  readonly line: number;
  /** Lines of one batch are written and synced together. Rises. */
  readonly batch: number;
  /** Lines of the batch that follow this one. */
  readonly left: number;
  /** The last batch that was known synced when this line was written. */
  readonly synced: number;
  readonly entry: Entry;
}
