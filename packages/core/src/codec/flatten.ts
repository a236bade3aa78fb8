import { toBase64 } from './base64.js';
import { tagOf } from './views.js';

/**
 * Any value made of plain parts as text, and back by `unflatten.ts`: the form of every stored value. It is devalue's
 * (https://github.com/sveltejs/devalue), character by character, which the tests compare it with; what writes a store is
 * ours, so that no update of a library changes what is in it, and an entry carries no more of it than it needs.
 *
 * The text is a list in JSON. At an index stands a primitive, an object or a list of the indices of its parts, or
 * `["Kind", …]`; the value itself stands at 0. So what is shared, and cycles, need nothing more. What JSON has no word for
 * has an index below 0; where it is all of the value, the text is that number alone.
 */

/** How a kind of object of one's own becomes plain data: falsy means "not mine". Only objects are asked about. */
export type Reducers = Record<string, (value: unknown) => unknown>;

/** A field, an index, or the key of an entry of a Map. */
export type Step = string | number | { readonly key: unknown };

/** What is wrong with a part, where its kind is none that has a text, or of its fields one. */
export type Wrong = 'kind' | '__proto__' | 'symbols';

/** Thrown for what has no text. */
export class Refusal extends Error {
  /** From the whole to the part. */
  readonly path: readonly Step[];
  readonly part: unknown;
  readonly wrong: Wrong;

  constructor(path: readonly Step[], part: unknown, wrong: Wrong) {
    super();
    this.path = path;
    this.part = part;
    this.wrong = wrong;
  }
}

/** What an index below 0 stands for, from -1 on. The second is a hole in a list. */
export const WORDLESS: readonly unknown[] = [undefined, undefined, Number.NaN, Infinity, -Infinity, -0];
export const HOLE = -2;
/** Comes first in a list of which little is there: its length, and what is there by position, follow. */
export const SPARSE = -7;
/** Made of a text, and told by it. */
export const TEXTUAL = /^(Date|URL|URLSearchParams|Temporal\.\w+)$/;

/**
 * @param ofPlain those of the reducers that may take a plain object or a list: the others are not asked about one.
 * @throws {@link Refusal}, and what a getter throws.
 */
export function flatten(value: unknown, reducers: Reducers = {}, ofPlain: Reducers = reducers): string {
  const flattening = new Flattening(reducers, ofPlain);
  const index = flattening.add(value);
  return index < 0 ? `${index}` : `[${flattening.entries.join(',')}]`;
}

class Flattening {
  readonly entries: string[] = [];
  readonly #indices = new Map<unknown, number>();
  readonly #reducers: readonly [string, (value: unknown) => unknown][];
  readonly #ofPlain: readonly [string, (value: unknown) => unknown][];
  readonly #path: Step[] = [];

  constructor(reducers: Reducers, ofPlain: Reducers) {
    this.#reducers = Object.entries(reducers);
    this.#ofPlain = ofPlain === reducers ? this.#reducers : Object.entries(ofPlain);
  }

  /** Gives its index. */
  add(thing: unknown): number {
    if (thing === undefined) return -1;
    if (typeof thing === 'number' && (thing === 0 || !Number.isFinite(thing))) {
      const at = WORDLESS.findIndex((word) => Object.is(word, thing));
      if (at >= 0) return -1 - at;
    }
    const known = this.#indices.get(thing);
    if (known !== undefined) return known;
    const index = this.entries.push('') - 1;
    this.#indices.set(thing, index);
    this.entries[index] = typeof thing === 'object' && thing !== null ? this.#object(thing) : this.#primitive(thing);
    return index;
  }

