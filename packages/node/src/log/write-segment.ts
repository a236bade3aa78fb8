import { FORMAT_VERSION } from '@holdfast/core/store';
import type { FileSystem } from '../file-system.js';
import type { Entry } from './entry.js';
import { encodeLine } from './line.js';
import type { LogState } from './state.js';

/** How much of a segment is made in one go, between two turns of the event loop. */
const CHUNK_CHARS = 1 << 18;

/** Where a log stands: the numbers of its last line and its last batch. */
export interface Position {
  readonly line: number;
  readonly batch: number;
}

/** Writes and syncs the file of a segment that starts from `state`: a header and one line a run, all of one batch. */
export async function writeSegment(
  fileSystem: FileSystem,
  path: string,
  { state, epoch, after }: { state: LogState; epoch: number; after: Position },
): Promise<{ line: number; length: number }> {
  const { header, runs } = state.dump();
  let { line } = after;
  let left = header.runs;
  const encode = (entry: Entry) =>
    encodeLine({ line: ++line, batch: after.batch + 1, left: left--, synced: after.batch, entry });
  let length = 0;
  // An owner that could not begin, or a power cut, may have left a part of one under this very name.
  await fileSystem.remove(path);
  const file = await fileSystem.openForAppend(path);
  try {
    let text = encode({ ...header, format: FORMAT_VERSION, epoch });
    const flush = async () => {
      const bytes = Buffer.from(text);
      text = '';
      length += bytes.length;
      await file.append(bytes);
    };
    for (const entry of runs) {
      text += encode(entry);
      if (text.length > CHUNK_CHARS) await flush();
    }
    await flush();
    await file.datasync();
  } finally {
    await file.close();
  }
  return { line, length };
}
