import type { Attached, Encoded } from '../records/records.js';
import { bytesOf, isLarge } from './bytes.js';
import { allReducers } from './codec.js';
import { flatten, HOLE, type Reducers, WORDLESS } from './flatten.js';
import type { Flat } from './unflatten.js';
import { tagOf } from './views.js';

type Kind = 'list' | 'fields' | 'map' | 'set' | 'leaf' | 'view' | 'reduced' | 'outside';

interface Node {
  readonly index: number;
  readonly kind: Kind;
  /** Of fields: their names. */
  keys: readonly string[];
  /** As they were when they were written: elements, fields, keys and values by turns; of a leaf its text, of what
   * stays outside the text that which stands for it. */
  parts: readonly unknown[];
  /** Of what a reducer makes data of: those, which are made anew each time. */
  data?: Node;
  /** When it was looked at last. */
  round: number;
}

const KINDS: Record<string, Kind> = { Array: 'list', Map: 'map', Set: 'set' };
for (const tag of ['Date', 'RegExp', 'URL', 'URLSearchParams', 'ArrayBuffer']) KINDS[tag] = 'leaf';

/** Reducers of what stays outside the text: each use of theirs takes a position among the attachments. */
const OUTSIDE = ['Blob', 'Bytes', 'Handle'];

/**
 * What a text says of a value, object by object, so that a later state of the value can be written as what has changed.
 * In its form objects are told by index, so what is shared, and cycles, need nothing more than that.
 *
 * Owns: by object, its index in the text and what was written of it. Never: the value, which stays anybody's to change.
 * 1. Every object is looked at each time, and compared with what was written of it: a change in place is found, and so
 *    is an object that went elsewhere. Identity tells where an object stands in the text, never that it is unchanged.
 * 2. The text with all changes, in order, gives what a text of the whole would give: the same values, shared and cyclic.
 * 3. What it can't tell, it refuses to: then the whole is to be written.
 */
export class Trace {
  readonly #reducers: Reducers;
  readonly #nodes = new Map<object, Node>();
  readonly #primitives = new Map<unknown, number>();
  /** Of the text and of all changes, by position. */
  readonly #blobs: Attached[];
  #root: object;
  #next: number;
  #round = 0;
  /** Index and entry by turns. */
  #changes: unknown[] = [];

  private constructor(value: object, reducers: Reducers, flat: Flat, blobs: readonly Attached[]) {
    this.#root = value;
    this.#blobs = [...blobs];
    this.#reducers = allReducers(reducers, this.#blobs);
    this.#next = flat.length;
    for (const [index, entry] of flat.entries()) {
      if (typeof entry !== 'object' || entry === null) this.#primitives.set(entry, index);
    }
  }

