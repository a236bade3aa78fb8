import { join } from 'node:path';
import { AttachmentFiles } from '../attachment-files.js';
import { forgetGone } from '../mail/forget-gone.js';
import type { OwnerFile } from '../owner/owner-file.js';
import type { UnsureLine } from './batch.js';
import type { LogOptions } from './log-options.js';
import { LogView } from './log-view.js';
import { LogWriter } from './log-writer.js';
import { LinePlace } from './place.js';
import { draftsIn, indexedIn, indexFile, segmentFile, segmentsIn } from './segment-file.js';
import type { LogState } from './state.js';

export interface Recovered {
  readonly state: LogState;
  readonly writer: LogWriter;
  /** Whether the owner before ended without giving the log back. */
  readonly afterCrash: boolean;
  /** Segments that have an index. */
  readonly indexed: ReadonlySet<string>;
  /** Removes what is left of others, and no longer needed. */
  tidy(): Promise<void>;
}

/**
 * Takes a log over: what is known to be synced stays where it is; good lines beyond, of which nobody knows where they
 * are, are written anew in the first segment of this owner. Nothing of others is changed.
 *
 * @throws `STORE_FENCED`, `STORE_DAMAGED`, `STORE_FORMAT`, store codes.
 */
export async function recover(options: LogOptions, owner: OwnerFile): Promise<Recovered> {
  const { fileSystem, directory, onReport } = options;
  const view = new LogView(fileSystem, directory);
  await view.catchUp();
  const { state, tail, end, unsure } = view;
  if (tail) onReport({ code: 'TAIL_CUT', ...tail });
  const last = unsure.at(-1)?.line ?? end?.last;
  const nowhere = { file: '', length: 0, live: 0 };
  const lines = unsure.map(({ line }): UnsureLine => ({ entry: line.entry, place: new LinePlace(nowhere, 0, 0) }));
  const reached = { length: end?.length ?? 0, line: end?.last.line ?? 0, batch: end?.last.batch ?? 0 };
  await forgetGone(state.mail, options);
  const assertNewest = () => owner.assertNewest();
  const place = { fileSystem, directory, epoch: owner.epoch, state, assertNewest };
  const writer = new LogWriter(place, { reached, unsure: lines, lastBatch: last?.batch ?? 0 });
  await writer.begin();
  for (const line of lines) state.apply(line.entry, line.place);
  const afterCrash = last !== undefined && !(last.entry.kind === 'end' && last.entry.released);
  return { state, writer, afterCrash, indexed: view.indexed, tidy: () => tidy(options, owner.epoch, state) };
}

async function tidy({ fileSystem, directory }: LogOptions, epoch: number, state: LogState): Promise<void> {
  const files = await fileSystem.list(directory);
  const counting = new Set(state.segments.map(({ file }) => file));
  const segments = segmentsIn(files).filter((name) => name.epoch <= epoch && !counting.has(segmentFile(name)));
  const indexes = indexedIn(files).filter((segment) => !counting.has(segment));
  for (const file of [...segments.map(segmentFile), ...indexes.map(indexFile), ...draftsIn(files, epoch)])
    await fileSystem.remove(join(directory, file));
  await new AttachmentFiles(fileSystem, directory, epoch).removeOthers(state.files());
}
