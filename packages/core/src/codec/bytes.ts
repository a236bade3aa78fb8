/**
 * Large ArrayBuffers stay outside the text, as Blobs do. But they can be changed in place, so what is referred to is a copy
 * that nobody else has.
 *
 * Owns: which copy stands for which buffer, as long as that buffer lives. Never: what is stored.
 * 1. A buffer has the same copy as long as its content is the same: identity of copies is what they are known by.
 * 2. What is given out is never the copy itself.
 */

/** Buffers of at least so many bytes stay outside the text. */
const BYTES_OUTSIDE = 64 << 10;

/** A buffer's copy, and what tells whether the buffer was changed since. */
export interface Bytes {
  readonly copy: ArrayBuffer;
  readonly hash: string;
}

const copies = new WeakMap<ArrayBuffer, Bytes>();

export function isLarge(value: unknown): value is ArrayBuffer {
  return value instanceof ArrayBuffer && value.byteLength >= BYTES_OUTSIDE;
}

/** The copy that stands for `buffer` as it is now. */
export function bytesOf(buffer: ArrayBuffer): Bytes {
  const hash = hashOf(buffer);
  const known = copies.get(buffer);
  if (known?.hash === hash) return known;
  const bytes = { copy: buffer.slice(0), hash };
  copies.set(buffer, bytes);
  return bytes;
}

/** A buffer of one's own, for which `copy` stands. */
export function bufferOf(bytes: Bytes): ArrayBuffer {
  const buffer = bytes.copy.slice(0);
  copies.set(buffer, bytes);
  return buffer;
}

/** Two lanes of 32 bits, each a bijection in every word: it finds what was changed, and is no proof against malice. */
function hashOf(buffer: ArrayBuffer): string {
  const words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
  let [a, b] = [buffer.byteLength | 0, 0x7f4a7c15];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as number;
    a = Math.imul(a ^ word, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(((b << 13) | (b >>> 19)) ^ word, 0xc2b2ae35);
  }
  for (const byte of new Uint8Array(buffer, words.byteLength)) {
    a = Math.imul(a ^ byte, 0x85ebca6b);
    b = Math.imul(b ^ byte, 0xc2b2ae35);
  }
  return [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}
