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

const POLL_MS = 10;

/**
 * Waits until a checkpoint is stored in the browser of this page, and gives its row of the history. It looks into the
 * database itself each 10 ms, so it holds whoever owns the store: the next step may have begun.
 * @throws Playwright's TimeoutError.
 *
 * @example
 * await untilCheckpoint(page, { workflow: 'photo-import', run: 'trip-2026', step: 'hash:3' });
 * await page.reload();
 */
export async function untilCheckpoint(page: Page, query: CheckpointQuery): Promise<HistoryRow> {
  const { timeout = 30_000, name = 'holdfast', workflow, run, seq = 1, step } = query;
  const options = { timeout, polling: POLL_MS };
  const found = await page.waitForFunction(findCheckpoint, { name, workflow, run, seq, step }, options);
  return (await found.jsonValue()) as HistoryRow;
}

interface Wanted {
  readonly name: string;
  readonly workflow: string;
  readonly run: string;
  readonly seq: number;
  readonly step: string | undefined;
}

/** Runs in the page, as text: it knows nothing of this file. */
async function findCheckpoint({ name, workflow, run, seq, step }: Wanted): Promise<HistoryRow | undefined> {
  const settled = <T>(request: IDBRequest<T>) =>
    new Promise<T | undefined>((resolve) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(undefined);
    });
  const opening = indexedDB.open(name);
  // Where there is no database, none is made.
  opening.onupgradeneeded = () => opening.transaction?.abort();
  const db = await settled(opening);
  if (!db) return undefined;
  const range = IDBKeyRange.bound([workflow, run, seq], [workflow, run, []]);
  const rows = (await settled<HistoryRow[]>(db.transaction('history').objectStore('history').getAll(range))) ?? [];
  db.close();
  const isCompleted = ({ arrival }: HistoryRow) => arrival.outcome === 'completed' && arrival.name === step;
  return rows.find((row) => step === undefined || isCompleted(row));
}
