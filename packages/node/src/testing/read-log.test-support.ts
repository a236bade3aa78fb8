import { isHoldfastError } from '@holdfast/core';
import type { FileSystem } from '../file-system.js';
import { LogView } from '../log/log-view.js';
import { LinePlace } from '../log/place.js';
import { RunReader } from '../log/run-reader.js';

/** What a log reads as: all records, with what is not known to be synced; or the code of the refusal. */
export type ReadLog =
  | { readonly records: string; readonly torn: { readonly file: string; readonly offset: number } | undefined }
  | { readonly code: string; readonly file: unknown; readonly offset: unknown };

/** Reads all records of the log in `/store`, as a new owner would. */
export async function readLog(fileSystem: FileSystem): Promise<ReadLog> {
  try {
    const view = new LogView(fileSystem, '/store');
    await view.catchUp();
    const { state, unsure, tail: torn } = view;
    const segment = state.segments.at(-1) ?? { file: '', length: 0, live: 0 };
    for (const { line, offset, length } of unsure) state.apply(line.entry, new LinePlace(segment, offset, length));
    const reader = new RunReader({ fileSystem, directory: '/store' });
    const records: unknown[] = [];
    for (const row of state.list().rows) {
      const run = await reader.run(state, row);
      records.push({ ...run, values: [...(run?.values ?? [])].sort(), history: await reader.history(state, row) });
    }
    return { records: JSON.stringify(records), torn };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { code: error.code, file: error.details.file, offset: error.details.offset };
  }
}
