import type { HoldfastError, Logger } from '@holdfast/core';

/**
 * What a file store has to tell though no call failed:
 * - `TAIL_CUT`: the end of `file` from byte `offset` on was never finished, and is left out. Nothing known to be
 *   safely on disk stood there; a crash or power loss during a write leaves such an end.
 * - `COMPACTION_FAILED`: the log could not be continued in a new file, or an old one not be given up; it goes on growing,
 *   and it is tried again later.
 * - `REMOVAL_FAILED`: files which are no longer needed are still there; they are removed when the store is next opened.
 */
export type FileStoreReport =
  | { readonly code: 'TAIL_CUT'; readonly file: string; readonly offset: number }
  | { readonly code: 'COMPACTION_FAILED' | 'REMOVAL_FAILED'; readonly error: HoldfastError };

/** Reports as warnings of the process. */
export function warn(report: FileStoreReport): void {
  process.emitWarning(textOf(report), { type: 'HoldfastWarning', code: report.code });
}

/** Reports as warnings of a log. */
export function reportsTo(logger: Logger): (report: FileStoreReport) => void {
  return (report) => logger.warn(report, textOf(report));
}

function textOf(report: FileStoreReport): string {
  return report.code === 'TAIL_CUT' ? `${report.file} was cut at byte ${report.offset}` : report.error.message;
}
