import { type ErrorCode, HoldfastError, isHoldfastError } from '../errors/index.js';
import { tagOf } from './views.js';

/** An Error as plain data: what every store and message holds of it. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  /** Of a HoldfastError. Comes before what may refer back to the error: a reviver sees the parts in this order. */
  readonly code?: ErrorCode;
  readonly stack?: string;
  readonly cause?: unknown;
  /** Own fields, such as `code` or `status`; those that can't be stored are left out. */
  readonly fields?: Record<string, unknown>;
}

const HANDLED = new Set(['name', 'message', 'stack', 'cause', '__proto__']);
const BUILT_IN = /^(Eval|Range|Reference|Syntax|Type|URI)Error$/;

/** @param tag what the platform calls it, where that is known. */
export function isError(value: unknown, tag = tagOf(value)): value is Error {
  return value instanceof Error || tag === 'Error';
}

/** @param storable tells whether a field's value can be stored: a failed step's error must never be lost to one of its fields. */
export function errorToData(error: Error, storable: (value: unknown) => boolean): ErrorData {
  const names = Object.getOwnPropertyNames(error).filter((name) => !HANDLED.has(name));
  const own = names.map((name) => [name, read(error, name)] as const);
  const fields = Object.fromEntries(own.filter(([, value]) => value !== UNREADABLE && storable(value)));
  const [name, message, stack, cause] = ['name', 'message', 'stack', 'cause'].map((name) => read(error, name));
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : '',
    ...(isHoldfastError({ name, code: fields.code }) ? { code: fields.code as ErrorCode } : {}),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(cause !== undefined && cause !== UNREADABLE && storable(cause) ? { cause } : {}),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
  };
}

/**
 * Makes errors of their data. An error that refers to itself is asked for while its data is incomplete, and again when
 * it is whole: both times it has to be the same object.
 */
export function createErrorReviver(): (data: ErrorData) => Error {
  const made = new Map<ErrorData, Error>();
  return (data) => {
    const error = made.get(data) ?? create(data);
    made.set(data, error);
    const { stack, cause, fields } = data;
    Object.assign(error, fields);
    if (stack !== undefined) define(error, 'stack', stack);
    if (cause !== undefined) define(error, 'cause', cause);
    return error;
  };
}

const UNREADABLE = Symbol('unreadable');

/** A field's value; a getter may throw. */
function read(error: Error, name: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[name];
  } catch {
    return UNREADABLE;
  }
}

function create({ name, message, code }: ErrorData): Error {
  if (code !== undefined) return new HoldfastError(code, { message });
  if (BUILT_IN.test(name)) return new globalThis[name as 'TypeError'](message);
  const error = new Error(message);
  if (name !== 'Error') define(error, 'name', name);
  return error;
}

function define(error: Error, property: string, value: unknown): void {
  Object.defineProperty(error, property, { value, configurable: true, writable: true, enumerable: false });
}
