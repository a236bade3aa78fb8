import type { HostStatus, RunList, RunRow } from '@holdfast/core';
import { pause } from '../../link/pause.js';
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

const LONG_MS = 3_600_000;

export interface ServeOptions {
  readonly drain?: boolean;
  readonly standby?: boolean;
}

/** `holdfast serve`: hosts all runs of its modules, until it is told to end, or nothing runs any more. */
export async function serve(call: Call, modules: readonly string[], options: ServeOptions): Promise<number> {
  const { drain = false, standby = false } = options;
  const { terminal, directory, ending } = call;
  const view = new LiveView(terminal, call);
  const holdfast = await openHoldfast({
    ...(await loadModules(modules)),
    directory,
    ...(standby ? { whenOwned: 'standby' } : {}),
    ...warnings(call, view),
  });
  const over = new AbortController();
  const status = holdfast.host.subscribe((now) => tellStatus(call, now));
  const followed = new FollowedRuns(view, ({ workflow, run }) => seenRun(holdfast.run(workflow, run)));
  const going = holdfast.runs({ status: UNFINISHED });
  const shown = going.subscribe((rows) => void followed.show(rows));
  try {
    tellStatus(call, holdfast.host.getSnapshot());
    if (!call.json) terminal.err(drain ? 'It ends when nothing runs.' : 'Stop with Ctrl+C.');
    const stop = AbortSignal.any([ending, over.signal]);
    const drained = await (drain ? Promise.race([holdfast.drain(), ended(stop)]) : ended(stop));
    shown.unsubscribe();
    await followed.show(await latest(going));
    if (drained) tellDrained(call, drained);
  } finally {
    over.abort();
    status.unsubscribe();
    await holdfast.close();
  }
  return EXIT.ok;
}

/** On stderr, as it is nothing that a run does. */
function tellStatus({ terminal, json, directory }: Call, status: HostStatus): void {
  if (json) terminal.err(toJson({ kind: 'host', status }));
  else terminal.err(status === 'owner' ? `Hosting ${directory}.` : `Standing by for the host of ${directory}.`);
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

/** Keeps the process alive: a host with nothing to do waits for what others send. */
async function ended(signal: AbortSignal): Promise<undefined> {
  while (!signal.aborted) await pause(LONG_MS, { holds: true }, signal);
}
