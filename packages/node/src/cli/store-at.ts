import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { RunAddress, RunQuery, RunRow, Store } from '@holdfast/core/store';
import { openFileStore } from '../file-store.js';

/**
 * Calls `use` with the store in a directory, to read it: whoever owns it goes on.
 * @throws `STORE_ABSENT`, so that a wrong path is not answered with an empty list, and makes no folder.
 */
export async function withStore<T>(directory: string, use: (store: Store) => Promise<T>): Promise<T> {
  await assertStore(directory);
  const store = await openFileStore({ directory });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** @throws `STORE_ABSENT`. */
export async function assertStore(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw new HoldfastError('STORE_ABSENT', {
    message: `There is no store in ${resolve(directory)}.`,
    remedy: 'Name its directory with --dir.',
    details: { directory: resolve(directory) },
  });
}

/** All runs that a query asks for, page by page; at most `limit` of it. */
export async function runsOf(
  store: Store,
  { limit = Number.POSITIVE_INFINITY, ...query }: RunQuery,
): Promise<RunRow[]> {
  const rows: RunRow[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.list({ ...query, ...(after === undefined ? {} : { after }) });
    rows.push(...page.rows);
    if (page.cursor === undefined || rows.length >= limit) return rows.slice(0, limit);
    after = page.cursor;
  }
}

/**
 * The run that an id means: `<workflow>/<run>`, or the id of a run which is unique in its store.
 * @throws `RUN_UNKNOWN`; `OPTION_INVALID` when it may be one of several.
 */
export async function findRun(store: Store, id: string): Promise<RunRow> {
  const slashes = [...id.matchAll(/\//g)].map(({ index }) => index);
  const addresses = slashes.map((at): RunAddress => ({ workflow: id.slice(0, at), run: id.slice(at + 1) }));
  const heads = await Promise.all(addresses.map((address) => store.head(address)));
  const addressed = heads.filter((row) => row !== undefined);
  const found = addressed.length > 0 ? addressed : await namedRuns(store, id);
  const [row] = found;
  if (row && found.length === 1) return row;
  if (row) throw ambiguous(id, found);
  throw new HoldfastError('RUN_UNKNOWN', {
    message: `There is no run "${id}" in ${store.name}.`,
    remedy: '`holdfast list` tells which there are.',
    details: { id },
  });
}

async function namedRuns(store: Store, id: string): Promise<RunRow[]> {
  return (await runsOf(store, {})).filter(({ run }) => run === id);
}

function ambiguous(id: string, rows: readonly RunRow[]): HoldfastError {
  const runs = rows.map(addressOf);
  return new HoldfastError('OPTION_INVALID', {
    message: `"${id}" may be one of several runs: ${runs.join(', ')}.`,
    remedy: 'Say it with its workflow.',
    details: { id, runs },
  });
}

/** `<workflow>/<run>`. */
export function addressOf({ workflow, run }: RunAddress): string {
  return `${workflow}/${run}`;
}
