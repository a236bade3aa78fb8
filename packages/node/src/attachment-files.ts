import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { HoldfastError } from '@holdfast/core';
import type { FileSystem } from './file-system.js';
import type { AttachmentRef } from './log/entry.js';
import { checksum, hex } from './log/line.js';

const ATTACHMENTS = 'attachments';

/** A Blob on its way into a store. */
export interface Attachment {
  readonly id: string;
  readonly blob: Blob;
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

  /** Removes what a crash left behind: files that are not among `used`, and not those of a later owner. */
  async removeOthers(used: ReadonlySet<string>): Promise<void> {
    if (!(await this.#fileSystem.exists(this.#folder))) return;
    const files = await this.#fileSystem.list(this.#folder);
    await this.remove(files.filter((file) => !used.has(file) && Number.parseInt(file, 10) <= this.#epoch));
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
      for await (const chunk of blob.stream()) {
        crc = crc32(chunk, crc);
        await handle.append(chunk);
      }
      await handle.datasync();
    } finally {
      await handle.close();
    }
    return { id, file, size: blob.size, crc: hex(crc), type: blob.type, ...fileFields(blob) };
  }
}

/** @throws `STORE_DAMAGED` when the bytes are not those that were written; the system's errors. */
export async function readAttachment(fileSystem: FileSystem, directory: string, ref: AttachmentRef): Promise<Blob> {
  const bytes = new Uint8Array(await fileSystem.read(join(directory, ATTACHMENTS, ref.file)));
  if (bytes.length !== ref.size || checksum(bytes) !== ref.crc) throw damagedAttachment(ref);
  const { type, name, lastModified = 0 } = ref;
  return name === undefined ? new Blob([bytes], { type }) : new File([bytes], name, { type, lastModified });
}

/** The error of an attachment whose file is not what its line says. */
export function damagedAttachment({ id, file }: AttachmentRef): HoldfastError {
  const path = `${ATTACHMENTS}/${file}`;
  return new HoldfastError('STORE_DAMAGED', {
    message: `${path}, the attachment "${id}", is missing or damaged.`,
    remedy: 'Put the directory back from a backup, or check the disk.',
    details: { file: path, offset: 0, id },
  });
}

function fileFields(blob: Blob): Pick<AttachmentRef, 'name' | 'lastModified'> {
  return blob instanceof File ? { name: blob.name, lastModified: blob.lastModified } : {};
}
