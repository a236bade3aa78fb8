import { HoldfastError } from '../errors/index.js';
import type { Attached, Encoded } from '../records/records.js';
import { bufferOf, bytesOf, isLarge } from './bytes.js';
import { createErrorReviver, errorToData, isError } from './errors-as-data.js';
import { fileOf, isHandle } from './files.js';
import { flatten, type Reducers } from './flatten.js';
import { assertNoProxy, notStorable } from './not-storable.js';
import { isPlain, unfoldPlain } from './plain.js';
import { plainText } from './plain-text.js';
import { type Flat, type Revivers, unflatten } from './unflatten.js';
import { describe, findUnstorable } from './unstorable.js';
import { isLargeView, type ViewData, viewFromData, viewToData } from './views.js';

/**
 * The one codec of every store, message and archive. `flatten.ts` carries Date, Map, Set, BigInt, undefined, NaN, typed
 * arrays and cycles; added here: Errors with their fields, and what stays outside the text and is referred to by position:
 * Blobs, Files, large ArrayBuffers (and so what views them), file system handles.
 */

interface BlobData {
  readonly at: number;
  readonly type: string;
  readonly size: number;
  /** For a File. */
  readonly name?: string;
  readonly lastModified?: number;
}

interface BytesData {
  readonly at: number;
  readonly hash: string;
}

interface HandleData {
  readonly at: number;
  readonly kind: string;
  readonly name: string;
}

/**
 * Makes text and attachments of a value.
 * @param what names the value in errors, as in `input` or `output of step "hash"`.
 * @throws `VALUE_NOT_STORABLE` with the path of what can't be stored.
 */
export function encode(value: unknown, what: string, reducers: Reducers = {}): Encoded {
  const blobs: Attached[] = [];
  try {
    const text = plainText(value, reducers);
    if (text !== undefined) return { text, blobs };
    return { text: flatten(value, allReducers(reducers, blobs), reducers), blobs };
  } catch (cause) {
    throw notStorable(findUnstorable(cause, what));
  }
}

/** With those that are ours. @param blobs takes in what is met of what stays outside, and gives each its position. */
export function allReducers(reducers: Reducers, blobs: Attached[]): Reducers {
  return {
    Error: (thing) => isError(thing) && errorToData(thing, (field) => isStorable(field, reducers)),
    Blob: (thing) => thing instanceof Blob && blobToData(thing, blobs),
    Bytes: (thing) => isLarge(thing) && bytesToData(thing, blobs),
    View: (thing) => isLargeView(thing) && viewToData(thing),
    Handle: (thing) => isHandle(thing) && handleToData(thing, blobs),
    ...reducers,
  };
}

/** The value that {@link encode} was given. */
export function decode({ text, blobs }: Encoded, revivers: Revivers = {}): unknown {
  const flat = JSON.parse(text) as Flat | number;
  return isPlain(flat) ? unfoldPlain(flat) : revive(flat, blobs, revivers);
}

/** The value of a text that is parsed already. */
export function revive(flat: Flat | number, blobs: readonly Attached[], revivers: Revivers = {}): unknown {
  return unflatten(flat, {
    Error: createErrorReviver(),
    Blob: (data: BlobData) => blobFromData(data, blobs),
    Bytes: ({ at, hash }: BytesData) => bufferOf({ copy: attachedAt(at, blobs) as ArrayBuffer, hash }),
    View: (data: ViewData) => viewFromData(data),
    Handle: ({ at }: HandleData) => attachedAt(at, blobs),
    ...revivers,
  });
}

/**
 * Like {@link encode}, for what a caller hands over: refuses Proxies too (reactive state of Vue or MobX), which
 * would otherwise be stored as a copy that no longer follows.
 */
export function encodeGiven(value: unknown, what: string): Encoded {
  const encoded = encode(value, what);
  assertNoProxy(value, what);
  return encoded;
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

/** Whether two encoded values are of the same content; Blobs count by type, size, name and date, handles by name. */
export function sameText(a: { text: string }, b: { text: string }): boolean {
  return a.text === b.text;
}

/** An Error in it always is: what of it isn't storable is left out. Looking into it would never end on a cycle. */
function isStorable(value: unknown, reducers: Reducers): boolean {
  try {
    const outside = (thing: unknown) => thing instanceof Blob || isLarge(thing) || isHandle(thing);
    flatten(value, { Error: isError, Outside: outside, ...reducers });
    return true;
  } catch {
    return false;
  }
}

function blobToData(blob: Blob, blobs: Attached[]): BlobData {
  const at = blobs.push(blob) - 1;
  const { type, size } = blob;
  if (!isFile(blob)) return { at, type, size };
  return { at, type, size, name: blob.name, lastModified: blob.lastModified };
}

function blobFromData({ at, type, name, lastModified }: BlobData, blobs: readonly Attached[]): Blob {
  const blob = attachedAt(at, blobs) as Blob;
  if (name === undefined || isFile(blob)) return blob;
  return fileOf(blob, name, { type, ...(lastModified === undefined ? {} : { lastModified }) });
}

function bytesToData(buffer: ArrayBuffer, blobs: Attached[]): BytesData {
  const { copy, hash } = bytesOf(buffer);
  return { at: blobs.push(copy) - 1, hash };
}

function handleToData(handle: FileSystemHandle, blobs: Attached[]): HandleData {
  const { kind, name } = handle;
  return { at: blobs.push(handle) - 1, kind, name };
}

/** @throws `STORE_DAMAGED` when it is not there. */
function attachedAt(at: number, blobs: readonly Attached[]): Attached {
  const attached = blobs[at];
  if (attached) return attached;
  throw new HoldfastError('STORE_DAMAGED', { message: `Attachment ${at} of a stored value is missing.` });
}

function isFile(blob: Blob): blob is File {
  return typeof File !== 'undefined' && blob instanceof File;
}
