import { HoldfastError, isHoldfastError } from '@holdfast/core';

/** The HoldfastError of whatever IndexedDB threw or aborted with. */
export function failureOf(cause: unknown, database: string): HoldfastError {
  if (isHoldfastError(cause)) return cause;
  const details = { database, reason: nameOf(cause) };
  if (isFileGone(cause)) {
    return new HoldfastError('FILE_UNREADABLE', {
      message: `A file that was to be stored in the database "${database}" can't be read: it was changed, moved or deleted.`,
      remedy: 'Have it picked again.',
      details,
      cause,
    });
  }
  switch (nameOf(cause)) {
    case 'QuotaExceededError':
      return new HoldfastError('STORE_FULL', {
        message: `There is no room left for the database "${database}".`,
        remedy: 'Delete closed runs, or ask the person to free disk space; what was not stored is tried again.',
        details,
        cause,
        retryable: true,
      });
    case 'VersionError':
      return newerFormat(database, cause);
    case 'DataCloneError':
      return new HoldfastError('VALUE_NOT_STORABLE', {
        message: `A value for the database "${database}" can't be cloned.`,
        remedy: 'Hand over plain data.',
        details,
        cause,
      });
    case 'SecurityError':
      return new HoldfastError('STORE_UNWRITABLE', {
        message: `The browser refuses the database "${database}".`,
        remedy: 'Allow site data for this page.',
        details,
        cause,
      });
    default:
      return new HoldfastError('STORE_FAILED', {
        message: `The database "${database}" failed: ${String(cause)}`,
        details,
        cause,
        // A connection that died leaves open whether its last transaction was committed.
        retryable: !isConnectionLost(cause),
      });
  }
}

export function newerFormat(database: string, cause?: unknown): HoldfastError {
  return new HoldfastError('STORE_FORMAT', {
    message: `The database "${database}" was written by a newer Holdfast.`,
    remedy: 'Reload the page to get the newer code.',
    details: { database },
    cause,
  });
}

/**
 * Did the connection die under this request? A closed one throws InvalidStateError; WebKit in the background says
 * UnknownError 'connection lost' (https://bugs.webkit.org/show_bug.cgi?id=273827).
 */
export function isConnectionLost(error: unknown): boolean {
  const name = nameOf(error);
  return name === 'InvalidStateError' || (name === 'UnknownError' && /connection/i.test(String(error)));
}

/** Did the browser fail to copy a File? Chromium says so of the transaction, where its bytes are read of that. */
function isFileGone(error: unknown): boolean {
  const name = nameOf(error);
  return name === 'NotReadableError' || (name === 'DataError' && /blob/i.test(String(error)));
}

/** Whether the disk is full: then it is nobody's fault, and tried again. */
export function isFull(error: unknown): boolean {
  return nameOf(error) === 'QuotaExceededError';
}

function nameOf(error: unknown): string {
  return String((error as { name?: unknown } | null | undefined)?.name ?? error);
}
