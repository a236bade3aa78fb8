import { join } from 'node:path';
import { isHoldfastError } from '@holdfast/core';
import { ATTACHMENTS, readAttachment } from './attachment-files.js';
import type { FileSystem } from './file-system.js';
import { SegmentAbsent } from './log/chain.js';
import type { AttachmentRef } from './log/entry.js';
import { type BadPlace, Inspection } from './log/inspection.js';
import { draftsIn, indexedIn, indexFile, segmentFile, segmentsIn } from './log/segment-file.js';
import { type FileStoreOptions, withDefaults } from './options.js';
import { storageError } from './storage-error.js';

/** What is not as it was written. */
export interface Damage {
  /** Name in the store's directory. */
  readonly file: string;
  /** Where the damaged line begins (bytes); 0 for an attachment. */
  readonly offset: number;
  /** There is no such file. */
  readonly absent?: boolean;
}

/** What was read of a store. Of a damaged one, counts are of what could be read. */
export interface Verification {
  readonly damage: readonly Damage[];
  /** The end of the newest segment from `offset` on was never finished: it is left out when the store is next opened. */
  readonly tail: Damage | undefined;
  /** Files of the log, and attachments, that do not count, as a crash leaves them: the next owner removes them. */
  readonly strays: readonly string[];
  /** Indexes that are damaged, or not of the segment that they are named after: they are not used, and written anew. */
  readonly badIndexes: readonly string[];
  readonly segments: number;
  /** Segments beside which an index tells what they come to. */
  readonly indexes: number;
  /** Bytes of the segments that count. */
  readonly bytes: number;
  readonly runs: number;
  readonly checkpoints: number;
  readonly values: number;
  readonly attachments: number;
}

/**
 * Reads every byte of a store that counts, without a lock, and tells all that is damaged.
 *
 * @throws `STORE_FORMAT`, `STORE_UNWRITABLE`, `STORE_FAILED`.
 *
 * @example
 * const { damage } = await verifyStore({ directory: '/backup/holdfast' });
 * for (const { file, offset } of damage) console.error(`${file} is damaged at byte ${offset}`);
 */
export async function verifyStore(options: Pick<FileStoreOptions, 'directory' | 'fileSystem'>): Promise<Verification> {
  const { fileSystem, directory } = withDefaults(options, 'verifyStore');
  try {
    for (;;) {
      const files = await fileSystem.list(directory);
      const found = await look(fileSystem, directory, files).catch((error: unknown) => {
        if (!(error instanceof SegmentAbsent)) throw error;
      });
      if (found?.damage.length === 0) return found;
      // An owner may have gone on meanwhile, and removed what it no longer needs.
      const now = await fileSystem.list(directory);
      if (found && segmentsIn(files).map(segmentFile).join() === segmentsIn(now).map(segmentFile).join()) return found;
    }
  } catch (error) {
    throw storageError(error, directory);
  }
}

async function look(fileSystem: FileSystem, directory: string, files: readonly string[]): Promise<Verification> {
  const inspection = new Inspection(fileSystem, directory);
  await inspection.read(files);
  const { state, damage, tail, refs, indexes } = inspection;
  let [runs, checkpoints, values, attachments] = [0, 0, 0, 0];
  const damaged: BadPlace[] = [...damage];
  for (const run of state.runs()) {
    if (!run.row) continue;
    runs++;
    checkpoints += run.row.seq;
    values += run.values.size;
    for (const { file } of run.attachments.values()) {
      attachments++;
      const bad = await badAttachment(fileSystem, directory, refs.get(file) as AttachmentRef);
      if (bad) damaged.push(bad);
    }
  }
  const counting = new Set(state.segments.map(({ file }) => file));
  const segments = segmentsIn(files).map(segmentFile);
  const strayIndexes = indexedIn(files).filter((file) => !counting.has(file));
  const strays = [
    ...segments.filter((file) => !counting.has(file)),
    ...strayIndexes.map(indexFile),
    ...draftsIn(files),
  ];
  const used = state.files();
  for (const file of await attachmentFiles(fileSystem, directory)) {
    if (!used.has(file)) strays.push(`${ATTACHMENTS}/${file}`);
  }
  const badIndexes = indexes.bad.map(indexFile);
  const counts = {
    segments: counting.size,
    indexes: indexes.good.length,
    bytes: state.space().total,
    runs,
    checkpoints,
    values,
    attachments,
  };
  return { damage: damaged, tail, strays, badIndexes, ...counts };
}

async function attachmentFiles(fileSystem: FileSystem, directory: string): Promise<string[]> {
  const folder = join(directory, ATTACHMENTS);
  return (await fileSystem.exists(folder)) ? fileSystem.list(folder) : [];
}

async function badAttachment(
  fileSystem: FileSystem,
  directory: string,
  ref: AttachmentRef,
): Promise<BadPlace | undefined> {
  const file = `${ATTACHMENTS}/${ref.file}`;
  try {
    await readAttachment(fileSystem, directory, ref);
    return undefined;
  } catch (error) {
    if (isHoldfastError(error, 'STORE_DAMAGED')) return { file, offset: 0 };
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { file, offset: 0, absent: true };
    throw error;
  }
}
