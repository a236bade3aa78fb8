import { crc32 } from 'node:zlib';
import { type Acceptance, frozenCopy } from '@holdfast/core/store';
import { fileFields } from '../attachment-files.js';
import type { AttachmentRef } from '../log/entry.js';
import { hex } from '../log/line.js';
import { storageError, unknownOutcome } from '../storage-error.js';
import { isErrno, type MailPlace, mailNames, mailPath } from './folder.js';
import { type Asked, encodeMail, lastNumber, mailFile, mailId } from './mail-file.js';

/** An acceptance on its way into a file of mail. */
export interface Letter {
  readonly id: string;
  readonly asked: Asked;
  readonly blobs: readonly { readonly id: string; readonly blob: Blob }[];
}

/** Copies what it is given before it returns. */
export function letterOf({ attachments = [], ...asked }: Acceptance): Letter {
  return { id: mailId(), asked: frozenCopy(asked) as Asked, blobs: [...attachments] };
}

/**
 * Leaves mail in a store's folder. One call at a time.
 *
 * Owns: the drafts of this sender. Never: mail once it has its number; that is the owner's to remove.
 * 1. `post` resolves when all of a letter survives power loss under its number: it is accepted then, whoever dies.
 * 2. A link gives the number, so of two that want one, one gets it. It is above those of all mail that waits: while there is
 *    no owner, who would take some of it, mail stands in the order in which it was accepted.
 */
export class MailSender {
  readonly name = mailId();
  readonly #place: MailPlace;

  constructor(place: MailPlace) {
    this.#place = place;
  }

  /** @throws a store code: a retryable one when nothing was accepted, one that is not when that is not known. */
  async post(letter: Letter): Promise<void> {
    const { directory } = this.#place;
    const numbered = { is: false };
    try {
      await this.#post(letter, () => (numbered.is = true));
    } catch (error) {
      throw numbered.is ? unknownOutcome(error, directory) : storageError(error, directory);
    }
  }

  async #post({ id, asked, blobs }: Letter, isNumbered: () => void): Promise<void> {
    const { fileSystem } = this.#place;
    const draft = mailPath(this.#place, `${id}.tmp`);
    await fileSystem.makeFolder(mailPath(this.#place));
    try {
      const attachments: AttachmentRef[] = [];
      for (const one of blobs) attachments.push(await this.#writeBlob(one, `${id}.${attachments.length}`));
      await this.#write(draft, [Buffer.from(encodeMail({ id, sender: this.name, asked, attachments }))]);
      await this.#number(draft);
      isNumbered();
      await fileSystem.syncFolder(mailPath(this.#place));
    } finally {
      // What is left of it when this fails is removed by the owner.
      await fileSystem.remove(draft).catch(() => undefined);
    }
  }

  async #number(draft: string): Promise<void> {
    for (;;) {
      const number = lastNumber(await mailNames(this.#place)) + 1;
      try {
        return await this.#place.fileSystem.link(draft, mailPath(this.#place, mailFile(number)));
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
      }
    }
  }

  async #writeBlob({ id, blob }: Letter['blobs'][number], file: string): Promise<AttachmentRef> {
    let crc = 0;
    const chunks = async function* () {
      for await (const chunk of blob.stream()) {
        crc = crc32(chunk, crc);
        yield chunk;
      }
    };
    await this.#write(mailPath(this.#place, file), chunks());
    return { id, file, size: blob.size, crc: hex(crc), type: blob.type, ...fileFields(blob) };
  }

  async #write(path: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const file = await this.#place.fileSystem.openForAppend(path);
    try {
      for await (const chunk of chunks) await file.append(chunk);
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}
