import { HoldfastError, isHoldfastError } from '../errors/index.js';
import { Refusal, type Step } from './flatten.js';

/** What a value is that can't be stored, and what to do about it. */
interface Kind {
  readonly kind: string;
  readonly remedy: string;
}

const PLAIN = 'Leave it out, or put plain data in its place.';

/** The `VALUE_NOT_STORABLE` of what could not be made flat. @param what names the whole. */
export function notStorable(cause: unknown, what: string): HoldfastError {
  if (isHoldfastError(cause)) return cause;
  if (cause instanceof Refusal) return refused(what, what + cause.path.map(written).join(''), kindOf(cause));
  return refused(what, what, /call stack|recursion/.test(describe(cause)) ? TOO_DEEP : ofObject(undefined), cause);
}

/**
 * Refuses what has a Proxy in it: only structuredClone can tell one from the object behind it.
 * @throws `VALUE_NOT_STORABLE` with its path.
 */
export function assertNoProxy(value: unknown, what: string): void {
  const path = clones(value) ? undefined : blame(value as object, what, new Set());
  if (path === undefined) return;
  const kind = 'a Proxy, as reactive state is: a copy of it would not follow';
  throw refused(what, path, {
    kind,
    remedy: 'Hand over what is behind it: toRaw() in Vue, toJS() in MobX, unwrap() in Solid.',
  });
}

/** What is thrown as it says itself. */
export function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

/** The parts of a container, by how they are reached. */
export function* parts(value: object): Iterable<[string, unknown]> {
  if (value instanceof Map) {
    for (const [key, part] of value) {
      yield ['.keys()', key];
      yield [written({ key }), part];
    }
  } else if (value instanceof Set) for (const part of value) yield ['.values()', part];
  else
    for (const [key, part] of Object.entries(value))
      yield [written(Array.isArray(value) && +key >= 0 ? +key : key), part];
}

/** As in JavaScript. */
function written(step: Step): string {
  if (typeof step === 'object')
    return `.get(${typeof step.key === 'string' ? JSON.stringify(step.key) : describe(step.key)})`;
  return typeof step === 'string' && /^[a-zA-Z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

function refused(what: string, path: string, { kind, remedy }: Kind, cause?: unknown): HoldfastError {
  const message = `The ${what} can't be stored: ${path} is ${kind}.`;
  return new HoldfastError('VALUE_NOT_STORABLE', { message, remedy, details: { path }, cause });
}

const TOO_DEEP = { kind: 'nested too deeply', remedy: 'Hand over a flat list.' };

function kindOf({ part, wrong }: Refusal): Kind {
  if (wrong === '__proto__') return { kind: 'an object with a __proto__ key', remedy: PLAIN };
  if (wrong === 'symbols') return { kind: 'an object with symbol keys', remedy: 'Use strings as keys.' };
  return ofPrimitive(part) ?? ofObject(part);
}

function ofPrimitive(value: unknown): Kind | undefined {
  if (typeof value === 'function') {
    return { kind: 'a function', remedy: 'Leave it out; what a step is to call, lend it as one of `services`.' };
  }
  return typeof value === 'symbol' ? { kind: 'a symbol', remedy: 'Put a string in its place.' } : undefined;
}

function ofObject(value: unknown): Kind {
  const { then, nodeType, nodeName, constructor: made } = (value ?? {}) as Record<string, unknown>;
  if (typeof then === 'function') return { kind: 'a Promise', remedy: 'Await it first.' };
  if (typeof nodeType === 'number' && typeof nodeName === 'string') {
    return { kind: `a DOM node (${nodeName})`, remedy: 'Hand over what you need of it, as its value or its text.' };
  }
  const name = typeof made === 'function' && made.name;
  if (!name) return { kind: 'not plain data', remedy: PLAIN };
  const kind = `an instance of ${name}`;
  if (name.startsWith('Weak')) return { kind, remedy: 'Nobody can tell what is in it: use a Map, a Set or an object.' };
  // The platform's own.
  if ((globalThis as Record<string, unknown>)[name] === made) return { kind, remedy: PLAIN };
  const remedy = 'Hand over its data, as in { ...it }, and make the object anew where it is used.';
  return { kind: `${kind}, whose class would be lost`, remedy };
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

function clones(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
