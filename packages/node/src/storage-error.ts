import { type ErrorCode, HoldfastError, isHoldfastError } from '@holdfast/core';

interface Explanation {
  readonly code: ErrorCode;
  readonly message: (directory: string) => string;
  readonly remedy: string;
}

const FULL: Explanation = {
  code: 'STORE_FULL',
  message: (directory) => `The disk with the store directory ${directory} is full`,
  remedy: 'Free some space, then repeat the call.',
};
const UNWRITABLE: Explanation = {
  code: 'STORE_UNWRITABLE',
  message: (directory) => `The store directory ${directory} can't be written`,
  remedy: 'Check that it is a directory, its permissions and its mount.',
};
const FAILED: Explanation = {
  code: 'STORE_FAILED',
  message: (directory) => `The store directory ${directory} failed`,
  remedy: 'Check the disk, then repeat the call.',
};

const EXPLANATIONS: Record<string, Explanation> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: UNWRITABLE,
  EPERM: UNWRITABLE,
  EROFS: UNWRITABLE,
  ENOTDIR: UNWRITABLE,
  EEXIST: UNWRITABLE,
  ENOENT: UNWRITABLE,
};

/** The coded error of a failed I/O call in the store's directory. One that has a code of ours stays as it is. */
export function storageError(error: unknown, directory: string): HoldfastError {
  if (isHoldfastError(error)) return error;
  if ((error as Error).name === 'NotReadableError') return fileUnreadable(error, directory);
  const { code: errno, syscall, path } = error as NodeJS.ErrnoException;
  const { code, message, remedy } = EXPLANATIONS[errno ?? ''] ?? FAILED;
  return new HoldfastError(code, {
    message: `${message(directory)} (${[errno ?? 'no system error', syscall].join(' ').trim()}).`,
    remedy,
    details: { directory, errno, path },
    cause: error,
    retryable: errno !== undefined,
  });
}

function fileUnreadable(cause: unknown, directory: string): HoldfastError {
  return new HoldfastError('FILE_UNREADABLE', {
    message: `A file that was to be stored in ${directory} can't be read: it was changed, moved or deleted.`,
    remedy: 'Open it again.',
    details: { directory },
    cause,
  });
}

/** The error of a call whose outcome isn't known: what it wrote may turn up again when the store is opened anew. */
export function unknownOutcome(cause: unknown, directory: string): HoldfastError {
  const known = storageError(cause, directory);
  const { code, message, details } = known;
  return new HoldfastError(code, { message, remedy: 'Load the run again before going on.', details, cause });
}
