import { crc32 } from 'node:zlib';
import type { HoldfastError } from '@holdfast/core';
import { type Acceptance, type Attached, frozenCopy } from '@holdfast/core/store';
import { chunksOf, fieldsOf } from '../attachment-files.js';
import type { AttachmentRef } from '../log/entry.js';
import { hex } from '../log/line.js';
import { storageError, unknownOutcome } from '../storage-error.js';
import { isErrno, type MailPlace, mailNames, mailPath } from './folder.js';
import { type Asked, encodeMail, lastNumber, mailFile, mailId } from './mail-file.js';

/** An acceptance on its way into a file of mail. */
export interface Letter {
  readonly id: string;
  readonly asked: Asked;
  readonly blobs: readonly { readonly id: string; readonly blob: Attached }[];
}

/** Copies what it is given before it returns. */
export function letterOf({ attachments = [], ...asked }: Acceptance): Letter {
  return { id: mailId(), asked: frozenCopy(asked) as Asked, blobs: [...attachments] };
}

/**
 * Leaves mail in a store's folder. One call at a time.
 *
 * Owns: the drafts of this sender. Never: mail once it has its number; that is the owner's to remove.
 * 1. A letter is posted when all of it survives power loss under its number: it is accepted then, whoever dies.
 * 2. A link gives the number, so of two that want one, one gets it. It is above those of all mail that waits: while there is
 *    no owner, who would take some of it, mail stands in the order in which it was accepted.
 */
export class MailSender {
  readonly name = mailId();
  readonly #place: MailPlace;

  constructor(place: MailPlace) {
    this.#place = place;
  }

  /**
   * Posts letters, in their order. Gives for each undefined, or why it was not posted: a retryable store code when it is
   * certain that it was not, one that is not when that is not known.
   */
  async post(letters: readonly Letter[]): Promise<(HoldfastError | undefined)[]> {
    const { fileSystem, directory } = this.#place;
    const failures: (HoldfastError | undefined)[] = [];
    for (const letter of letters) failures.push(await this.#put(letter));
    try {
      if (failures.includes(undefined)) await fileSystem.syncFolder(mailPath(this.#place));
    } catch (error) {
      return failures.map((failure) => failure ?? unknownOutcome(error, directory));
    }
    return failures;
  }

  async #put({ id, asked, blobs }: Letter): Promise<HoldfastError | undefined> {
    const { fileSystem, directory } = this.#place;
    const draft = mailPath(this.#place, `${id}.tmp`);
    try {
      await fileSystem.makeFolder(mailPath(this.#place));
      const attachments: AttachmentRef[] = [];
      for (const one of blobs) attachments.push(await this.#writeBlob(one, `${id}.${attachments.length}`));
      await this.#write(draft, [Buffer.from(encodeMail({ id, sender: this.name, asked, attachments }))]);
      await this.#number(draft);
      return undefined;
    } catch (error) {
      return storageError(error, directory);
    } finally {
      // What is left of it when this fails, the owner removes.
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
      for await (const chunk of chunksOf(blob)) {
        crc = crc32(chunk, crc);
        yield chunk;
      }
    };
    await this.#write(mailPath(this.#place, file), chunks());
    return { id, file, crc: hex(crc), ...fieldsOf(blob) };
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
