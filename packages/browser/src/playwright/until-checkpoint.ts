import type { HistoryRow } from '@holdfast/core/store';
import type { Page } from '@playwright/test';

/** Which checkpoint of which run. Without `seq` and `step` it is the first. */
export interface CheckpointQuery {
  readonly workflow: string;
  /** Id of the run. */
  readonly run: string;
  /** One of this number, or a later one. */
  readonly seq?: number;
  /** One in which the step of that name is completed: `upload:07` for a part of `step.all`. */
  readonly step?: string;
  /** Name of the store; default `'holdfast'`. */
  readonly name?: string;
  /** How long to wait, in ms; default 30,000. */
  readonly timeout?: number;
}

/**
 * Waits until a checkpoint is stored in the browser of this page, and gives its row of the history. It looks into the
 * database itself each 10 ms, so it holds whoever owns the store: the next step may have begun. The page must stay where
 * it is meanwhile.
 * @throws Error when there is none in time.
 *
 * @example
 * await untilCheckpoint(page, { workflow: 'photo-import', run: 'trip-2026', step: 'hash:3' });
 * await page.reload();
 */
export async function untilCheckpoint(page: Page, query: CheckpointQuery): Promise<HistoryRow> {
  const { timeout = 30_000, name = 'holdfast', workflow, run, seq = 1, step } = query;
  const found = await page.evaluate(findCheckpoint, { name, workflow, run, seq, step, timeout });
  if (found) return found;
  const what = step === undefined ? `checkpoint ${seq}` : `completed step "${step}"`;
  throw new Error(`The run "${run}" of ${workflow} has no ${what} after ${timeout} ms.`);
}

interface Wanted {
  readonly name: string;
  readonly workflow: string;
  readonly run: string;
  readonly seq: number;
  readonly step: string | undefined;
  readonly timeout: number;
}

/** Runs in the page, as text: it knows nothing of this file. */
async function findCheckpoint({ name, workflow, run, seq, step, timeout }: Wanted): Promise<HistoryRow | undefined> {
  const settled = <T>(request: IDBRequest<T>) =>
    new Promise<T | undefined>((resolve) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(undefined);
    });
  const range = IDBKeyRange.bound([workflow, run, seq], [workflow, run, []]);
  const isWanted = ({ arrival }: HistoryRow) =>
    step === undefined || (arrival.outcome === 'completed' && arrival.name === step);
  const look = async () => {
    const opening = indexedDB.open(name);
    // Where there is no database, none is made.
    opening.onupgradeneeded = () => opening.transaction?.abort();
    const db = await settled(opening);
    const rows =
      db &&
      (await settled<HistoryRow[]>(db.transaction('holdfast_history').objectStore('holdfast_history').getAll(range)));
    db?.close();
    return rows?.find(isWanted);
  };
  for (const endAt = performance.now() + timeout; ; await new Promise((resolve) => setTimeout(resolve, 10))) {
    const row = await look();
    if (row || performance.now() > endAt) return row;
  }
}
