import { setTimeout as pause } from 'node:timers/promises';
import type { RunAddress, Store } from '@holdfast/core/store';
import type { Call } from '../call.js';
import { EXIT } from '../exit-codes.js';
import { FollowedRuns, UNFINISHED } from '../follow-runs.js';
import { LiveView } from '../live-view.js';
import { hasEnded, type SeenRun } from '../run-lines.js';
import { findRun, runsOf, withStore } from '../store-at.js';

/** How long until it looks again, in ms. */
const LOOK_EVERY_MS = 250;

/** `holdfast watch`: shows what goes on in a store, whoever hosts it; a single run until it has ended. */
export function watch(call: Call, id: string | undefined): Promise<number> {
  const view = new LiveView(call.terminal, call);
  return withStore(call.directory, async (store) => {
    if (id === undefined) await watchAll(call, store, view);
    else await watchOne(call, store, view, await findRun(store, id));
    return EXIT.ok;
  });
}

async function watchAll({ ending }: Call, store: Store, view: LiveView): Promise<void> {
  const followed = new FollowedRuns(view, (address) => seen(store, address));
  while (!ending.aborted) {
    await followed.show(await runsOf(store, { status: UNFINISHED }));
    await lookAgain(ending);
  }
}

async function watchOne({ ending }: Call, store: Store, view: LiveView, address: RunAddress): Promise<void> {
  while (!ending.aborted) {
    const run = await seen(store, address);
    view.show([run]);
    if (hasEnded(run)) return;
    await lookAgain(ending);
  }
}

function lookAgain(signal: AbortSignal): Promise<void> {
  return pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
}

async function seen(store: Store, { workflow, run }: RunAddress): Promise<SeenRun> {
  return (await store.head({ workflow, run })) ?? { workflow, run, status: 'absent', reasons: [], seq: 0 };
}
