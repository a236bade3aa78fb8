import { join } from 'node:path';
import type { FileSystem } from '../file-system.js';
import { decodeMail, MAIL, type Mail, type MailName, mailName } from './mail-file.js';

/** A store's folder of mail, as both sides see it. */
export interface MailPlace {
  readonly fileSystem: FileSystem;
  readonly directory: string;
}

/** A file of mail, in the order in which mail is taken. */
export interface Waiting {
  readonly file: string;
  readonly number: number;
  /** `damaged` where it is none any more. */
  readonly mail: Mail | 'damaged';
}

export function mailPath({ directory }: MailPlace, file = ''): string {
  return join(directory, MAIL, file);
}

/** What is in the folder; nothing while nobody has sent anything. */
export async function mailNames(place: MailPlace): Promise<MailName[]> {
  try {
    return (await place.fileSystem.list(mailPath(place))).map(mailName);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** The mail among these names, oldest first; what is not finished, or has just been taken, is left out. */
export async function readWaiting(place: MailPlace, names: readonly MailName[]): Promise<Waiting[]> {
  const waiting: Waiting[] = [];
  const numbered = names.filter((name) => name.kind === 'mail').sort((a, b) => a.number - b.number);
  for (const { file, number } of numbered) {
    const mail = await readMail(place, file);
    if (mail && mail !== 'unfinished') waiting.push({ file, number, mail });
  }
  return waiting;
}

async function readMail(place: MailPlace, file: string): Promise<ReturnType<typeof decodeMail> | undefined> {
  try {
    return decodeMail(Buffer.from(await place.fileSystem.read(mailPath(place, file))));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function isErrno(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
