import { HoldfastError } from '../errors/index.js';
import { encode } from './codec.js';
import type { Reducers } from './flatten.js';
import { parts } from './unstorable.js';

/**
 * Refuses, with `VALUE_TOO_LARGE`, a value whose text is longer than `limit`.
 * @param value gives it, to look for the part that makes it so large.
 * @param what names it in the error.
 */
export function assertLength(
  text: string,
  limit: number,
  value: () => unknown,
  what: string,
  reducers: Reducers = {},
): void {
  if (text.length <= limit) return;
  const path = largestPart(value(), text.length, what, reducers);
  const most = path === what ? '' : `; most of them are those of ${path}`;
  throw new HoldfastError('VALUE_TOO_LARGE', {
    message: `The ${what} is too large to be stored: its text has ${text.length} characters, and ${limit} are allowed${most}.`,
    remedy: 'Put it into a Blob, which is stored beside the text and not counted; or raise `valueLength` in `limits`.',
    details: { path, length: text.length, limit },
  });
}

/** Goes into the part which is more than half of the whole, as long as there is one. */
function largestPart(whole: unknown, length: number, path: string, reducers: Reducers): string {
  if (typeof whole !== 'object' || whole === null) return path;
  for (const [key, part] of parts(whole)) {
    const size = encode(part, path, reducers).text.length;
    // Parts of a cycle are all as large as the whole.
    if (size > length / 2 && size < length) return largestPart(part, size, `${path}${key}`, reducers);
  }
  return path;
}
