import { type ErrorCode, isHoldfastError } from '@holdfast/core';

/** What the command ends with; told in docs/guide/command-line.md, and by `holdfast --help`. */
export const EXIT = {
  ok: 0,
  /** The run did not end well: it failed, was cancelled or deleted. */
  failed: 1,
  /** What was asked can't be done: arguments, a module, an input or an event are not as they have to be. */
  usage: 2,
  /** No such store, run or workflow. */
  notFound: 3,
  /** The store is owned by another process, or can't be read or written now. */
  store: 4,
  /** The store is damaged, or of a format which this version does not know. */
  damage: 5,
  /** The run does not go on here before somebody acts: it is paused or parked. */
  held: 6,
  /** A fault of Holdfast, or of something it does not know. */
  unforeseen: 70,
  /** Ended by SIGINT, or SIGTERM, before the run had; it goes on when it is hosted again. */
  interrupted: 130,
  terminated: 143,
} as const;

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  RUN_FAILED: EXIT.failed,
  RUN_CANCELLED: EXIT.failed,
  RUN_DELETED: EXIT.failed,
  EVENT_INVALID: EXIT.usage,
  INPUT_INVALID: EXIT.usage,
  MODULE_INVALID: EXIT.usage,
  OPTION_INVALID: EXIT.usage,
  RUN_EXISTS: EXIT.usage,
  RUN_INPUT_DIFFERS: EXIT.usage,
  RUN_PRUNED: EXIT.usage,
  SCHEMA_ASYNC: EXIT.usage,
  VALUE_NOT_STORABLE: EXIT.usage,
  VALUE_TOO_LARGE: EXIT.usage,
  WORKFLOW_INVALID: EXIT.usage,
  RUN_UNKNOWN: EXIT.notFound,
  STORE_ABSENT: EXIT.notFound,
  WORKFLOW_UNKNOWN: EXIT.notFound,
  HOST_UNREACHABLE: EXIT.store,
  INBOX_FULL: EXIT.store,
  STORE_BLOCKED: EXIT.store,
  STORE_FAILED: EXIT.store,
  STORE_FENCED: EXIT.store,
  STORE_FULL: EXIT.store,
  STORE_OWNED: EXIT.store,
  STORE_UNWRITABLE: EXIT.store,
  STORE_DAMAGED: EXIT.damage,
  STORE_FORMAT: EXIT.damage,
  RUN_PARKED: EXIT.held,
};

export function exitCodeOf(error: unknown): number {
  return (isHoldfastError(error) ? BY_CODE[error.code] : undefined) ?? EXIT.unforeseen;
}
