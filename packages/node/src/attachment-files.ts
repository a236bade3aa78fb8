import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { HoldfastError } from '@holdfast/core';
import type { Attached } from '@holdfast/core/store';
import type { FileSystem } from './file-system.js';
import type { AttachmentRef } from './log/entry.js';
import { checksum, hex } from './log/line.js';

/** Name of the folder that they are in. */
export const ATTACHMENTS = 'attachments';

/** What is attached, on its way into a store. */
export interface Attachment {
  readonly id: string;
  readonly blob: Attached;
}

/**
 * The attachments of one owner, each a file of its own in the folder `attachments`.
 *
 * Owns: those files. Never: which of them are in use.
 * 1. A file's name is used once, so a file that no line of the log names is garbage, whatever it holds.
 * 2. `write` resolves when bytes and names survive power loss: only then may a line name them.
 */
export class AttachmentFiles {
  readonly #fileSystem: FileSystem;
  readonly #folder: string;
  readonly #epoch: number;
  #count = 0;
  #made: Promise<void> | undefined;

  constructor(fileSystem: FileSystem, directory: string, epoch: number) {
    this.#fileSystem = fileSystem;
    this.#folder = join(directory, ATTACHMENTS);
    this.#epoch = epoch;
  }

  async write(attachments: readonly Attachment[]): Promise<AttachmentRef[]> {
    if (attachments.length === 0) return [];
    await this.#makeFolder();
    const refs: AttachmentRef[] = [];
    for (const attachment of attachments) refs.push(await this.#writeOne(attachment));
    await this.#fileSystem.syncFolder(this.#folder);
    return refs;
  }

  async remove(files: readonly string[]): Promise<void> {
    for (const file of files) await this.#fileSystem.remove(join(this.#folder, file));
  }

  /** Removes what a crash left behind: files of this owner and of those before it that are not among `used`. */
  async removeOthers(used: ReadonlySet<string>): Promise<void> {
    if (!(await this.#fileSystem.exists(this.#folder))) return;
    const files = await this.#fileSystem.list(this.#folder);
    await this.remove(files.filter((file) => !used.has(file) && epochOf(file) <= this.#epoch));
  }

  async #makeFolder(): Promise<void> {
    this.#made ??= this.#fileSystem.makeFolder(this.#folder);
    try {
      await this.#made;
    } catch (error) {
      this.#made = undefined;
      throw error;
    }
  }

  async #writeOne({ id, blob }: Attachment): Promise<AttachmentRef> {
    const file = `${this.#epoch}-${++this.#count}`;
    const handle = await this.#fileSystem.openForAppend(join(this.#folder, file));
    let crc = 0;
    try {
      for await (const chunk of chunksOf(blob)) {
        crc = crc32(chunk, crc);
        await handle.append(chunk);
      }
      await handle.datasync();
    } finally {
      await handle.close();
    }
    return { id, file, crc: hex(crc), ...fieldsOf(blob) };
  }
}

/** @throws `STORE_DAMAGED` when the bytes are not those that were written; the system's errors. */
export async function readAttachment(
  fileSystem: FileSystem,
  directory: string,
  ref: AttachmentRef,
  folder = ATTACHMENTS,
): Promise<Blob | ArrayBuffer> {
  const bytes = new Uint8Array(await fileSystem.read(join(directory, folder, ref.file)));
  if (bytes.length !== ref.size || checksum(bytes) !== ref.crc) throw damagedAttachment(ref, folder);
  if (ref.bytes) return bytes.buffer;
  const { type, name, lastModified = 0 } = ref;
  return name === undefined ? new Blob([bytes], { type }) : new File([bytes], name, { type, lastModified });
}

/** The error of an attachment whose file is not what its line says. */
export function damagedAttachment({ id, file }: AttachmentRef, folder = ATTACHMENTS): HoldfastError {
  const path = `${folder}/${file}`;
  return new HoldfastError('STORE_DAMAGED', {
    message: `${path}, the attachment "${id}", is missing or damaged.`,
    remedy: 'Put the directory back from a backup, or check the disk.',
    details: { file: path, offset: 0, id },
  });
}

/** The epoch that wrote an attachment's file; Infinity for a file that no owner wrote. */
function epochOf(file: string): number {
  const [, epoch] = /^(\d+)-\d+$/.exec(file) ?? [];
  return epoch === undefined ? Number.POSITIVE_INFINITY : Number(epoch);
}

/** What is told of an attachment beside its bytes. */
export function fieldsOf(blob: Attached): Pick<AttachmentRef, 'size' | 'type' | 'bytes' | 'name' | 'lastModified'> {
  if (blob instanceof ArrayBuffer) return { size: blob.byteLength, type: '', bytes: true };
  if (!(blob instanceof Blob)) throw notBytes(blob);
  const { size, type } = blob;
  return { size, type, ...(blob instanceof File ? { name: blob.name, lastModified: blob.lastModified } : {}) };
}

/** The bytes of an attachment, a piece at a time. */
export function chunksOf(blob: Attached): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (blob instanceof ArrayBuffer) return [new Uint8Array(blob)];
  if (!(blob instanceof Blob)) throw notBytes(blob);
  return blob.stream();
}

function notBytes({ name }: FileSystemHandle): HoldfastError {
  return new HoldfastError('VALUE_NOT_STORABLE', {
    message: `The handle of "${name}" can't be stored in a file: only browsers have what it stands for.`,
    remedy: 'Store the File that its getFile() gives.',
  });
}
