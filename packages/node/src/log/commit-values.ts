const COMMIT = '{"kind":"commit",';
const OPS = ',"ops":[';
const PUT = '{"op":"put","id":"';
const VALUE = '","value":{"text":';
const TEXT = 'text":';
const END = '"}}';
const ATTACHMENTS = 'attachments":[';
const REMOVE = '{"op":"remove","id":"';
const TAKEN = '{"op":"taken","n":';
const BACKSLASH = 92;

/**
 * The values of a commit's line, where they stand before all else but removals: of a step, its result. A run is read for these
 * alone, and to parse the head and the history row beside each, or values that are not needed any more, costs more than they do.
 *
 * Lines are written by this package: without spaces, their keys in one order, and every quote within a text escaped. So each
 * piece is known by how it begins; and a text, where no value has attachments, by the first quote that ends something.
 *
 * @param json of a line whose checksum fits.
 * @returns by turns the id of a value, which holds no quote, and the JSON of its text, which begins with one; undefined where the
 * line is not just so, and has to be parsed.
 */
export function commitValues(json: string): readonly string[] | undefined {
  // What stands before the entry are numbers.
  const entry = json.indexOf('{', 1);
  const ops = json.startsWith(COMMIT, entry) ? json.indexOf(OPS, entry) : -1;
  if (ops < 0 || json.indexOf(ATTACHMENTS, ops) > 0) return undefined;
  const found: string[] = [];
  let ids: Set<string> | undefined;
  for (let at = ops + OPS.length; ; ) {
    let end: number;
    if (json.startsWith(PUT, at)) {
      const idAt = at + PUT.length;
      const idEnd = json.indexOf('"', idAt);
      const id = json.slice(idAt, idEnd);
      const textAt = idEnd + VALUE.length;
      if (id.includes('\\') || !json.startsWith(VALUE, idEnd)) return undefined;
      // Most lines put one value.
      if (found.length > 0) {
        ids ??= new Set([found[0] as string]);
        if (ids.size === ids.add(id).size) return undefined;
      }
      const textEnd = endOfText(json, textAt);
      if (textEnd < 0) return undefined;
      found.push(id, json.slice(textAt, textEnd + 1));
      end = textEnd + END.length;
    } else if (json.startsWith(REMOVE, at)) {
      // Of an id that JSON escapes this is no end: what follows begins like nothing that is known then.
      end = json.indexOf('"', at + REMOVE.length) + 2;
    } else if (json.startsWith(TAKEN, at)) {
      end = json.indexOf('}', at) + 1;
    } else return json.indexOf(TEXT, at) < 0 ? found : undefined;
    // Behind a comma.
    at = end + 1;
  }
}

/** Where the quote is that ends a text, and with it its op; -1 where there is none. */
function endOfText(json: string, from: number): number {
  let end = json.indexOf(END, from + 1);
  while (end >= 0 && isEscaped(json, end)) end = json.indexOf(END, end + 1);
  return end;
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0;
  while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
