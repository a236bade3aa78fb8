import { HoldfastError } from '@holdfast/core/client';

export function closed(name: string): HoldfastError {
  return new HoldfastError('CLOSED', { message: `The holdfast "${name}" was closed.`, details: { name } });
}

/** Why a page has no host. */
export type Silence = 'timeout' | 'script' | 'died';

export function unreachable(reason: Silence, message: string, cause?: unknown): HoldfastError {
  const remedies = {
    timeout: 'Check that the script calls serveHoldfast at its top level, and that nothing blocks it.',
    script: 'Check the URL of the script, its errors in the console, and the Content-Security-Policy.',
    died: 'Look in the console for what ends it: a step may use up all memory, or call close().',
  };
  return new HoldfastError('HOST_UNREACHABLE', {
    message,
    remedy: remedies[reason],
    details: { reason },
    cause,
    retryable: true,
  });
}

/** What a page lacks to run a holdfast, as an error; nothing when it lacks nothing. */
export function lackOf(scope: {
  isSecureContext?: boolean;
  Worker?: unknown;
  indexedDB?: unknown;
  navigator?: { locks?: unknown };
}): HoldfastError | undefined {
  if (scope.isSecureContext === false) {
    return new HoldfastError('INSECURE_CONTEXT', {
      message: 'This page is not a secure context, so the browser gives it no Web Locks.',
      remedy: 'Serve it over https, or from localhost.',
      details: { missing: ['isSecureContext'] },
    });
  }
  const { Worker, indexedDB, navigator } = scope;
  const missing = Object.entries({ Worker, indexedDB, 'navigator.locks': navigator?.locks })
    .filter(([, present]) => !present)
    .map(([name]) => name);
  if (missing.length === 0) return undefined;
  return new HoldfastError('INSECURE_CONTEXT', {
    message: `There is no ${missing.join(', no ')} here.`,
    remedy:
      'Call it in a page of a current browser, served over https or from localhost; not while rendering on a server.',
    details: { missing },
  });
}
