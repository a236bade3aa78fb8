import type { RunAddress, Store } from '@holdfast/core/store';
import { pause } from '../../link/pause.js';
import type { Call } from '../call.js';
import { EXIT } from '../exit-codes.js';
import { FollowedRuns, UNFINISHED } from '../follow-runs.js';
import { LiveView } from '../live-view.js';
import { hasEnded, type SeenRun } from '../run-lines.js';
import { findRun, runsOf, withStore } from '../store-at.js';

/** How long until it looks again where nobody tells of changes, in ms. */
const LOOK_EVERY_MS = 1000;

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
  const changes = changesOf(store, ending);
  const followed = new FollowedRuns(view, (address) => seen(store, address));
  while (!ending.aborted) {
    await followed.show(await runsOf(store, { status: UNFINISHED }));
    await changes.next();
  }
}

async function watchOne({ ending }: Call, store: Store, view: LiveView, address: RunAddress): Promise<void> {
  const changes = changesOf(store, ending);
  while (!ending.aborted) {
    const run = await seen(store, address);
    view.show([run]);
    if (hasEnded(run)) return;
    await changes.next();
  }
}

/** `next` resolves at once where something has changed since it last did, and at the latest after a while. */
function changesOf(store: Store, ending: AbortSignal): { next(): Promise<void> } {
  let changed = new AbortController();
  store.watch(() => changed.abort());
  return {
    async next() {
      await pause(LOOK_EVERY_MS, { holds: true }, ending, changed.signal);
      changed = new AbortController();
    },
  };
}

async function seen(store: Store, { workflow, run }: RunAddress): Promise<SeenRun> {
  return (await store.head({ workflow, run })) ?? { workflow, run, status: 'absent', reasons: [], seq: 0 };
}
