import { Refusal, type Step, type Wrong } from './flatten.js';

/**
 * Which part of a value can't be stored, and what it is: data that crosses to where `not-storable.ts` says what to do about
 * it, as a page can do without the words.
 */
export interface Unstorable<C = unknown> {
  /** Names the whole. */
  readonly what: string;
  readonly path: string;
  readonly kind: Exclude<Wrong, 'kind'> | 'deep' | 'proxy' | 'function' | 'symbol' | 'promise' | 'node' | 'object';
  /** Of a node's element, or of an object's class. */
  readonly name?: string;
  /** Whether the class is the platform's. */
  readonly known?: boolean;
  /** What was thrown in place of a {@link Refusal}. */
  readonly cause?: C;
}

/** Of what could not be made flat. @param what names the whole. */
export function findUnstorable(cause: unknown, what: string): Unstorable {
  if (cause instanceof Refusal)
    return { what, path: what + cause.path.map(written).join(''), ...(kindOf(cause) as { kind: 'object' }) };
  return { what, path: what, kind: /call stack|recursion/.test(describe(cause)) ? 'deep' : 'object', cause };
}

/** A Proxy in it, if there is one: only structuredClone can tell it from the object behind it. */
export function findProxy(value: unknown, what: string): Unstorable | undefined {
  const path = clones(value) ? undefined : blame(value as object, what, new Set());
  return path === undefined ? path : { what, path, kind: 'proxy' };
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

function kindOf({ part, wrong }: Refusal): Pick<Unstorable, 'name' | 'known'> & { kind: string } {
  if (wrong !== 'kind') return { kind: wrong };
  if (typeof part !== 'object') return { kind: typeof part };
  const { then, nodeType, nodeName, constructor: made } = part as Record<string, unknown>;
  if (typeof then === 'function') return { kind: 'promise' };
  if (typeof nodeType === 'number' && typeof nodeName === 'string') return { kind: 'node', name: nodeName };
  const name = typeof made === 'function' ? made.name : '';
  return { kind: 'object', name, known: (globalThis as Record<string, unknown>)[name] === made };
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
