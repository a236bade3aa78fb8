import type { StartRequest } from '../client/protocol.js';
import { decode } from '../codec/index.js';
import { keyOf } from '../define/concurrency.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { HoldfastError } from '../errors/index.js';
import type { Beginning, RunRow } from '../records/records.js';

/**
 * What the head of a new run tells of it.
 * @throws `OPTION_INVALID` when a `key` function of the workflow does not make a string of the input, or a singleton is to be
 *   restarted.
 */
export function beginningOf(
  { id, version, concurrency, singleton }: AnyWorkflow,
  {
    input,
    ifExists,
    priority,
    startAt,
    labels,
  }: Pick<StartRequest, 'input' | 'ifExists' | 'priority' | 'startAt' | 'labels'>,
): Beginning {
  if (singleton && ifExists === 'restart') throw singletonRestarted(id);
  const given = () => decode(input);
  return {
    version,
    ...(labels ? { labels } : {}),
    ...(priority ? { priority } : {}),
    ...(startAt === undefined ? {} : { nextDeadlineAt: startAt }),
    ...(concurrency?.key ? { concurrencyKey: keyOf(id, 'concurrency.key', concurrency.key, given) } : {}),
    ...(singleton ? { singletonKey: keyOf(id, 'singleton.key', singleton.key, given) } : {}),
  };
}

function singletonRestarted(workflow: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `start: ifExists is 'restart', but workflow "${workflow}" is a singleton.`,
    remedy: "Its `onConflict` says what becomes of the run that is there: leave `ifExists` out, or give 'fail'.",
    details: { option: 'ifExists', workflow },
  });
}

/** Whether it is not to begin yet. */
export function startsLater({ status, seq, nextDeadlineAt }: RunRow, now: number): boolean {
  return status === 'queued' && seq === 0 && nextDeadlineAt !== undefined && nextDeadlineAt > now;
}
