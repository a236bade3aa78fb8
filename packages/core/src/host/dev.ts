import { freshId } from '../client/fresh-id.js';
import { decideControl } from '../decide/control.js';
import { RunRecord } from '../decide/run-record.js';
import { checkOptions, type Kinds, oneOf } from '../define/options.js';
import { type ErrorCode, HoldfastError, isHoldfastError } from '../errors/index.js';
import { beganWith, isClosed, type RunAddress, type StoredRun } from '../records/records.js';
import type { Op } from '../store/store.js';

/** What a host does for whoever is writing its workflows. None of it is meant for production. */
export interface DevOptions {
  /**
   * What becomes of a run that its workflow's code no longer fits: `park` (the default) leaves it as it is until other
   * code comes; `restart` starts it anew with its input, and tells `onError` (`RUN_RESTARTED`). Events that it had not
   * processed are lost with it.
   */
  readonly onMismatch?: 'park' | 'restart';
  /**
   * Runs each step function again when it has ended, against its journal and without performing its steps, and tells
   * `onError` what it did otherwise (`STEPS_DIVERGED`). What stands outside of its steps happens twice. Default false.
   */
  readonly checkDeterminism?: boolean;
}

const MISMATCHES: readonly ErrorCode[] = [
  'ACTION_NOT_RESUMABLE',
  'JOURNAL_MISMATCH',
  'MIGRATION_FAILED',
  'VERSION_UNFIT',
];

const DEV: Kinds<DevOptions> = { onMismatch: oneOf('park', 'restart'), checkDeterminism: oneOf(true, false) };

/** @throws `OPTION_INVALID`. */
export function checkDev(dev: DevOptions = {}): Required<DevOptions> {
  checkOptions(dev, 'dev', DEV);
  const { onMismatch = 'park', checkDeterminism = false } = dev;
  return { onMismatch, checkDeterminism };
}

/** The op that starts a run anew which the newest code does not fit; nothing when that is not its problem. */
export function restartOf(stored: StoredRun, error: unknown, newestOf: () => number, now: number): Op | undefined {
  const { workflow, run, version, status } = stored.row;
  const misfit = isHoldfastError(error) && MISMATCHES.includes(error.code);
  if (!misfit || isClosed(status)) return undefined;
  const newest = newestOf();
  // A run of newer code waits for that.
  if (version > newest) return undefined;
  const input = new RunRecord(stored).read('input');
  const begin = { ...beganWith(stored.row), version: newest };
  return decideControl({ control: 'restart', input, begin }, { workflow, run, id: freshId(), now }).op;
}

export function restarted({ workflow, run }: RunAddress, cause: unknown): HoldfastError {
  return new HoldfastError('RUN_RESTARTED', {
    message: `Run "${run}" of workflow "${workflow}" starts anew with its input: ${(cause as Error).message}`,
    remedy: "It is as dev: { onMismatch: 'restart' } asks for; without that the run would be parked.",
    details: { workflow, run },
    cause,
  });
}
