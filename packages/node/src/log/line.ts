import { isAscii } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { Line } from './entry.js';

const CRC_DIGITS = 8;
const SPACE = 0x20;
const NEWLINE = 0x0a;
const ZERO = 0x30;
const A = 0x61;
/** Until it is known. */
const NO_CHECKSUM = '0'.repeat(CRC_DIGITS);

/** The same bytes, not a copy of them: who opens a store reads many. */
export function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** A CRC-32 as eight hex digits. */
export function hex(crc: number): string {
  return crc.toString(16).padStart(CRC_DIGITS, '0');
}

/** The CRC-32 of some bytes, as eight hex digits. */
export function checksum(bytes: Uint8Array | string): string {
  return hex(crc32(bytes));
}

/** The checksum that a line (without its newline) begins with. */
export function checksumOf(line: Buffer): string {
  return line.toString('latin1', 0, CRC_DIGITS);
}

/** `<crc32> {json}\n`. JSON escapes line breaks, so a line never holds one. */
export function encodeLine(line: Line): Buffer {
  return encodeJson(line);
}

/** A line of anything, in that form. The checksum is that of bytes which stand there already: text is encoded once. */
export function encodeJson(data: object): Buffer {
  const line = Buffer.from(`${NO_CHECKSUM} ${JSON.stringify(data)}\n`);
  line.write(checksum(line.subarray(CRC_DIGITS + 1, -1)), 'latin1');
  return line;
}

/** The line in `bytes` (without its newline), or undefined when its checksum does not fit. */
export function decodeLine(bytes: Buffer): Line | undefined {
  return decodeJson(bytes) as Line | undefined;
}

/** What {@link encodeJson} was given. */
export function decodeJson(bytes: Buffer): unknown {
  const json = checkedJson(bytes);
  return json === undefined ? undefined : JSON.parse(json);
}

/** The JSON of a line (without its newline), or undefined when its checksum does not fit. */
function checkedJson(bytes: Buffer): string | undefined {
  if (bytes.length <= CRC_DIGITS + 1 || bytes[CRC_DIGITS] !== SPACE) return undefined;
  if (!beginsWith(bytes, crc32(bytes.subarray(CRC_DIGITS + 1)))) return undefined;
  return bytes.toString('utf8', CRC_DIGITS + 1);
}

/** From so many lines on their bytes are made text all at once, and those between them too. */
const MANY_LINES = 16;

/**
 * Gives the JSON of lines that stand in some bytes, each checked as by {@link checkedJson}. Where they are many, they are parts
 * of one text: to make a text of each costs more than to check it, and the garbage collector as much again.
 *
 * @param count how many will be asked for.
 */
export function checkedLines(bytes: Buffer, count: number): (start: number, length: number) => string | undefined {
  // Of other bytes a text has other positions.
  const text = count >= MANY_LINES && isAscii(bytes) ? bytes.toString('latin1') : undefined;
  if (text === undefined) return (start, length) => checkedJson(bytes.subarray(start, start + length));
  return (start, length) => {
    const end = start + length;
    const json = start + CRC_DIGITS + 1;
    if (json >= end || end > bytes.length || bytes[json - 1] !== SPACE) return undefined;
    const crc = crc32(new Uint8Array(bytes.buffer, bytes.byteOffset + json, end - json));
    return beginsWith(bytes, crc, start) ? text.slice(json, end) : undefined;
  };
}

/** Whether a line that begins there begins with that checksum, as {@link hex} writes it. */
function beginsWith(bytes: Buffer, crc: number, start = 0): boolean {
  for (let n = 0; n < CRC_DIGITS; n++) {
    const digit = (crc >>> (4 * (CRC_DIGITS - 1 - n))) & 15;
    if (bytes[start + n] !== (digit < 10 ? ZERO : A - 10) + digit) return false;
  }
  return true;
}

/** A stretch of bytes up to a newline: a line, or, where `line` is undefined, something that is not one. */
export interface Stretch {
  /** Where it begins, in bytes. */
  readonly offset: number;
  /** In bytes, without its newline. */
  readonly length: number;
  readonly line: Line | undefined;
}

/** Where the parts of some bytes between newlines are; the last one `isWhole` where a newline ends it. */
function* parts(bytes: Buffer): Iterable<{ readonly start: number; readonly end: number; readonly isWhole: boolean }> {
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    yield { start, end, isWhole: newline >= 0 };
    start = end + 1;
  }
}

/** The parts of some bytes between newlines; undefined for a last one that none ends. */
export function* textsIn(bytes: Buffer): Iterable<Buffer | undefined> {
  for (const { start, end, isWhole } of parts(bytes)) yield isWhole ? bytes.subarray(start, end) : undefined;
}

/**
 * All stretches of a part of a file; a last one without its newline is not a line, whatever it holds.
 *
 * @param base where that part begins in its file, in bytes.
 */
export function* stretches(bytes: Buffer, base = 0): Iterable<Stretch> {
  for (const { start, end, isWhole } of parts(bytes)) {
    const line = isWhole ? decodeLine(bytes.subarray(start, end)) : undefined;
    yield { offset: base + start, length: end - start, line };
  }
}

/** How every line begins. A quote inside a value is escaped, so no value holds this. */
const BEGINNING = /[0-9a-f]{8} \{"line":/g;

/** Good lines in what is no longer cut into lines rightly: a damaged newline joins two of them. */
export function* salvagedLines(bytes: Buffer): Iterable<Line> {
  for (const { index } of bytes.toString('latin1').matchAll(BEGINNING)) {
    const end = bytes.indexOf(NEWLINE, index);
    const line = decodeLine(bytes.subarray(index, end < 0 ? bytes.length : end));
    if (line) yield line;
  }
}
