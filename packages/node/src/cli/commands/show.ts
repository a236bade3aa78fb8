import type { HistoryRow } from '@holdfast/core';
import { inspectRun } from '@holdfast/core/host';
import type { RunAddress, Store } from '@holdfast/core/store';
import type { Call } from '../call.js';
import { EXIT } from '../exit-codes.js';
import { toJson } from '../json.js';
import { findRun, withStore } from '../store-at.js';
import { timeline } from '../timeline.js';

/** `holdfast show`. */
export function show(call: Call, id: string): Promise<number> {
  return withStore(call.directory, async (store) => {
    const stored = await store.load(await findRun(store, id));
    if (!stored) return EXIT.notFound;
    const run = inspectRun(stored);
    const history = await historyOf(store, stored.row);
    if (call.json) call.terminal.out(toJson({ ...run, history }));
    else for (const line of timeline(run, history, Date.now(), call.terminal)) call.terminal.out(line);
    return EXIT.ok;
  });
}

async function historyOf(store: Store, address: RunAddress): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = [];
  for (;;) {
    const page = await store.history(address, { after: rows.at(-1)?.seq ?? 0 });
    if (page.length === 0) return rows;
    rows.push(...page);
  }
}