  /**
   * @param value what `flat` was made of, or gave; nobody has changed it since.
   * @returns undefined where it has parts that can't be followed.
   */
  static of(value: object, flat: Flat, blobs: readonly Attached[], reducers: Reducers = {}): Trace | undefined {
    const trace = new Trace(value, reducers, flat, blobs);
    return trace.#tried(() => {
      trace.#learn(value, 0, flat);
      return trace;
    });
  }

  /**
   * What makes of the text, and the changes told before, one of `value`: a list of index and entry by turns.
   * @param value the one that this is of, or another one in its place.
   * @returns undefined where the whole is to be written; this is not to be used any more then.
   */
  changes(value: object): Encoded | undefined {
    const from = this.#blobs.length;
    this.#changes = [];
    this.#round++;
    return this.#tried(() => {
      this.#place(value);
      return { text: JSON.stringify(this.#changes), blobs: this.#blobs.slice(from) };
    });
  }

  /** What goes wrong here goes wrong where the whole is written, and is told there. */
  #tried<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch {
      return undefined;
    }
  }

  /** The value itself stands at 0, whichever object it is. */
  #place(value: object): void {
    const root = this.#nodes.get(this.#root) as Node;
    if (value !== this.#root && (this.#nodes.has(value) || kindOf(value) !== root.kind)) throw new Unfollowed();
    this.#nodes.delete(this.#root);
    this.#nodes.set(value, root);
    this.#root = value;
    this.#look(value, root);
  }

  #indexOf(thing: unknown): number {
    if (typeof thing !== 'object' || thing === null) return this.#primitive(thing);
    const node = this.#nodes.get(thing);
    if (!node) return this.#add(thing);
    if (node.round !== this.#round) this.#look(thing, node);
    return node.index;
  }

  #primitive(thing: unknown): number {
    const at = WORDLESS.findIndex((word) => Object.is(word, thing));
    if (at >= 0) return -1 - at;
    const known = this.#primitives.get(thing);
    if (known !== undefined) return known;
    if (typeof thing === 'function' || typeof thing === 'symbol') throw new Unfollowed();
    const index = this.#next++;
    this.#primitives.set(thing, index);
    this.#changes.push(index, typeof thing === 'bigint' ? ['BigInt', `${thing}`] : thing);
    return index;
  }

  #add(thing: object): number {
    const reduced = this.#reduced(thing);
    const kind = reduced ? kindOfReduced(reduced[0]) : kindOf(thing);
    const node = this.#note(thing, this.#next++, kind);
    if (reduced) {
      const [name, data] = reduced;
      if (kind === 'outside') node.parts = [standInOf(thing)];
      node.data = this.#nodeOf(this.#next++, 'fields');
      this.#changes.push(node.index, [name, node.data.index]);
      this.#write(data, node.data);
    } else this.#write(thing, node);
    return node.index;
  }

  /** Writes of a known object what is not as it was written. */
  #look(thing: object, node: Node): void {
    node.round = this.#round;
    if (node.kind === 'outside') {
      if (standInOf(thing) !== node.parts[0]) throw new Unfollowed();
    } else if (node.kind === 'reduced') {
      const [, data] = this.#reduced(thing) ?? [];
      if (!data || !node.data) throw new Unfollowed();
      this.#look(data, node.data);
    } else if (node.kind === 'fields' ? !this.#fieldsAre(thing, node) : !this.#partsAre(thing, node)) {
      this.#write(thing, node);
    }
  }

  #fieldsAre(thing: object, { keys, parts }: Node): boolean {
    const fields = thing as Record<string, unknown>;
    let n = 0;
    let same = true;
    for (const key of Object.keys(thing)) {
      const part = fields[key];
      same &&= key === keys[n] && Object.is(part, parts[n]);
      if (same && typeof part === 'object' && part !== null) this.#indexOf(part);
      n++;
    }
    return same && n === keys.length;
  }

  #partsAre(thing: object, { kind, parts: written }: Node): boolean {
    const parts = partsOf(thing, kind);
    if (parts.length !== written.length) return false;
    for (let n = 0; n < parts.length; n++) {
      const part = parts[n];
      if (!Object.is(part, written[n])) return false;
      if (typeof part === 'object' && part !== null) this.#indexOf(part);
      else if (part === undefined && kind === 'list' && !(n in parts)) return false;
    }
    return true;
  }

  #write(thing: object, node: Node): void {
    if (node.kind === 'fields') this.#writeFields(thing as Record<string, unknown>, node);
    else {
      node.parts = [...partsOf(thing, node.kind)];
      this.#changes.push(node.index, this.#entryOf(thing, node));
    }
  }

  #writeFields(thing: Record<string, unknown>, node: Node): void {
    if (!isPlain(thing)) throw new Unfollowed();
    node.keys = Object.keys(thing);
    node.parts = node.keys.map((key) => thing[key]);
    const entry: Record<string, number> = {};
    for (const [n, key] of node.keys.entries()) {
      if (key === '__proto__') throw new Unfollowed();
      entry[key] = this.#indexOf(node.parts[n]);
    }
    this.#changes.push(node.index, entry);
  }

  #entryOf(thing: object, { kind, parts }: Node): unknown {
    if (kind === 'leaf') return JSON.parse(parts[0] as string)[0];
    if (kind === 'view') return [tagOf(thing), this.#indexOf(parts[0]), ...parts.slice(1)];
    if (kind === 'list') for (const n of parts.keys()) if (!(n in thing)) throw new Unfollowed();
    const indices = parts.map((part) => this.#indexOf(part));
    if (kind === 'list') return indices;
    return [kind === 'map' ? 'Map' : 'Set', ...indices];
  }

  /** Notes what the text says of `thing` at `index`. */
  #learn(thing: unknown, index: number, flat: Flat): void {
    if (typeof thing === 'bigint') this.#primitives.set(thing, index);
    if (typeof thing !== 'object' || thing === null || this.#nodes.has(thing)) return;
    const entry = flat[index] as Record<string, number> & unknown[];
    const [name] = Array.isArray(entry) ? entry : [];
    if (typeof name === 'string' && Object.hasOwn(this.#reducers, name)) {
      const node = this.#note(thing, index, kindOfReduced(name));
      if (node.kind === 'outside') node.parts = [standInOf(thing)];
      const data = node.kind === 'reduced' && (this.#reducers[name] as Reducers[string])(thing);
      if (data) node.data = this.#learnFields(data as Record<string, unknown>, entry[1] as number, flat);
      return;
    }
    const node = this.#note(thing, index, kindOf(thing));
    if (node.kind === 'fields') this.#learnFields(thing as Record<string, unknown>, index, flat, node);
    else this.#learnParts(thing, entry, node, flat);
  }

  #learnFields(
    thing: Record<string, unknown>,
    index: number,
    flat: Flat,
    node: Node = this.#nodeOf(index, 'fields'),
  ): Node {
    const entry = flat[index] as Record<string, number>;
    node.keys = Object.keys(thing);
    if (node.keys.join('\0') !== Object.keys(entry).join('\0')) throw new Unfollowed();
    node.parts = node.keys.map((key) => thing[key]);
    for (const [n, key] of node.keys.entries()) this.#learn(node.parts[n], entry[key] as number, flat);
    return node;
  }

  #learnParts(thing: object, entry: readonly unknown[], node: Node, flat: Flat): void {
    node.parts = [...partsOf(thing, node.kind)];
    if (node.kind === 'leaf') return;
    const indices = node.kind === 'list' ? entry : entry.slice(1);
    // Lists with holes are written in a form of their own.
    if (indices.length !== node.parts.length || indices.some((index) => index === HOLE)) throw new Unfollowed();
    const parts = node.kind === 'view' ? node.parts.slice(0, 1) : node.parts;
    for (const [n, part] of parts.entries()) this.#learn(part, indices[n] as number, flat);
  }

  #reduced(thing: object): [name: string, data: Record<string, unknown>] | undefined {
    for (const [name, reduce] of Object.entries(this.#reducers)) {
      const data = reduce(thing);
      if (data) return [name, data as Record<string, unknown>];
    }
    return undefined;
  }

  #note(thing: object, index: number, kind: Kind): Node {
    const node = this.#nodeOf(index, kind);
    this.#nodes.set(thing, node);
    return node;
  }

  #nodeOf(index: number, kind: Kind): Node {
    return { index, kind, keys: [], parts: [], round: this.#round };
  }
}

