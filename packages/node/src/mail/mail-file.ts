import { randomBytes } from 'node:crypto';
import type { Acceptance } from '@holdfast/core/store';
import type { AttachmentRef } from '../log/entry.js';
import { checksum } from '../log/line.js';

/** The folder of a store in which other processes leave what is to be accepted. */
export const MAIL = 'mail';

type WithoutBlobs<A extends Acceptance> = A extends Acceptance ? Omit<A, 'attachments'> : never;

/** What a piece of mail asks for: an acceptance, its Blobs beside it. */
export type Asked = WithoutBlobs<Acceptance>;

/** What one file of mail holds. */
export interface Mail {
  /** Given once, ever. */
  readonly id: string;
  /** Who sent it: mail of one sender is taken in its order. */
  readonly sender: string;
  readonly asked: Asked;
  /** `file` is a name in the folder of mail. */
  readonly attachments: readonly AttachmentRef[];
}

const DIGITS = 12;
const ID = '[0-9a-z]{8,}-[0-9a-f]{16}';
const MAIL_NAME = new RegExp(`^(\\d{${DIGITS},})(\\.\\d+\\.\\d+)?$`);
const DRAFT = new RegExp(`^(${ID})\\.tmp$`);
const ATTACHMENT = new RegExp(`^(${ID})\\.\\d+$`);
const DAMAGED = /^\d+\.\d+\.\d+\.damaged$/;

/** A file of the folder, by its name. */
export type MailName =
  /** Mail has a number, also when an owner has given it a name of its own. */
  | { readonly kind: 'mail'; readonly file: string; readonly number: number }
  /** What belongs to the mail of that id. */
  | { readonly kind: 'draft' | 'attachment'; readonly file: string; readonly id: string }
  | { readonly kind: 'damaged' | 'foreign'; readonly file: string };

export function mailName(file: string): MailName {
  const number = MAIL_NAME.exec(file)?.[1];
  if (number !== undefined) return { kind: 'mail', file, number: Number(number) };
  const draft = DRAFT.exec(file)?.[1];
  if (draft !== undefined) return { kind: 'draft', file, id: draft };
  const id = ATTACHMENT.exec(file)?.[1];
  if (id !== undefined) return { kind: 'attachment', file, id };
  return { kind: DAMAGED.test(file) ? 'damaged' : 'foreign', file };
}

/** Name of the mail of that number, as its sender gives it. */
export function mailFile(number: number): string {
  return String(number).padStart(DIGITS, '0');
}

/** The name which an owner gives to mail before it takes it; it gives each once. */
export function heldFile(number: number, epoch: number, count: number): string {
  return `${mailFile(number)}.${epoch}.${count}`;
}

/** Under which name mail is kept that can't be read any more. */
export function damagedFile(held: string): string {
  return `${held}.damaged`;
}

/** The highest number among the mail of these names. */
export function lastNumber(names: readonly MailName[]): number {
  return names.reduce((last, name) => (name.kind === 'mail' ? Math.max(last, name.number) : last), 0);
}

/** A new id: it begins with the instant (ms, base 36) at which it was made. */
export function mailId(now = Date.now()): string {
  return `${now.toString(36).padStart(8, '0')}-${randomBytes(8).toString('hex')}`;
}

/** When an id was made, an instant in ms. */
export function madeAt(id: string): number {
  return Number.parseInt(id.slice(0, id.indexOf('-')), 36);
}

/** `<crc32> {json}\n`, as a line of the log. */
export function encodeMail(mail: Mail): string {
  const json = JSON.stringify(mail);
  return `${checksum(json)} ${json}\n`;
}

/**
 * The mail in the bytes of a file; `unfinished` while its end is missing: where there are no hard links a sender may be
 * seen writing; `damaged` when its checksum does not fit.
 */
export function decodeMail(bytes: Buffer): Mail | 'unfinished' | 'damaged' {
  if (bytes.at(-1) !== 0x0a) return 'unfinished';
  const [, crc = '', json = ''] = /^([0-9a-f]{8}) (.+)\n$/s.exec(bytes.toString()) ?? [];
  if (json === '' || checksum(json) !== crc) return 'damaged';
  const mail = JSON.parse(json) as Mail;
  const known = (mail.asked?.kind === 'start' || mail.asked?.kind === 'inbox') && typeof mail.id === 'string';
  return known ? mail : 'damaged';
}
