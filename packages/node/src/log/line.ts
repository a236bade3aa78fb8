import { crc32 } from 'node:zlib';
import type { Line } from './entry.js';

const CRC_DIGITS = 8;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/** A CRC-32 as eight hex digits. */
export function hex(crc: number): string {
  return crc.toString(16).padStart(CRC_DIGITS, '0');
}

/** The CRC-32 of some bytes, as eight hex digits. */
export function checksum(bytes: Uint8Array | string): string {
  return hex(crc32(bytes));
}

/** `<crc32> {json}\n`. JSON escapes line breaks, so a line never holds one. */
export function encodeLine(line: Line): string {
  const json = JSON.stringify(line);
  return `${checksum(json)} ${json}\n`;
}

/** The line in `bytes` (without its newline), or undefined when its checksum does not fit. */
export function decodeLine(bytes: Buffer): Line | undefined {
  if (bytes.length <= CRC_DIGITS + 1 || bytes[CRC_DIGITS] !== SPACE) return undefined;
  if (checksum(bytes.subarray(CRC_DIGITS + 1)) !== bytes.toString('latin1', 0, CRC_DIGITS)) return undefined;
  return JSON.parse(bytes.toString('utf8', CRC_DIGITS + 1)) as Line;
}

/** A stretch of bytes up to a newline: a line, or, where `line` is undefined, something that is not one. */
export interface Stretch {
  /** Where it begins, in bytes. */
  readonly offset: number;
  /** In bytes, without its newline. */
  readonly length: number;
  readonly line: Line | undefined;
}

/**
 * All stretches of a part of a file; a last one without its newline is not a line, whatever it holds.
 *
 * @param base where that part begins in its file, in bytes.
 */
export function* stretches(bytes: Buffer, base = 0): Iterable<Stretch> {
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) {
      yield { offset: base + start, length: bytes.length - start, line: undefined };
      return;
    }
    yield { offset: base + start, length: end - start, line: decodeLine(bytes.subarray(start, end)) };
    start = end + 1;
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
