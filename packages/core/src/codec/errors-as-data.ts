import { HoldfastError, isHoldfastError } from '../errors/index.js';

/** An Error as plain data: what every store and message holds of it. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: unknown;
  /** Own fields, such as `code` or `status`; those that can't be stored are left out. */
  readonly fields?: Record<string, unknown>;
}

const HANDLED = new Set(['name', 'message', 'stack', 'cause']);
const BUILT_IN: Record<string, new (message: string) => Error> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

/** @param storable tells whether a field's value can be stored: a failed step's error must never be lost to one of its fields. */
export function errorToData(error: Error, storable: (value: unknown) => boolean): ErrorData {
  const names = Object.getOwnPropertyNames(error).filter((name) => !HANDLED.has(name));
  const own = names.map((name) => [name, (error as unknown as Record<string, unknown>)[name]] as const);
  const fields = Object.fromEntries(own.filter(([, value]) => storable(value)));
  return {
    name: error.name,
    message: error.message,
    ...(error.stack ? { stack: error.stack } : {}),
    ...(error.cause !== undefined && storable(error.cause) ? { cause: error.cause } : {}),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
  };
}

export function errorFromData({ name, message, stack, cause, fields }: ErrorData): Error {
  const error = create(name, message, fields);
  Object.assign(error, fields);
  if (stack !== undefined) define(error, 'stack', stack);
  if (cause !== undefined) define(error, 'cause', cause);
  return error;
}

function create(name: string, message: string, fields: Record<string, unknown> = {}): Error {
  const asHoldfast = { name, code: fields.code };
  if (isHoldfastError(asHoldfast)) return new HoldfastError(asHoldfast.code, { message });
  const Known = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  if (Known) return new Known(message);
  const error = new Error(message);
  if (name !== 'Error') define(error, 'name', name);
  return error;
}

function define(error: Error, property: string, value: unknown): void {
  Object.defineProperty(error, property, { value, configurable: true, writable: true, enumerable: false });
}
