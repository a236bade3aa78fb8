import { Cron } from 'croner';
import type { InputFrom } from 'xstate';
import { checkOption, refuseUnknown, TEXT, told } from '../define/options.js';
import type { CatchUp, Overlap, Schedule } from '../define/schedule.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { WORKFLOW } from '../define/workflows.js';
import { HoldfastError } from '../errors/index.js';

/** `input` may be left out where the workflow takes none. */
export type ScheduleOptions<TInput> = {
  /** Unique among the schedules of a host; stands in the ids of its runs: never change it. Default: the workflow's id. */
  id?: string;
  /** Five fields (minute, hour, day of month, month, day of week), or six with seconds first; or as `@daily`. */
  cron: string;
  /** A name of the IANA database, as `'Europe/Berlin'`, or `'UTC'`. */
  timeZone: string;
  /** What becomes of occurrences that came while no host was open. Default `'last'`. */
  catchUp?: CatchUp;
  /** What becomes of an occurrence while the run before has not ended. Default `'skip'`. */
  overlap?: Overlap;
} & (undefined extends TInput ? { input?: InputOfRun<TInput> } : { input: InputOfRun<TInput> });

/** Of all its runs, or made for each, of the instant it is for. */
type InputOfRun<TInput> = TInput | ((occurrence: Date) => TInput);

const OPTIONS = ['id', 'cron', 'timeZone', 'catchUp', 'overlap', 'input'];

/**
 * Starts runs of a workflow by the calendar: give it to a host with `schedules`. Each occurrence starts one run, whatever
 * crashes and however many hosts there are; its id is `<schedule id>@<instant in ISO 8601>`.
 *
 * Where clocks are put forward, a fixed time that is left out comes when they are; where they are put back, it comes
 * the first time only. What has a wildcard or a step in its time goes by time that really passes.
 *
 * @throws `OPTION_INVALID`.
 *
 * @example
 * schedule(report, { cron: '0 6 * * mon-fri', timeZone: 'Europe/Berlin', input: (day) => ({ day: day.toISOString() }) })
 */
export function schedule<TWorkflow extends AnyWorkflow>(
  workflow: TWorkflow,
  options: ScheduleOptions<InputFrom<TWorkflow['logic']>>,
): Schedule {
  checkOption(workflow, WORKFLOW, 'workflow', 'schedule');
  refuseUnknown(options, OPTIONS, 'schedule');
  const { id = workflow.id, cron: pattern, timeZone, catchUp = 'last', overlap = 'skip', input } = options;
  checkOption(id, TEXT, 'id', 'schedule');
  if (!['all', 'last', 'none'].includes(catchUp)) throw wrong(id, 'catchUp', catchUp, "'all', 'last' or 'none'");
  if (!['skip', 'queue'].includes(overlap)) throw wrong(id, 'overlap', overlap, "'skip' or 'queue'");
  const cron = parse(id, pattern, timeZone);
  return Object.freeze({
    id,
    workflow: workflow.id,
    catchUp,
    overlap,
    next: (after) => cron.nextRun(new Date(after))?.getTime(),
    previous: (before) => cron.previousRuns(1, new Date(before))[0]?.getTime(),
    inputOf: (occurrence) => (isMaker(input) ? input(new Date(occurrence)) : input),
  } satisfies Schedule);
}

/** A function can't be stored, so it is no input. */
function isMaker(input: unknown): input is (occurrence: Date) => unknown {
  return typeof input === 'function';
}

function parse(id: string, pattern: string, timeZone: string): Cron {
  if (!isTimeZone(timeZone)) throw wrong(id, 'timeZone', timeZone, "a name as 'Europe/Berlin', or 'UTC'");
  const remedy = 'five or six cron fields';
  // With a colon it would be a single instant.
  if (typeof pattern !== 'string' || pattern.includes(':')) throw wrong(id, 'cron', pattern, remedy);
  try {
    return new Cron(pattern, { timezone: timeZone, mode: '5-or-6-parts' });
  } catch (cause) {
    throw wrong(id, 'cron', pattern, remedy, cause);
  }
}

function isTimeZone(timeZone: unknown): boolean {
  try {
    return typeof timeZone === 'string' && Boolean(new Intl.DateTimeFormat('en', { timeZone }));
  } catch {
    return false;
  }
}

function wrong(schedule: string, option: string, given: unknown, remedy: string, cause?: unknown): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `\`${option}\` of schedule "${schedule}" is ${told(given)}.`,
    remedy: `It has to be ${remedy}.`,
    details: { option, schedule },
    ...(cause === undefined ? {} : { cause }),
  });
}