/** Never seen outside: where it is thrown, the whole is written. */
class Unfollowed extends Error {}

function kindOfReduced(name: string): Kind {
  return OUTSIDE.includes(name) ? 'outside' : 'reduced';
}

/** What is stored for it: of a buffer another one where it was changed in place. */
function standInOf(thing: object): object {
  return isLarge(thing) ? bytesOf(thing).copy : thing;
}

function kindOf(thing: object): Kind {
  const kind = ArrayBuffer.isView(thing) ? 'view' : KINDS[tagOf(thing)];
  if (kind) return kind;
  if (isPlain(thing)) return 'fields';
  throw new Unfollowed();
}

/** What is written as fields. Objects without a prototype it writes in a form of their own. */
function isPlain(thing: object): boolean {
  return (
    Object.getPrototypeOf(thing) === Object.prototype &&
    tagOf(thing) === 'Object' &&
    Object.getOwnPropertySymbols(thing).length === 0
  );
}

function partsOf(thing: object, kind: Kind): readonly unknown[] {
  switch (kind) {
    case 'list':
      return thing as unknown[];
    case 'map':
      return [...(thing as Map<unknown, unknown>)].flat();
    case 'set':
      return [...(thing as Set<unknown>)];
    case 'view':
      return [(thing as ArrayBufferView).buffer, ...extentOf(thing as DataView | Uint8Array)];
    default:
      return [flatten(thing)];
  }
}

/** Which part of its buffer a view shows: nothing where it is all of it. */
function extentOf(view: DataView | Uint8Array): readonly number[] {
  const { buffer, byteOffset, byteLength } = view;
  if (byteLength === buffer.byteLength) return [];
  return [byteOffset, view instanceof DataView ? byteLength : view.length];
}
