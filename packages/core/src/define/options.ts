import { HoldfastError, isHoldfastError } from '../errors/index.js';
import { isWellFormed } from './well-formed.js';

/** What a value has to be: in words, and whether one is. What that throws says that it is not; a HoldfastError of its own is passed on. */
export type Kind = readonly [expected: string, fits: (value: never) => boolean];

/** Of each option its kind; null where it is checked by who takes it up. */
export type Kinds<T> = { readonly [K in keyof Required<T>]: Kind | null };

export const FUNCTION: Kind = ['a function', (value: unknown) => typeof value === 'function'];
export const OBJECT: Kind = ['an object', (value: unknown) => typeof value === 'object' && value !== null];
/** Of an id or a name. */
export const TEXT: Kind = [
  'a string of whole characters that is not empty',
  (value: unknown) => typeof value === 'string' && value !== '' && isWellFormed(value),
];
export const SIGNAL = withMethods('an AbortSignal', 'addEventListener');
/** A function, or an object that may have a `next`. */
export const OBSERVER: Kind = [
  'a function, or an object with `next`',
  (value: unknown) => FUNCTION[1](value as never) || OBJECT[1](value as never),
];
/** No Map, no promise, no array: they would be read as options that are all left out. */
export const OPTIONS: Kind = [
  'a plain object of options',
  (value: object) => /^\[object (Object|Module)]$/.test({}.toString.call(value)) && Object.keys(value).length >= 0,
];

/** One of these. */
export function oneOf(...values: readonly (string | boolean)[]): Kind {
  const words = values.map((value) => (typeof value === 'string' ? `'${value}'` : value));
  return [words.join(' or '), (value: string) => values.includes(value)];
}

/** A number of ms. */
export const MS: Kind = ['a number of ms', (value: unknown) => Number.isFinite(value) && Number(value) >= 0];

/** A whole number. */
export function from(least: number): Kind {
  return [`a whole number from ${least}`, (value: number) => Number.isSafeInteger(value) && value >= least];
}

/** @param what in words. */
export function withMethods(what: string, ...names: readonly string[]): Kind {
  const has = (value: Record<string, unknown>) => names.every((name) => typeof value[name] === 'function');
  return [`${what}, with ${names.join(', ')}`, has];
}

/**
 * Checks options by name; one that is undefined is left out.
 * @param owner whose they are: the name of what they are given to.
 * @param needed those that can't be left out.
 * @throws `OPTION_INVALID` for what is no object, an option that there is not, and one that is not of its kind.
 */
export function checkOptions<T>(options: T, owner: string, kinds: Kinds<T>, ...needed: readonly (keyof T)[]): void {
  const known = Object.keys(kinds) as (keyof T & string)[];
  refuseUnknown(options, known, owner);
  for (const name of known) {
    const kind: Kind | null = kinds[name];
    if (kind && (options[name] !== undefined || needed.includes(name))) checkOption(options[name], kind, name, owner);
  }
}

/**
 * @param part the option whose parts they are; default: they are the options themselves.
 * @throws `OPTION_INVALID` for what is no object, and naming what is not among `known`.
 */
export function refuseUnknown(options: unknown, known: readonly string[], owner: string, part?: string): void {
  checkOption(options, OPTIONS, part ?? 'options', owner);
  const unknown = Object.keys(options as object).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const option = part ? `${part}.${unknown}` : unknown;
  throw new HoldfastError('OPTION_INVALID', {
    message: `There is no option \`${option}\` of ${owner}.`,
    remedy: `Known are ${known.join(', ')}.`,
    details: { option },
  });
}

/** @throws `OPTION_INVALID` when a value is not of that kind. */
export function checkOption(value: unknown, [expected, fits]: Kind, option: string, owner: string): void {
  try {
    if (fits(value as never)) return;
  } catch (error) {
    if (isHoldfastError(error)) throw error;
  }
  throw optionInvalid(option, owner, value, expected);
}

export function optionInvalid(option: string, owner: string, value: unknown, expected: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `\`${option}\` of ${owner} is ${told(value)}.`,
    remedy: `It has to be ${expected}.`,
    details: { option },
  });
}

/** A value in words, whatever it is: nothing of its own is called. */
export function told(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value ? 'an object' : String(value);
}
