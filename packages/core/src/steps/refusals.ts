import { HoldfastError } from '../errors/index.js';

export function misused(message: string): HoldfastError {
  return new HoldfastError('STEP_MISUSED', { message, remedy: 'See the guide of step functions.' });
}

/** @param what was called. */
export function afterItsEnd(what: string): HoldfastError {
  return new HoldfastError('STEP_MISUSED', {
    message: `${what} was called after its step function had ended.`,
    remedy:
      'Await each step before the function returns, and call none from a timer or a listener that may outlive it.',
  });
}

export function otherKind(step: string, is: string, was: string): HoldfastError {
  return new HoldfastError('JOURNAL_MISMATCH', {
    message: `"${step}" is a ${is} in the code and a ${was} in the journal.`,
    remedy: "Give the new one another name, or raise the workflow's version and change `steps` in its migration.",
    details: { steps: [step] },
  });
}

/** @param next what the function asked for in their place; it has ended where it is undefined. */
export function notAskedFor(steps: readonly string[], next?: string): HoldfastError {
  const names = steps.map((step) => `"${step}"`).join(', ');
  return new HoldfastError('JOURNAL_MISMATCH', {
    message: `The journal has results of ${names}, and the step function ${next === undefined ? 'ended' : `goes on to "${next}"`} without asking for them.`,
    remedy: "Bring them back, or raise the workflow's version and rename or remove them in `steps` of its migration.",
    details: { steps, ...(next === undefined ? {} : { next }) },
  });
}

export function nestedIn(step: string, outer: string): HoldfastError {
  return new HoldfastError('STEP_MISUSED', {
    message: `"${step}" was called in the body of step "${outer}".`,
    remedy:
      'Call it beside that step: the body of a completed step is not run again, and what it called would be lost.',
    details: { step, outer },
  });
}

/** @param what in words, one part a difference. */
export function diverged(path: string, what: readonly string[], steps: readonly string[]): HoldfastError {
  const some = what.length > 3 ? [...what.slice(0, 3), `${what.length - 3} more`] : what;
  return new HoldfastError('STEPS_DIVERGED', {
    message: `${path === '' ? 'The step function' : `Step function "${path}"`} does not do the same when it is run again: ${some.join('; ')}.`,
    remedy:
      'Outside of its steps use now(), random() and uuid() of its context, not Date.now(), Math.random() or crypto.randomUUID(), and read what may change (fetch, storage, variables of others) in a step.',
    details: { actor: path, steps },
  });
}

/** @param why in words. */
export function noTransaction(step: string, why: string): HoldfastError {
  return new HoldfastError('TRANSACTION_UNSUPPORTED', {
    message: `step.transaction "${step}" can't be performed here: ${why}.`,
    remedy: "It needs a store in the app's own database (dexieStore, idbStore), in a workflow that is not isolated.",
    details: { step },
  });
}

export function timedOut(step: string, ms: number | undefined): HoldfastError {
  return new HoldfastError('STEP_TIMEOUT', {
    message: `Step "${step}" took longer than ${ms} ms.`,
    remedy: 'Raise its timeout, or let its body end when its signal is aborted.',
    details: { step, timeoutMs: ms },
    retryable: true,
  });
}

export function noEvent(wait: string, types: readonly string[], until: number): HoldfastError {
  return new HoldfastError('EVENT_TIMEOUT', {
    message: `Wait "${wait}" got no event of type ${types.join(' or ')} until ${new Date(until).toISOString()}.`,
    remedy: 'Catch it where going on without the event makes sense, or raise the timeout.',
    details: { wait, types, until },
  });
}

/** Whether the effect of a try that was cut off has happened is known to nobody, and it is not to happen twice. */
export function outcomeUnknown(step: string): HoldfastError {
  return new HoldfastError('STEP_OUTCOME_UNKNOWN', {
    message: `The outcome of step "${step}" is unknown: its only try was cut off after it had begun.`,
    remedy: 'Find out whether its effect happened, and go on from there; it is not tried again.',
    details: { step },
  });
}

export function tooManyFailed(
  step: string,
  failed: number,
  items: number,
  minSuccessful: number,
  cause: unknown,
): HoldfastError {
  return new HoldfastError('STEP_ALL_FAILED', {
    message: `${failed} of ${items} items of step.all "${step}" failed, and at least ${minSuccessful} were to succeed.`,
    remedy: 'The cause is the error of the last one that failed.',
    details: { step, failed, items, minSuccessful },
    cause,
  });
}
