import type { StoredValue } from '@holdfast/core/store';

const COMMIT = ',"entry":{"kind":"commit",';
const OPS = ',"ops":[';
const PUT = '{"op":"put","id":"';
const VALUE = '","value":{"text":';
const TEXT = '"text":';
const END = '"}}';
const REMOVE = '{"op":"remove","id":"';
const TAKEN = '{"op":"taken","n":';
const BACKSLASH = 92;

/**
 * The values of a commit's line, where they stand before all else but removals: of a step, its result. A run is read for these
 * alone, and to parse the head and the history row beside each costs more than they do.
 *
 * Lines are written by this package: without spaces, their keys in one order, and every quote within a text escaped. So each
 * piece is known by how it begins.
 *
 * @param json of a line whose checksum fits.
 * @returns by id; undefined where the line is not just so, and has to be parsed.
 */
export function commitValues(json: string): ReadonlyMap<string, StoredValue> | undefined {
  const commit = json.indexOf(COMMIT);
  const ops = commit < 0 ? -1 : json.indexOf(OPS, commit);
  if (ops < 0) return undefined;
  const values = new Map<string, StoredValue>();
  for (let at = ops + OPS.length; ; ) {
    let end: number;
    if (json.startsWith(PUT, at)) {
      const idAt = at + PUT.length;
      const idEnd = json.indexOf('"', idAt);
      const id = json.slice(idAt, idEnd);
      const textAt = idEnd + VALUE.length;
      const textEnd = endOfText(json, textAt);
      const isValue = !id.includes('\\') && json.startsWith(VALUE, idEnd) && textEnd > 0;
      const text = isValue ? textIn(json.slice(textAt, textEnd + 1)) : undefined;
      if (text === undefined || values.has(id)) return undefined;
      values.set(id, { text });
      end = textEnd + END.length;
    } else if (json.startsWith(REMOVE, at)) {
      // Of an id that JSON escapes this is no end: nothing is known by how it goes on then.
      end = json.indexOf('"', at + REMOVE.length) + 2;
    } else if (json.startsWith(TAKEN, at)) {
      end = json.indexOf('}', at) + 1;
    } else return json.indexOf(TEXT, at) < 0 ? values : undefined;
    // Behind a comma.
    at = end + 1;
  }
}

/** The next quote that may end both a text and its op. */
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

/** Undefined where that is no text alone: the value refers to attachments. */
function textIn(json: string): string | undefined {
  try {
    return JSON.parse(json) as string;
  } catch {
    return undefined;
  }
}
