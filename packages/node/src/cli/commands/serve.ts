import { openHoldfast } from '../../open-holdfast.js';
import type { Call } from '../call.js';
import { EXIT } from '../exit-codes.js';
import { FollowedRuns, UNFINISHED } from '../follow-runs.js';
import { toJson } from '../json.js';
import { LiveView } from '../live-view.js';
import { loadModules } from '../load-module.js';
import { seenRun } from '../seen-run.js';
import { localTime } from '../times.js';
import { tellTrouble } from '../trouble.js';

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
    onError: (error) => view.around(() => tellTrouble(terminal, call, error)),
  });
  const followed = new FollowedRuns(view, ({ workflow, run }) => seenRun(holdfast.run(workflow, run)));
  const list = holdfast.runs({ status: UNFINISHED }).subscribe((rows) => void followed.show(rows));
  try {
    if (!call.json) terminal.err(`Hosting ${directory}${drain ? ' until nothing runs.' : '. Stop with Ctrl+C.'}`);
    if (!drain) await ended(ending);
    else tellDrained(call, await Promise.race([holdfast.drain(), ended(ending)]));
  } finally {
    list.unsubscribe();
    await holdfast.close();
  }
  return EXIT.ok;
}

function tellDrained({ terminal, json }: Call, drained: { nextDeadlineAt?: number } | undefined): void {
  if (!drained) return;
  const { nextDeadlineAt } = drained;
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
