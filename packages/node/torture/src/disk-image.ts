import { dirname } from 'node:path';
import type { Chance } from './chance.js';

/** What a file holds: now, and on the platter for sure. Replaced, never changed in place. */
export interface Content {
  readonly bytes: Buffer;
  readonly synced: Buffer;
}

/** A change of a folder's names that its folder's sync makes lasting. `from` is the other half of a rename. */
export interface NameChange {
  readonly path: string;
  /** Undefined: the name goes. */
  readonly file?: number;
  readonly from?: string;
}

/**
 * What becomes of what was not synced when the power is cut: all of it is gone, all is there, or any of it: `ordered`,
 * where a folder's names change in order, as under a file system with a journal; `unordered` where they don't, and a
 * rename may leave both names.
 */
export type Survival = 'nothing' | 'everything' | 'ordered' | 'unordered';

/** A disk at an instant: files by number, names, and the names that are certain. */
export interface DiskImage {
  /** Rises with every change. */
  readonly version: number;
  readonly folders: ReadonlySet<string>;
  readonly contents: ReadonlyMap<number, Content>;
  readonly names: ReadonlyMap<string, number>;
  readonly syncedNames: ReadonlyMap<string, number>;
  readonly changes: readonly NameChange[];
  /** Bytes on their way to the end of a file: any part of them may have come there. */
  readonly underway?: { readonly file: number; readonly bytes: Buffer };
}

const PAGE_BYTES = [32, 64, 256, 512, 4096];

/** The files that may be found when the power is back. */
export function survivors(image: DiskImage, how: Survival, chance: Chance): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const pageBytes = chance.pick(PAGE_BYTES);
  for (const [path, file] of survivingNames(image, how, chance)) {
    const content = image.contents.get(file) as Content;
    found.set(path, survivingBytes(withUnderway(content, file, image, how, chance), how, pageBytes, chance));
  }
  return found;
}

function withUnderway(content: Content, file: number, image: DiskImage, how: Survival, chance: Chance): Content {
  if (image.underway?.file !== file || how === 'nothing') return content;
  const { bytes } = image.underway;
  const kept = how === 'everything' ? bytes.length : chance.below(bytes.length + 1);
  return { ...content, bytes: Buffer.concat([content.bytes, bytes.subarray(0, kept)]) };
}

function survivingNames(image: DiskImage, how: Survival, chance: Chance): Map<string, number> {
  if (how === 'everything') return new Map(image.names);
  const names = new Map(image.syncedNames);
  if (how === 'nothing') return names;
  const folders = new Set(image.changes.map(({ path }) => dirname(path)));
  for (const folder of folders) {
    const changes = image.changes.filter(({ path }) => dirname(path) === folder);
    const kept = chance.below(changes.length + 1);
    for (const [at, change] of changes.entries()) {
      if (how === 'ordered' ? at < kept : chance.is(0.5)) {
        applyChange(names, how === 'unordered' && chance.is(0.5) ? withoutFrom(change) : change);
      }
    }
  }
  return names;
}

/** Both halves of a rename at once; a file that is gone from both names is what no file system leaves. */
export function applyChange(names: Map<string, number>, { path, file, from }: NameChange): void {
  if (from !== undefined) names.delete(from);
  if (file === undefined) names.delete(path);
  else names.set(path, file);
}

function withoutFrom({ path, file }: NameChange): NameChange {
  return file === undefined ? { path } : { path, file };
}

function survivingBytes(content: Content, how: Survival, pageBytes: number, chance: Chance): Buffer {
  const { bytes, synced } = content;
  if (how === 'nothing') return synced;
  if (how === 'everything' || bytes.equals(synced)) return bytes;
  if (bytes.length < synced.length) return chance.is(0.5) ? bytes : synced;
  const length = survivingLength(synced.length, bytes.length, chance);
  const found = Buffer.alloc(length);
  synced.copy(found);
  const first = Math.floor(synced.length / pageBytes) * pageBytes;
  for (let offset = first; offset < length; offset += pageBytes) {
    const end = Math.min(offset + pageBytes, length);
    const start = Math.max(offset, synced.length);
    const fate = chance.next();
    if (fate < 0.45) bytes.copy(found, start, start, end);
    else if (fate < 0.6) bytes.copy(found, start, start, start + chance.below(end - start + 1));
    else if (fate < 0.65) bytes.copy(found, start, 0, end - start); // what a block held before
  }
  return found;
}

function survivingLength(least: number, most: number, chance: Chance): number {
  const fate = chance.next();
  if (fate < 0.3) return most;
  return fate < 0.4 ? least : least + chance.below(most - least + 1);
}
