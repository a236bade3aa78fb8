import type { Labels, RunRow, RunStatus } from '@holdfast/core';
import type { Call } from '../call.js';
import { EXIT } from '../exit-codes.js';
import { toJson } from '../json.js';
import { runColumns } from '../run-lines.js';
import { runsOf, withStore } from '../store-at.js';
import { table } from '../table.js';

export interface ListOptions {
  readonly workflow?: string;
  readonly status?: readonly RunStatus[];
  readonly label?: Labels;
  readonly limit: number;
}

/** `holdfast list`. */
export async function list(call: Call, { workflow, status, label, limit }: ListOptions): Promise<number> {
  const query = {
    ...(workflow === undefined ? {} : { workflow }),
    ...(status === undefined ? {} : { status }),
    ...(label === undefined ? {} : { labels: label }),
    limit,
  };
  const rows = await withStore(call.directory, (store) => runsOf(store, query));
  if (call.json) for (const row of rows) call.terminal.out(toJson(row));
  else for (const line of asTable(rows, call)) call.terminal.out(line);
  return EXIT.ok;
}

function asTable(rows: readonly RunRow[], { terminal }: Call): string[] {
  return rows.length === 0 ? ['No runs.'] : table(rows, runColumns(Date.now()), terminal);
}
