/** Stands for `undefined`, as an index: JSON has no word for it. */
const UNDEFINED = -1;
/** Equal parts are looked for one by one: more than that are left to `flatten`. */
const MOST_PARTS = 16;
const KEY = /^[A-Za-z_$][\w$]*$/;
/** What stands in JSON, and in a script, as it is. */
const SAFE = /^[ !#-;=-[\]-~]*$/;

/**
 * The text that {@link flatten} makes of a plain object which holds only primitives, as most entries of a journal do: a step
 * writes one, and what goes through any value takes twice as long. Of anything else, or where a reducer takes it, undefined.
 */
export function plainText(
  value: unknown,
  reducers: Readonly<Record<string, (value: unknown) => unknown>>,
): string | undefined {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return undefined;
  const entries = Object.entries(value);
  if (entries.length > MOST_PARTS || Object.getOwnPropertySymbols(value).length > 0) return undefined;
  // Parts by their index, of which 0 is the object itself: what is the same is written once.
  const parts: unknown[] = [value];
  const texts: string[] = [];
  let root = '';
  for (const [key, part] of entries) {
    if (!KEY.test(key) || key === '__proto__') return undefined;
    let at = part === undefined ? UNDEFINED : parts.indexOf(part, 1);
    if (at < 0 && part !== undefined) {
      const text = textOf(part);
      if (text === undefined) return undefined;
      at = parts.push(part) - 1;
      texts.push(text);
    } else if (Object.is(part, -0)) return undefined;
    root += `${root === '' ? '' : ','}"${key}":${at}`;
  }
  for (const name of Object.keys(reducers)) if (reducers[name]?.(value)) return undefined;
  return texts.length === 0 ? `[{${root}}]` : `[{${root}},${texts.join(',')}]`;
}

/** Undefined where it takes more than to be written down. */
function textOf(part: unknown): string | undefined {
  if (typeof part === 'number') return Number.isFinite(part) && !Object.is(part, -0) ? String(part) : undefined;
  if (typeof part === 'string') return SAFE.test(part) ? `"${part}"` : undefined;
  return typeof part === 'boolean' || part === null ? String(part) : undefined;
}
