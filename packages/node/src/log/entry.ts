import type { HistoryRow, InboxRow, Op, RunAddress, RunRow, StoredValue } from '@holdfast/core/store';

/** Version of the layout of segments; another one is refused with `STORE_FORMAT`. */
export const LOG_FORMAT = 3;

/** An attachment as the log refers to it: its bytes are in a file of their own, written before the line that names it. */
export interface AttachmentRef {
  readonly id: string;
  /** Name in the folder `attachments`. */
  readonly file: string;
  readonly size: number;
  readonly crc: string;
  /** Media type. */
  readonly type: string;
  /** Set where it is not a Blob, but the bytes of an ArrayBuffer. */
  readonly bytes?: true;
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

/** What of the segment before counts: its first `length` bytes, the last line of which has the number `line`. */
export interface Previous {
  readonly file: string;
  readonly length: number;
  readonly line: number;
}

/** What holds for the whole store, and is told anew by every header. */
export interface Globals {
  /** The last `n` given to an inbox row. */
  readonly lastN: number;
  /** Mail that is in the log, and whose file may still be there: its ids, each with the `n` it was given (0: a start). */
  readonly mail?: readonly (readonly [string, number])[];
}

/** First line of every segment. */
export interface HeaderEntry extends Globals {
  readonly kind: 'header';
  /** {@link LOG_FORMAT} of who wrote it. */
  readonly format: number;
  /** Version of the record layout (`FORMAT_VERSION` of core). */
  readonly records: number;
  readonly epoch: number;
  readonly part: number;
  /** Random: tells it from segments of other stores that have its name. */
  readonly id: string;
  /** Null in the first segment of a store. */
  readonly prev: Previous | null;
  /** Name of the oldest segment that counts. */
  readonly oldest: string;
}

/** What one line changes of a run. */
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
    };

/**
 * Records of one run that stand in a segment which is to be removed, as they are. They replace nothing that comes after
 * this line.
 */
export interface CopyEntry extends RunAddress {
  readonly kind: 'copy';
  readonly row?: RunRow;
  readonly values: readonly (readonly [string, StoredValue])[];
  readonly attachments: readonly AttachmentRef[];
  readonly history: readonly HistoryRow[];
  readonly inbox: readonly InboxRow[];
}

/**
 * What changes no run.
 * - `oldest`: segments older than `file` no longer count. All copies of what they held were synced before this line was
 *   written, so it holds even where this line is not known to be synced.
 * - `stamp`: nothing follows for now; it is there for what its `synced` tells.
 * - `end`: its owner has left; `released` in good order, which is no crash.
 */
export type MarkEntry =
  | { readonly kind: 'oldest'; readonly file: string }
  | { readonly kind: 'stamp' }
  | { readonly kind: 'end'; readonly released: boolean };

export type Entry = HeaderEntry | ChangeEntry | CopyEntry | MarkEntry;

/** One line of the log: one atomic commit. */
export interface Line {
  /** Gapless over the lines that count, from the oldest segment to the newest. */
  readonly line: number;
  /** Lines of one batch are written and synced together. Rises. */
  readonly batch: number;
  /** Lines of the batch that follow this one. */
  readonly left: number;
  /** The last batch that was known synced when this line was written. */
  readonly synced: number;
  readonly entry: Entry;
}
