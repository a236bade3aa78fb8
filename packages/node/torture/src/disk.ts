import { dirname } from 'node:path';
import type { AppendFile, FileSystem } from '@holdfast/node';
import type { Chance } from './chance.js';
import { applyChange, type Content, type DiskImage, type NameChange } from './disk-image.js';

/** What a disk is asked to do. */
export interface Operation {
  /** The method of the port. */
  readonly what: string;
  readonly path: string;
  /** Of an `append`. */
  readonly bytes?: Buffer;
}

export interface DiskOptions {
  /**
   * With it, operations that are asked for at a time happen one by one in an order by chance, each once whoever waits
   * for the one before has gone on as far as he can. Without it they happen at once, in order.
   */
  readonly chance?: Chance;
  /** Called before each operation has an effect; may answer with the code of a system error, which it then has. */
  readonly before?: (operation: Operation, disk: Disk) => Promise<string | undefined> | string | undefined;
}

interface Waiting {
  readonly operation: Operation;
  readonly go: () => void;
}

/**
 * A disk in memory with a cache, of which images can be taken at every instant.
 *
 * Owns: files, names, and which of both are synced. Never: what survives of an image (disk-image.ts).
 * 1. `datasync` makes the bytes of its file lasting and not its name; `syncFolder` the names in a folder.
 * 2. An operation that fails has had no effect; but a failed `append` has written a part.
 */
export class Disk implements FileSystem {
  operations = 0;
  readonly #chance: Chance | undefined;
  readonly #before: DiskOptions['before'];
  readonly #folders = new Set<string>();
  readonly #contents = new Map<number, Content>();
  readonly #names = new Map<string, number>();
  readonly #syncedNames = new Map<string, number>();
  #changes: NameChange[] = [];
  #files = 0;
  #version = 0;
  readonly #waiting: Waiting[] = [];
  #pumping = false;

  constructor({ chance, before }: DiskOptions = {}) {
    this.#chance = chance;
    this.#before = before;
  }

  /** A disk on which there are these files, all of them synced. */
  static of(files: ReadonlyMap<string, Uint8Array>, folders: Iterable<string>, options: DiskOptions = {}): Disk {
    const disk = new Disk(options);
    for (const folder of folders) disk.#folders.add(folder);
    for (const [path, bytes] of files) disk.put(path, bytes);
    return disk;
  }

  image(underway?: Operation): DiskImage {
    const file = underway && this.#names.get(underway.path);
    return {
      version: this.#version,
      folders: new Set(this.#folders),
      contents: new Map(this.#contents),
      names: new Map(this.#names),
      syncedNames: new Map(this.#syncedNames),
      changes: [...this.#changes],
      ...(file !== undefined && underway?.bytes ? { underway: { file, bytes: underway.bytes } } : {}),
    };
  }

  /** All files as they are. */
  files(): Map<string, Buffer> {
    return new Map([...this.#names].map(([path, file]) => [path, (this.#contents.get(file) as Content).bytes]));
  }

  folders(): string[] {
    return [...this.#folders];
  }

  /** Puts a file there, synced. */
  put(path: string, bytes: Uint8Array): void {
    const copy = Buffer.from(bytes);
    this.#contents.set(++this.#files, { bytes: copy, synced: copy });
    this.#names.set(path, this.#files);
    this.#syncedNames.set(path, this.#files);
  }

  makeFolder(path: string): Promise<void> {
    return this.#operate({ what: 'makeFolder', path }, () => void this.#folders.add(path));
  }

  list(folder: string): Promise<string[]> {
    return this.#operate({ what: 'list', path: folder }, () => {
      if (!this.#folders.has(folder)) throw systemError('ENOENT', folder);
      const inside = [...this.#names.keys(), ...this.#folders].filter((path) => dirname(path) === folder);
      return inside.map((path) => path.slice(folder.length + 1));
    });
  }

  exists(path: string): Promise<boolean> {
    return this.#operate({ what: 'exists', path }, () => this.#names.has(path) || this.#folders.has(path));
  }

  read(path: string): Promise<Uint8Array> {
    return this.#operate({ what: 'read', path }, () => Buffer.from(this.#content(path).bytes));
  }

  readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#operate({ what: 'readAt', path }, () =>
      Buffer.from(this.#content(path).bytes.subarray(offset, offset + length)),
    );
  }

  size(path: string): Promise<number> {
    return this.#operate({ what: 'size', path }, () => this.#content(path).bytes.length);
  }

  async openForAppend(path: string): Promise<AppendFile> {
    const file = await this.#operate({ what: 'openForAppend', path }, () => {
      if (!this.#folders.has(dirname(path))) throw systemError('ENOENT', path);
      return this.#names.get(path) ?? this.#create(path);
    });
    return {
      append: (bytes) => {
        const whole = Buffer.from(bytes);
        return this.#operate({ what: 'append', path, bytes: whole }, () => this.#extend(file, whole));
      },
      datasync: () => this.#operate({ what: 'datasync', path }, () => this.#sync(file)),
      close: () => this.#operate({ what: 'close', path }, () => {}),
    };
  }

  async createExclusive(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#operate({ what: 'createExclusive', path }, () => {
      if (this.#names.has(path)) throw systemError('EEXIST', path);
      return this.#create(path);
    });
    const whole = Buffer.from(bytes);
    await this.#operate({ what: 'append', path, bytes: whole }, () => this.#extend(file, whole));
    await this.#operate({ what: 'datasync', path }, () => this.#sync(file));
  }

  async truncate(path: string, length: number): Promise<void> {
    const file = await this.#operate({ what: 'truncate', path }, () => {
      const { bytes, synced } = this.#content(path);
      this.#contents.set(this.#number(path), { bytes: bytes.subarray(0, length), synced });
      return this.#number(path);
    });
    await this.#operate({ what: 'datasync', path }, () => this.#sync(file));
  }

  link(from: string, path: string): Promise<void> {
    return this.#operate({ what: 'link', path }, () => {
      if (this.#names.has(path)) throw systemError('EEXIST', path);
      this.#change({ path, file: this.#number(from) });
    });
  }

  rename(from: string, path: string): Promise<void> {
    return this.#operate({ what: 'rename', path }, () => this.#change({ path, file: this.#number(from), from }));
  }

  remove(path: string): Promise<void> {
    return this.#operate({ what: 'remove', path }, () => {
      if (this.#names.has(path)) this.#change({ path });
    });
  }

  syncFolder(folder: string): Promise<void> {
    return this.#operate({ what: 'syncFolder', path: folder }, () => this.#syncNames(folder));
  }

  #sync(file: number): void {
    const { bytes } = this.#contents.get(file) as Content;
    this.#contents.set(file, { bytes, synced: bytes });
  }

