import { HoldfastError } from '../errors/index.js';
import { refuseUnknown, told } from './options.js';

/** How many runs of a workflow may be at work at a time. */
// biome-ignore lint/suspicious/noExplicitAny: the key of any workflow's input; `defineWorkflow` narrows it
export interface Concurrency<TInput = any> {
  /** A whole number from 1. */
  limit: number;
  /** Runs of one key share the limit, those of another have their own. Default: all runs of the workflow share it. */
  key?: (input: TInput) => string;
}

/** At most one run of a key that has not ended. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export interface Singleton<TInput = any> {
  /** Default: one key for all runs of the workflow. */
  key?: (input: TInput) => string;
  /** What a further start does: `skip` gives the run that is there; `cancel` cancels it, and starts when it has ended. */
  onConflict: 'skip' | 'cancel';
}

/** @throws `OPTION_INVALID`. */
export function checkConcurrency(workflow: string, concurrency: unknown): void {
  if (concurrency === undefined) return;
  const { limit, key } = asObject(workflow, 'concurrency', concurrency, ['limit', 'key']);
  if (!Number.isInteger(limit) || (limit as number) < 1) {
    throw wrong(workflow, 'concurrency.limit', `is ${told(limit)}`, 'It has to be a whole number from 1.');
  }
  checkKey(workflow, 'concurrency.key', key);
}

/** @throws `OPTION_INVALID`. */
export function checkSingleton(workflow: string, singleton: unknown): void {
  if (singleton === undefined) return;
  const { onConflict, key } = asObject(workflow, 'singleton', singleton, ['onConflict', 'key']);
  if (onConflict !== 'skip' && onConflict !== 'cancel') {
    throw wrong(workflow, 'singleton.onConflict', `is ${told(onConflict)}`, "It has to be 'skip' or 'cancel'.");
  }
  checkKey(workflow, 'singleton.key', key);
}

/**
 * What a `key` function makes of an input; '' where there is none.
 * @throws `OPTION_INVALID` when it throws, or gives something else than a string.
 */
export function keyOf(workflow: string, option: string, key: Concurrency['key'], input: () => unknown): string {
  if (!key) return '';
  let made: unknown;
  try {
    made = key(input());
  } catch (cause) {
    throw wrong(workflow, option, 'throws', 'It is called with the input of each new run.', cause);
  }
  if (typeof made === 'string') return made;
  throw wrong(workflow, option, `gives ${told(made)}`, 'It has to give a string.');
}

function asObject(workflow: string, option: string, given: unknown, known: string[]): Record<string, unknown> {
  refuseUnknown(given, known, `workflow "${workflow}"`, option);
  return given as Record<string, unknown>;
}

function checkKey(workflow: string, option: string, key: unknown): void {
  if (key === undefined || typeof key === 'function') return;
  throw wrong(workflow, option, 'is not a function', 'It makes a string of the input of a run.');
}

function wrong(workflow: string, option: string, what: string, remedy: string, cause?: unknown): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `\`${option}\` of workflow "${workflow}" ${what}.`,
    remedy,
    details: { option, workflow },
    ...(cause === undefined ? {} : { cause }),
  });
}
