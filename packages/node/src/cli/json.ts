import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { HoldfastError } from '@holdfast/core';

/**
 * A stored value in one line of JSON. What JSON does not know is told as near as it can be: dates as ISO text, bigints and
 * what is not finite as text, maps as pairs, sets and typed arrays as arrays, errors by name, message and code, Blobs by
 * type and size, large ArrayBuffers and what views them by size.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(toPlain(value, new Set())) ?? 'null';
}

function toPlain(value: unknown, within: ReadonlySet<unknown>): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (within.has(value)) return '[circular]';
  const inside = new Set(within).add(value);
  const each = (values: Iterable<unknown>) => Array.from(values, (one) => toPlain(one, inside));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Error) return errorToPlain(value, inside);
  if (value instanceof Blob) return { type: value.type, size: value.size };
  if (isLarge(value)) return { byteLength: value.byteLength };
  if (value instanceof ArrayBuffer) return each(new Uint8Array(value));
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) return each(value);
  if (ArrayBuffer.isView(value)) return each(value as Uint8Array);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toPlain(one, inside)]));
}

/** As those are that are stored beside the text. */
const LARGE_BYTES = 64 << 10;

function isLarge(value: object): value is ArrayBuffer | ArrayBufferView {
  return (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) && value.byteLength >= LARGE_BYTES;
}

function errorToPlain(error: Error, within: ReadonlySet<unknown>): unknown {
  const { name, message, cause } = error;
  const { code } = error as { code?: unknown };
  const because = cause === undefined ? {} : { cause: toPlain(cause, within) };
  return { name, message, ...(code === undefined ? {} : { code }), ...because };
}

/** What `--input` names: a file of JSON, or `-` for what is piped in. @throws `OPTION_INVALID`. */
export async function readInput(source: string, stdin: NodeJS.ReadableStream): Promise<unknown> {
  return parse(await read(source, '--input', stdin), source === '-' ? 'what was piped in' : source);
}

/** What `--data` gives: JSON itself, `@file` of JSON, or `-` for what is piped in. @throws `OPTION_INVALID`. */
export async function readData(given: string, stdin: NodeJS.ReadableStream): Promise<unknown> {
  if (given === '-') return parse(await read('-', '--data', stdin), 'what was piped in');
  if (given.startsWith('@')) return parse(await read(given.slice(1), '--data', stdin), given.slice(1));
  return parse(given, '--data');
}

async function read(source: string, option: string, stdin: NodeJS.ReadableStream): Promise<string> {
  if (source === '-') return text(stdin);
  try {
    return await readFile(source, 'utf8');
  } catch (cause) {
    throw new HoldfastError('OPTION_INVALID', {
      message: `${option}: the file ${source} can't be read: ${(cause as Error).message}.`,
      details: { option },
      cause,
    });
  }
}

function parse(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new HoldfastError('OPTION_INVALID', {
      message: `There is no JSON in ${what}: ${(cause as Error).message}.`,
      remedy: 'Texts need double quotes, the whole usually single ones around it, as in --data \'{"by":"ann"}\'.',
      details: { what },
      cause,
    });
  }
}
