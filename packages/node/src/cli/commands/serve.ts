import type { RunList, RunRow } from '@holdfast/core';
import { openHoldfast } from '../../open-holdfast.js';
import type { Call } from '../call.js';
import { EXIT } from '../exit-codes.js';
import { FollowedRuns, UNFINISHED } from '../follow-runs.js';
import { toJson } from '../json.js';
import { LiveView } from '../live-view.js';
import { loadModules } from '../load-module.js';
import { seenRun } from '../seen-run.js';
import { localTime } from '../times.js';
import { warnings } from '../warnings.js';

export interface ServeOptions {
  readonly drain?: boolean;
}

/** `holdfast serve`: hosts all runs of its modules, until it is told to end, or nothing runs any more. */
export async function serve(call: Call, modules: readonly string[], { drain = false }: ServeOptions): Promise<number> {
  const { terminal, directory, ending } = call;
  const view = new LiveView(terminal, call);
  const holdfast = await openHoldfast({
    ...(await loadModules(modules)),
    directory,
    ...warnings(call, view),
  });
  const followed = new FollowedRuns(view, ({ workflow, run }) => seenRun(holdfast.run(workflow, run)));
  const going = holdfast.runs({ status: UNFINISHED });
  const shown = going.subscribe((rows) => void followed.show(rows));
  try {
    if (!call.json) terminal.err(`Hosting ${directory}${drain ? ' until nothing runs.' : '. Stop with Ctrl+C.'}`);
    const drained = await (drain ? Promise.race([holdfast.drain(), ended(ending)]) : ended(ending));
    shown.unsubscribe();
    await followed.show(await latest(going));
    if (drained) tellDrained(call, drained);
  } finally {
    await holdfast.close();
  }
  return EXIT.ok;
}

/** As they are now: a list that somebody begins to listen to is told at once. */
function latest(list: RunList): Promise<readonly RunRow[]> {
  return new Promise((resolve) => {
    const subscription = list.subscribe((rows) => {
      queueMicrotask(() => subscription.unsubscribe());
      resolve(rows);
    });
  });
}

function tellDrained({ terminal, json }: Call, { nextDeadlineAt }: { nextDeadlineAt?: number }): void {
  if (json) terminal.out(toJson({ kind: 'drained', nextDeadlineAt: nextDeadlineAt ?? null }));
  else if (nextDeadlineAt === undefined) terminal.out('Nothing runs. No deadline is ahead.');
  else terminal.out(`Nothing runs. Next deadline: ${localTime(nextDeadlineAt)}.`);
}

function ended(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
