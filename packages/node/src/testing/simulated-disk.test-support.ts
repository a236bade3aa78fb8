import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { AppendFile, FileSystem } from '../file-system.js';
import { randomFrom } from './random.test-support.js';

/** Thrown by every call from the power cut on. */
class PowerCut extends Error {}

interface File {
  bytes: Buffer;
  /** What is on the platter for sure. */
  synced: Buffer;
}

/** A change of a folder's names; of a rename, both halves at once: a file system's journal never shows one of them. */
type NameChange = { path: string; file?: File; gone?: string };

/** What becomes of writes that were not synced when the power was cut. */
export type Survival = 'nothing' | 'everything' | { readonly seed: number };

const PAGE_BYTES = 64;

/**
 * A disk in memory with a cache that is lost when the power is cut, in any pages and in any order of files.
 *
 * Owns: files, names, and which of both are synced. Never: time; it is deterministic.
 * 1. Synced bytes, and names in a synced folder, survive. Of other bytes any pages may, a lost page reads as zeros;
 *    of the changes of a folder's names any leading part may.
 * 2. Each call is one operation; the one of number `cutAt` happens partly, or not at all, and all later ones reject.
 */
export class SimulatedDisk implements FileSystem {
  /** Operations so far. */
  operations = 0;
  /** The operation at which the power is cut. */
  cutAt = Number.POSITIVE_INFINITY;
  /** Operations that fail with a system's error code. */
  readonly failures = new Map<number, string>();
  readonly #names = new Map<string, File>();
  readonly #syncedNames = new Map<string, File>();
  #nameChanges: NameChange[] = [];
  readonly #folders = new Set<string>();

  /** The disk as it may be found after the power is back. */
  afterPowerCut(survival: Survival): SimulatedDisk {
    const disk = new SimulatedDisk();
    const random = typeof survival === 'object' ? randomFrom(survival.seed) : () => (survival === 'nothing' ? 0 : 1);
    for (const folder of this.#folders) disk.#folders.add(folder);
    for (const [path, file] of this.#survivingNames(random)) {
      const bytes = survivingBytes(file, random);
      disk.put(path, bytes);
    }
    return disk;
  }

  /** A copy in which all that was written is synced. */
  copy(): SimulatedDisk {
    return this.afterPowerCut('everything');
  }

  /** Puts a file there, synced. */
  put(path: string, bytes: Uint8Array): void {
    const file = { bytes: Buffer.from(bytes), synced: Buffer.from(bytes) };
    this.#names.set(path, file);
    this.#syncedNames.set(path, file);
  }

  /** Bytes of a file, past any failure. */
  peek(path: string): Buffer {
    return Buffer.from(this.#file(path).bytes);
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  /** A digest of its folders, its names and the bytes under them: whether synced or not. */
  contents(): string {
    const hash = createHash('sha256').update([...this.#folders].sort().join('\n'));
    for (const path of this.paths()) {
      const { bytes } = this.#file(path);
      hash.update(`\n${path} ${bytes.length}\n`).update(bytes);
    }
    return hash.digest('base64');
  }

  async makeFolder(path: string): Promise<void> {
    this.#operate();
    this.#folders.add(path);
  }

  async list(folder: string): Promise<string[]> {
    this.#operate();
    if (!this.#folders.has(folder)) throw systemError('ENOENT', folder);
    return this.paths().flatMap((path) => (dirname(path) === folder ? path.slice(folder.length + 1) : []));
  }

  async exists(path: string): Promise<boolean> {
    this.#operate();
    return this.#names.has(path) || this.#folders.has(path);
  }

  async read(path: string): Promise<Uint8Array> {
    this.#operate();
    return this.peek(path);
  }

  async readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
    this.#operate();
    return this.peek(path).subarray(offset, offset + length);
  }

  async size(path: string): Promise<number> {
    this.#operate();
    return this.#file(path).bytes.length;
  }

  async openForAppend(path: string): Promise<AppendFile> {
    this.#operate();
    const file = this.#names.get(path) ?? this.#create(path);
    return {
      append: async (bytes) => {
        const whole = Buffer.from(bytes);
        this.#operate(() => this.#extend(file, whole.subarray(0, whole.length >> 1)));
        this.#extend(file, whole);
      },
      datasync: async () => {
        this.#operate();
        file.synced = file.bytes;
      },
      close: async () => this.#operate(),
    };
  }

  async createExclusive(path: string, bytes: Uint8Array): Promise<void> {
    if (this.#names.has(path)) throw systemError('EEXIST', path);
    const file = await this.openForAppend(path);
    await file.append(bytes);
    await file.datasync();
  }

  async link(from: string, to: string): Promise<void> {
    this.#operate();
    const file = this.#file(from);
    if (this.#names.has(to)) throw systemError('EEXIST', to);
    this.#names.set(to, file);
    this.#nameChanges.push({ path: to, file });
  }

  async rename(from: string, to: string): Promise<void> {
    this.#operate();
    const file = this.#file(from);
    this.#names.delete(from);
    this.#names.set(to, file);
    this.#nameChanges.push({ path: to, file, gone: from });
  }

  async remove(path: string): Promise<void> {
    this.#operate();
    if (this.#names.delete(path)) this.#nameChanges.push({ path, gone: path });
  }

  async syncFolder(folder: string): Promise<void> {
    this.#operate();
    const mine = this.#nameChanges.filter(({ path }) => dirname(path) === folder);
    for (const change of mine) applyTo(this.#syncedNames, change);
    this.#nameChanges = this.#nameChanges.filter((change) => !mine.includes(change));
  }

  #operate(half: () => void = () => {}): void {
    this.operations++;
    const code = this.failures.get(this.operations);
    if (this.operations === this.cutAt || code) half();
    if (this.operations >= this.cutAt) throw new PowerCut('the power is cut');
    if (code) throw systemError(code, 'simulated');
  }

  #file(path: string): File {
    const file = this.#names.get(path);
    if (!file) throw systemError('ENOENT', path);
    return file;
  }

  #create(path: string): File {
    const file = { bytes: Buffer.alloc(0), synced: Buffer.alloc(0) };
    this.#names.set(path, file);
    this.#nameChanges.push({ path, file });
    return file;
  }

  #extend(file: File, bytes: Buffer): void {
    file.bytes = Buffer.concat([file.bytes, bytes]);
  }

  #survivingNames(random: () => number): Map<string, File> {
    const names = new Map(this.#syncedNames);
    const folders = new Set(this.#nameChanges.map(({ path }) => dirname(path)));
    for (const folder of folders) {
      const changes = this.#nameChanges.filter(({ path }) => dirname(path) === folder);
      const kept = Math.round(random() * changes.length);
      for (const change of changes.slice(0, kept)) applyTo(names, change);
    }
    return names;
  }
}

function applyTo(names: Map<string, File>, change: NameChange): void {
  if (change.gone !== undefined) names.delete(change.gone);
  if (change.file) names.set(change.path, change.file);
}

function survivingBytes({ bytes, synced }: File, random: () => number): Buffer {
  const length = synced.length + Math.round(random() * (bytes.length - synced.length));
  const found = Buffer.alloc(length);
  synced.copy(found, 0, 0, Math.min(length, synced.length));
  for (let offset = 0; offset < length; offset += PAGE_BYTES) {
    if (random() >= 0.5) bytes.copy(found, offset, offset, Math.min(offset + PAGE_BYTES, length));
  }
  return found;
}

function systemError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
