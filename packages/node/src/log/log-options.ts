import type { OwnedPlace } from '../owner/owner-file.js';
import type { FileStoreReport } from '../report.js';
import type { Timers } from './timers.js';

/** What an owner needs to work with a log. */
export interface LogOptions extends OwnedPlace {
  /** Bytes at which a segment is closed. */
  readonly segmentBytes: number;
  readonly timers: Timers;
  readonly onReport: (report: FileStoreReport) => void;
}
