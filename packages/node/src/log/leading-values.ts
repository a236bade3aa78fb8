import type { StoredValue } from '@holdfast/core/store';

const COMMIT = ',"entry":{"kind":"commit",';
const OPS = ',"ops":[';
const PUT = '{"op":"put","id":"';
const VALUE = '","value":{"text":';
const TEXT = '"text":';
const END = '"}}';
const BACKSLASH = 92;

/**
 * The values of a commit's line, where it puts them first, and has no others: of a step, its result. A run is read for these
 * alone, and to parse the head and the history row beside each costs more than they do.
 *
 * Lines are written by this package: without spaces, their keys in one order, and every quote within a text escaped. So each
 * piece is known by how it begins.
 *
 * @param json of a line whose checksum fits.
 * @returns undefined where the line is not just so, and has to be parsed.
 */
export function leadingValues(json: string): [id: string, value: StoredValue][] | undefined {
  const commit = json.indexOf(COMMIT);
  const ops = commit < 0 ? -1 : json.indexOf(OPS, commit);
  if (ops < 0) return undefined;
  const values: [string, StoredValue][] = [];
  let at = ops + OPS.length;
  while (json.startsWith(PUT, at)) {
    const idAt = at + PUT.length;
    const idEnd = json.indexOf('"', idAt);
    const id = json.slice(idAt, idEnd);
    const textAt = idEnd + VALUE.length;
    const end = endOfText(json, textAt);
    if (id.includes('\\') || !json.startsWith(VALUE, idEnd) || end < 0) return undefined;
    const text = textIn(json.slice(textAt, end + 1));
    if (text === undefined) return undefined;
    values.push([id, { text }]);
    // Behind a comma.
    at = end + END.length + 1;
  }
  return json.indexOf(TEXT, at) < 0 ? values : undefined;
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
