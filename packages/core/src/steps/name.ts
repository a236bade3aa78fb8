import { isWellFormed } from '../define/well-formed.js';

/** Half a surrogate pair has no place in a key or a header. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && isWellFormed(name);
}
