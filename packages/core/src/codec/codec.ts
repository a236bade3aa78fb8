import { stringify, unflatten } from 'devalue';
import { HoldfastError, isHoldfastError } from '../errors/index.js';
import type { Encoded } from '../records/records.js';
import { createErrorReviver, errorToData, isError } from './errors-as-data.js';
import { fileOf } from './files.js';

/**
 * The one codec of every store, message and archive. devalue (https://github.com/sveltejs/devalue) carries Date, Map,
 * Set, BigInt, undefined, NaN, typed arrays and cycles; added here: Errors with their fields, and Blobs and Files,
 * which stay outside the text and are referred to by position.
 */

/**
 * A text of devalue's, parsed: what stands at an index is a primitive, or the parts of an object by their indices; the
 * value itself stands at 0.
 */
export type Flat = unknown[];

/** How a kind of object that devalue doesn't know becomes plain data: falsy means "not mine". */
export type Reducers = Record<string, (value: unknown) => unknown>;
export type Revivers = Record<string, (data: never) => unknown>;

interface BlobData {
  readonly at: number;
  readonly type: string;
  readonly size: number;
  /** For a File. */
  readonly name?: string;
  readonly lastModified?: number;
}

/**
 * Makes text and attachments of a value.
 * @param what names the value in errors, as in `input` or `output of step "hash"`.
 * @throws `VALUE_NOT_STORABLE` with the path of what can't be stored.
 */
export function encode(value: unknown, what: string, reducers: Reducers = {}): Encoded {
  const blobs: Blob[] = [];
  try {
    return { text: stringify(value, allReducers(reducers, blobs)), blobs };
  } catch (cause) {
    throw notStorable(cause, what);
  }
}

/** With those that are ours. @param blobs takes in the Blobs that are met, and gives each its position. */
export function allReducers(reducers: Reducers, blobs: Blob[]): Reducers {
  return {
    Error: (thing) => isError(thing) && errorToData(thing, (field) => isStorable(field, reducers)),
    Blob: (thing) => thing instanceof Blob && blobToData(thing, blobs),
    ...reducers,
  };
}

/** The value that {@link encode} was given. */
export function decode({ text, blobs }: Encoded, revivers: Revivers = {}): unknown {
  return revive(JSON.parse(text), blobs, revivers);
}

/** The value of a text that is parsed already. */
export function revive(flat: Flat | number, blobs: readonly Blob[], revivers: Revivers = {}): unknown {
  return unflatten(flat, {
    Error: createErrorReviver(),
    Blob: (data: BlobData) => blobFromData(data, blobs),
    ...revivers,
  });
}

/**
 * Like {@link encode}, for what a caller hands over: refuses Proxies too (reactive state of Vue or MobX), which
 * would otherwise be stored as a copy that no longer follows.
 */
export function encodeGiven(value: unknown, what: string): Encoded {
  const encoded = encode(value, what);
  const path = findProxy(value, what);
  if (path === undefined) return encoded;
  throw new HoldfastError('VALUE_NOT_STORABLE', {
    message: `The ${what} can't be stored: ${path} is a Proxy.`,
    remedy: 'Hand over plain data: toRaw() in Vue, toJS() in MobX, or structuredClone of the source.',
    details: { path },
  });
}

/** For a thrown thing on its way to a caller in another realm. */
export function encodeError(error: unknown): Encoded {
  try {
    return encode(error, 'error');
  } catch {
    return encode(new Error(describe(error)), 'error');
  }
}

/** The error that {@link encodeError} was given. */
export function decodeError(encoded: Encoded): unknown {
  return decode(encoded);
}

/** Whether two encoded values are of the same content; Blobs count by type, size, name and date. */
export function sameText(a: { text: string }, b: { text: string }): boolean {
  return a.text === b.text;
}

/** An Error in it always is: what of it isn't storable is left out. Looking into it would never end on a cycle. */
function isStorable(value: unknown, reducers: Reducers): boolean {
  try {
    stringify(value, { Error: isError, Blob: (thing) => thing instanceof Blob, ...reducers });
    return true;
  } catch {
    return false;
  }
}

function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

function blobToData(blob: Blob, blobs: Blob[]): BlobData {
  const at = blobs.push(blob) - 1;
  const { type, size } = blob;
  if (!isFile(blob)) return { at, type, size };
  return { at, type, size, name: blob.name, lastModified: blob.lastModified };
}

function blobFromData({ at, type, name, lastModified }: BlobData, blobs: readonly Blob[]): Blob {
  const blob = blobs[at];
  if (!blob) {
    throw new HoldfastError('STORE_DAMAGED', { message: `Attachment ${at} of a stored value is missing.` });
  }
  if (name === undefined || isFile(blob)) return blob;
  return fileOf(blob, name, { type, ...(lastModified === undefined ? {} : { lastModified }) });
}

function isFile(blob: Blob): blob is File {
  return typeof File !== 'undefined' && blob instanceof File;
}

/** The path of the first Proxy in `value`; only structuredClone can tell one from the object behind it. */
function findProxy(value: unknown, path: string): string | undefined {
  return clones(value) ? undefined : blame(value as object, path, new Set());
}

/** Of what can't be cloned: which part is to blame. Some kinds are storable though they can't be cloned, as URLs. */
function blame(value: object, path: string, seen: Set<unknown>): string | undefined {
  seen.add(value);
  let excused = !CONTAINERS.has(Object.prototype.toString.call(value));
  for (const [key, part] of parts(value)) {
    if (seen.has(part) || clones(part)) continue;
    const found = blame(part as object, `${path}${key}`, seen);
    if (found !== undefined) return found;
    excused = true;
  }
  return excused ? undefined : path;
}

const CONTAINERS = new Set(['[object Object]', '[object Array]', '[object Map]', '[object Set]']);

/** The parts of a container, by how they are reached. */
export function* parts(value: object): Iterable<[string, unknown]> {
  if (value instanceof Map) {
    for (const [key, part] of value) {
      yield ['.keys()', key];
      yield [`.get(${typeof key === 'string' ? JSON.stringify(key) : describe(key)})`, part];
    }
  } else if (value instanceof Set) for (const part of value) yield ['.values()', part];
  else {
    for (const [key, part] of Object.entries(value)) yield [Array.isArray(value) ? `[${key}]` : `.${key}`, part];
  }
}

function clones(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function notStorable(cause: unknown, what: string): HoldfastError {
  if (isHoldfastError(cause)) return cause;
  const { path = '', value, message = '' } = (cause ?? {}) as { path?: string; value?: unknown; message?: string };
  const where = `${what}${path}`;
  const kind = kindOf(value, message);
  return new HoldfastError('VALUE_NOT_STORABLE', {
    message: `The ${what} can't be stored: ${where} is ${kind}.`,
    remedy: 'Leave it out, or put plain data in its place.',
    details: { path: where },
    cause,
  });
}

function kindOf(value: unknown, message: string): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (message === 'Maximum call stack size exceeded') return 'nested too deeply';
  if (message.includes('__proto__')) return 'an object with a __proto__ key';
  if (message.includes('symbolic keys')) return 'an object with symbol keys';
  if (typeof (value as { then?: unknown } | undefined)?.then === 'function') return 'a Promise';
  const name = (value as object | undefined)?.constructor?.name;
  return name ? `an instance of ${name}` : 'not plain data';
}