  #syncNames(folder: string): void {
    for (const change of this.#changes) if (dirname(change.path) === folder) applyChange(this.#syncedNames, change);
    this.#changes = this.#changes.filter(({ path }) => dirname(path) !== folder);
  }

  async #operate<T>(operation: Operation, effect: () => T): Promise<T> {
    await this.#turn(operation);
    this.operations++;
    const code = await this.#before?.(operation, this);
    if (!LOOKS.includes(operation.what)) this.#version++;
    if (code === undefined) return effect();
    if (operation.bytes) this.#extendPath(operation.path, operation.bytes.subarray(0, operation.bytes.length >> 1));
    throw systemError(code, operation.path);
  }

  /** Resolves when it is this operation's turn. */
  async #turn(operation: Operation): Promise<void> {
    if (!this.#chance) return;
    await new Promise<void>((go) => {
      this.#waiting.push({ operation, go });
      if (!this.#pumping) void this.#pump(this.#chance as Chance);
    });
  }

  async #pump(chance: Chance): Promise<void> {
    this.#pumping = true;
    for (;;) {
      for (let turn = 0; turn < SETTLING_TURNS; turn++) await new Promise<void>((next) => setImmediate(next));
      const next = this.#waiting.splice(chance.below(this.#waiting.length), 1)[0];
      if (!next) break;
      next.go();
    }
    this.#pumping = false;
  }

  #content(path: string): Content {
    return this.#contents.get(this.#number(path)) as Content;
  }

  #number(path: string): number {
    const file = this.#names.get(path);
    if (file === undefined) throw systemError('ENOENT', path);
    return file;
  }

  #create(path: string): number {
    this.#contents.set(++this.#files, { bytes: Buffer.alloc(0), synced: Buffer.alloc(0) });
    this.#change({ path, file: this.#files });
    return this.#files;
  }

  #change(change: NameChange): void {
    applyChange(this.#names, change);
    this.#changes.push(change);
  }

  #extend(file: number, more: Buffer): void {
    const { bytes, synced } = this.#contents.get(file) as Content;
    this.#contents.set(file, { bytes: Buffer.concat([bytes, more]), synced });
  }

  #extendPath(path: string, more: Buffer): void {
    const file = this.#names.get(path);
    if (file !== undefined) this.#extend(file, more);
  }
}

/** What changes nothing. */
const LOOKS = ['list', 'exists', 'read', 'readAt', 'size', 'close'];

/** Turns of the event loop after which nobody moves who waits for no disk; streams of Blobs take several. */
const SETTLING_TURNS = 3;

function systemError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
