import type { HoldfastError, Logger } from '@holdfast/core';

/**
 * What a file store has to tell though no call failed:
 * - `TAIL_CUT`: the end of `file` from byte `offset` on was never finished, and is left out. Nothing known to be
 *   safely on disk stood there; a crash or power loss during a write leaves such an end.
 * - `COMPACTION_FAILED`: the log could not be continued in a new file, or an old one not be given up; it goes on growing,
 *   and it is tried again later.
 * - `INDEX_FAILED`: what stands in a segment could not be noted in an index beside it, or is damaged, as `error` says then; the
 *   segment itself will be read when the store is next opened.
 * - `MAIL_DAMAGED`: what another process had sent could not be read any more; it was put aside as `file`, and not done.
 * - `MAIL_FOREIGN`: `file` is no mail, and stays where it is.
 * - `MAIL_REFUSED`: what another process had sent to `run` was refused, as `error` says, and its sender did not wait to be
 *   told; of an event or a control, `lane` and `id` say which.
 * - `MAIL_FAILED`: mail could not be taken; it waits, and it is tried again.
 * - `SOCKET_FAILED`: other processes can't reach this one: what they send is found within a second, changes are not told.
 * - `REMOVAL_FAILED`: files which are no longer needed are still there; they are removed when the store is next opened.
 */
export type FileStoreReport =
  | { readonly code: 'TAIL_CUT'; readonly file: string; readonly offset: number }
  | { readonly code: 'MAIL_DAMAGED' | 'MAIL_FOREIGN'; readonly file: string }
  | {
      readonly code: 'MAIL_REFUSED';
      readonly file: string;
      readonly workflow: string;
      readonly run: string;
      readonly lane?: 'event' | 'control';
      readonly id?: string;
      readonly error: HoldfastError;
    }
  | {
      readonly code: 'COMPACTION_FAILED' | 'INDEX_FAILED' | 'REMOVAL_FAILED' | 'MAIL_FAILED' | 'SOCKET_FAILED';
      readonly error: HoldfastError;
    };

/** Reports as warnings of the process. */
export function warn(report: FileStoreReport): void {
  process.emitWarning(textOf(report), { type: 'HoldfastWarning', code: report.code });
}

/** Reports as warnings of a log. */
export function reportsTo(logger: Logger): (report: FileStoreReport) => void {
  return (report) => logger.warn(report, textOf(report));
}

function textOf(report: FileStoreReport): string {
  switch (report.code) {
    case 'TAIL_CUT':
      return `${report.file} was cut at byte ${report.offset}`;
    case 'MAIL_DAMAGED':
      return `${report.file} is damaged mail, and was put aside`;
    case 'MAIL_FOREIGN':
      return `${report.file} is no mail, and was left alone`;
    case 'MAIL_REFUSED':
      return `mail for run "${report.run}" of workflow "${report.workflow}" was refused: ${report.error.message}`;
    default:
      return report.error.message;
  }
}
