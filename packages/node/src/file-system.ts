import { randomUUID } from 'node:crypto';
import { constants, fdatasync, statSync, write, writeSync } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** A file that is being written at its end. */
export interface AppendFile {
  append(bytes: Uint8Array): Promise<void>;
  /** Resolves when everything appended so far survives power loss. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * All I/O of the file store. Every method rejects with the system's error (`code` is `ENOENT`, `ENOSPC`, …). What is
 * not synced may be lost, wholly or in pages, when the power is cut; a new, renamed or removed name too, until its
 * folder is synced.
 */
export interface FileSystem {
  /** Makes the folder and those above it; they are there after power loss. */
  makeFolder(path: string): Promise<void>;
  /** Names in a folder, in no order. */
  list(folder: string): Promise<string[]>;
  exists(path: string): Promise<boolean>;
  read(path: string): Promise<Uint8Array>;
  /** At most `length` bytes from `offset` on: fewer where the file ends. */
  readAt(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** In bytes. */
  size(path: string): Promise<number>;
  /** Opens for appending; creates the file when it is not there. */
  openForAppend(path: string): Promise<AppendFile>;
  /** Creates a file, writes and syncs it; rejects with `EEXIST` when the name is taken, whoever is faster. */
  createExclusive(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * Gives a synced file a second name; rejects with `EEXIST` when that is taken, whoever is faster. Where there are no
   * links, the second name is that of a synced copy, which may be found while it is written.
   */
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; one that is not there is no error. */
  remove(path: string): Promise<void>;
  /** Makes the names in a folder survive power loss. */
  syncFolder(folder: string): Promise<void>;
}

/** So much at the most is written without the thread pool. */
const SHORT_BYTES = 64 << 10;

/** What file systems without hard links answer. */
const WITHOUT_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

const hasCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code;

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows has no way to sync a folder, and needs none: NTFS journals names.
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Not `mkdir({ recursive })`: where a file system answers ENOENT under a parent that is there, Node's never returns. */
async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  if (await isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  try {
    await mkdir(folder);
  } catch (error) {
    if (hasCode(error, 'EEXIST') && (await isFolder(folder))) return;
    throw error;
  }
  await syncFolder(parent);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/**
 * Not by the thread pool: the fence looks two names up after each sync, which the system knows without the disk. To be
 * woken by another thread takes many times as long as to be told.
 */
async function exists(path: string): Promise<boolean> {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/**
 * What is done for each batch goes by the descriptor: a handle's own methods make six or seven promises a call. Who closes it
 * waits for its calls.
 */
async function openForAppend(path: string): Promise<AppendFile> {
  const handle = await open(path, 'a');
  return {
    append: (bytes) => appended(handle.fd, bytes),
    datasync: () => synced(handle.fd),
    close: () => handle.close(),
  };
}

function synced(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve())));
}

/**
 * All of it, in as many pieces as the system takes it in. What is short goes in this very turn: the system copies it, which takes
 * a tenth of what being woken by the thread pool takes; what is long, by the thread pool.
 */
async function appended(fd: number, bytes: Uint8Array): Promise<void> {
  const isShort = bytes.length <= SHORT_BYTES;
  for (let from = 0; from < bytes.length; ) {
    from += isShort ? writeSync(fd, bytes, from) : await written(fd, bytes, from);
  }
}

function written(fd: number, bytes: Uint8Array, from: number): Promise<number> {
  return new Promise((resolve, reject) =>
    write(fd, bytes, from, (error, length) => (error ? reject(error) : resolve(length))),
  );
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Nobody finds a linked file half written; where there are no links, somebody may. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!WITHOUT_LINKS.some((code) => hasCode(error, code))) throw error;
    await writeNew(to, await readFile(from));
  }
}

async function createExclusive(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  await writeNew(draft, bytes);
  try {
    await linkOrCopy(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

async function readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, (await handle.stat()).size - offset)));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = {
  makeFolder,
  list: (folder) => readdir(folder),
  exists,
  read: (path) => readFile(path),
  readAt,
  size: async (path) => (await stat(path)).size,
  openForAppend,
  createExclusive,
  link: linkOrCopy,
  rename,
  remove: (path) => rm(path, { force: true }),
  syncFolder,
};