  #primitive(thing: unknown): string {
    if (typeof thing === 'string') return quote(thing);
    if (typeof thing === 'bigint') return `["BigInt","${thing}"]`;
    if (typeof thing === 'function' || typeof thing === 'symbol') throw this.#refusal(thing);
    return String(thing);
  }

  #object(thing: object): string {
    const tag = tagOf(thing);
    for (const [kind, reduce] of isPlain(thing, tag) ? this.#ofPlain : this.#reducers) {
      const data = reduce(thing);
      if (data) return `["${kind}",${this.add(data)}]`;
    }
    if (typeof (thing as { then?: unknown }).then === 'function') throw this.#refusal(thing);
    if (tag === 'Object') return this.#fields(thing as Record<string, unknown>);
    if (tag === 'Array') return this.#list(thing as unknown[]);
    if (tag === 'Set') return `["Set"${Array.from(thing as Set<unknown>, (part) => `,${this.add(part)}`).join('')}]`;
    if (tag === 'Map') return this.#map(thing as Map<unknown, unknown>);
    if (TEXTUAL.test(tag)) return `["${tag}",${quote(textOf(thing))}]`;
    if (tag === 'RegExp') {
      const { source, flags } = thing as RegExp;
      return `["RegExp",${quote(source)}${flags && `,"${flags}"`}]`;
    }
    if (tag === 'ArrayBuffer') return `["ArrayBuffer","${toBase64(thing as ArrayBuffer)}"]`;
    if (ArrayBuffer.isView(thing)) return this.#view(thing, tag);
    if (/^(Number|String|Boolean|BigInt)$/.test(tag)) return `["Object",${this.add(thing.valueOf())}]`;
    return this.#fields(thing as Record<string, unknown>);
  }

  #list(list: readonly unknown[]): string {
    const indices: number[] = [];
    let dense = false;
    for (let n = 0; n < list.length; n++) {
      const there = Object.hasOwn(list, n);
      if (!there && !dense) {
        const present = Object.keys(list).filter((key) => isPosition(key, list.length));
        if (isSparse(list.length, present.length)) return this.#sparse(list, present);
        dense = true;
      }
      indices.push(there ? this.#part(n, list[n]) : HOLE);
    }
    return `[${indices.join(',')}]`;
  }

  #sparse(list: readonly unknown[], present: readonly string[]): string {
    const pairs = present.map((key) => `,${key},${this.#part(Number(key), list[Number(key)])}`);
    return `[${SPARSE},${list.length}${pairs.join('')}]`;
  }

  #map(map: Map<unknown, unknown>): string {
    let text = '["Map"';
    for (const [key, part] of map) text += `,${this.#part({ key }, key)},${this.#part({ key }, part)}`;
    return `${text}]`;
  }

  #view(view: ArrayBufferView & { readonly length?: number }, tag: string): string {
    // Around a Buffer of Node's stand bytes of others.
    const { buffer, byteOffset, byteLength, length = byteLength } = isNodeBuffer(view) ? new Uint8Array(view) : view;
    const extent = byteLength === buffer.byteLength ? '' : `,${byteOffset},${length}`;
    return `["${tag}",${this.add(buffer)}${extent}]`;
  }

  #fields(thing: Record<string, unknown>): string {
    const wrong = wrongOf(thing);
    if (wrong) throw this.#refusal(thing, wrong);
    const prototype = Object.getPrototypeOf(thing);
    let text = prototype ? '' : ',"null"';
    for (const key of Object.keys(thing)) {
      if (key === '__proto__') throw this.#refusal(thing, key);
      text += `,${quote(key)}${prototype ? ':' : ','}${this.#part(key, thing[key])}`;
    }
    return prototype ? `{${text.slice(1)}}` : `[${text.slice(1)}]`;
  }

  #part(step: Step, part: unknown): number {
    this.#path.push(step);
    const index = this.add(part);
    this.#path.pop();
    return index;
  }

  #refusal(part: unknown, wrong: Wrong = 'kind'): Refusal {
    return new Refusal([...this.#path], part, wrong);
  }
}

/** As most objects are. @param tag what the platform calls it. */
function isPlain(thing: object, tag: string): boolean {
  return tag === 'Array' || (tag === 'Object' && Object.getPrototypeOf(thing) === Object.prototype);
}

/** Why an object has no text, by all but its fields. */
export function wrongOf(thing: object): Wrong | undefined {
  const prototype = Object.getPrototypeOf(thing);
  // What objects of another realm come from is above all there, as ours is.
  if (prototype && Object.getPrototypeOf(prototype)) return 'kind';
  for (const symbol of Object.getOwnPropertySymbols(thing))
    if (Object.prototype.propertyIsEnumerable.call(thing, symbol)) return 'symbols';
  return undefined;
}

function textOf(thing: object): string {
  if (!(thing instanceof Date)) return String(thing);
  return Number.isNaN(thing.getTime()) ? '' : thing.toISOString();
}

/** All but what can stand in quotes as it is: control characters, quotes, `<`, and what may be half of a character. */
const UNSAFE = /[^ !#-;=-[\]-\u2027\u202a-\ud7ff\ue000-\uffff]/;

/** In a form that can stand in a page and in a script. */
function quote(text: string): string {
  return UNSAFE.test(text) ? JSON.stringify(text).replace(/[<\u2028\u2029]/g, escaped) : `"${text}"`;
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Which form is shorter: a hole takes three characters, a position one more than its digits. */
function isSparse(length: number, present: number): boolean {
  const digits = String(length).length;
  return (length - present) * 3 > 4 + digits + present * (digits + 1);
}

/** A list may have fields besides. */
function isPosition(key: string, length: number): boolean {
  return String(Number(key) >>> 0) === key && Number(key) < length;
}

function isNodeBuffer(view: ArrayBufferView): view is Uint8Array {
  const { Buffer } = globalThis as { Buffer?: { isBuffer(thing: unknown): boolean } };
  return Buffer?.isBuffer(view) ?? false;
}
