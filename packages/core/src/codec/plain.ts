import type { Flat } from './unflatten.js';

/** Stands for `undefined`, as an index: there are more of the kind, which are rare. */
const UNDEFINED = -1;

/**
 * Whether a flat text says only what JSON has words for, and `undefined`, as most results of steps do: then
 * {@link unfoldPlain} makes its value. It holds no tagged thing, and no key `__proto__`.
 */
export function isPlain(flat: unknown): flat is Flat {
  if (!Array.isArray(flat) || flat.length === 0) return false;
  const { length } = flat;
  for (const part of flat) {
    if (typeof part !== 'object' || part === null) continue;
    if (Array.isArray(part)) {
      for (const at of part) if (!(at >= UNDEFINED && at < length)) return false;
      continue;
    }
    for (const key in part) {
      const at = part[key];
      if (!(at >= UNDEFINED && at < length) || key === '__proto__') return false;
    }
  }
  return true;
}

/**
 * The value of such a text, made of the very objects that were parsed, as a restore reads thousands; `flat` is used up. Each
 * object is filled in once, so what is shared, and cycles, stay what they are.
 */
export function unfoldPlain(flat: Flat): unknown {
  for (const part of flat) {
    if (typeof part !== 'object' || part === null) continue;
    const parts = part as Record<string, unknown>;
    for (const key in parts) {
      const at = parts[key] as number;
      parts[key] = at < 0 ? undefined : flat[at];
    }
  }
  return flat[0];
}
