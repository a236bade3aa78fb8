import { HoldfastError } from '../errors/index.js';
import { fromBase64 } from './base64.js';
import { HOLE, SPARSE, TEXTUAL, WORDLESS } from './flatten.js';
import { tagOf, VIEW, viewOf } from './views.js';

/**
 * A text of `flatten.ts`, parsed: what stands at an index is a primitive, or the parts of an object by their indices; the
 * value itself stands at 0.
 */
export type Flat = unknown[];

/** How a kind of object of one's own is made of its data. Where these lead back to it, it is asked for before they are whole, too. */
export type Revivers = Record<string, (data: never) => unknown>;

/** The value that was made flat. @throws `STORE_DAMAGED` for what nothing was made to. */
export function unflatten(flat: Flat | number, revivers: Revivers = {}): unknown {
  return typeof flat === 'number' ? wordless(flat) : new Unflattening(flat, revivers).at(0);
}

class Unflattening {
  readonly #flat: Flat;
  readonly #revivers: Revivers;
  readonly #made: unknown[];

  constructor(flat: Flat, revivers: Revivers) {
    this.#flat = flat;
    this.#revivers = revivers;
    this.#made = new Array(flat.length);
  }

  at(index: unknown): unknown {
    if (typeof index !== 'number' || !(index in this.#flat)) return wordless(index);
    if (index in this.#made) return this.#made[index];
    const entry = this.#flat[index];
    if (typeof entry !== 'object' || entry === null) return this.#keep(index, entry);
    if (!Array.isArray(entry)) return this.#fields(this.#keep(index, {}), Object.entries(entry));
    const kind: unknown = entry[0];
    if (typeof kind === 'string') return this.#kind(index, kind, entry.slice(1));
    if (kind === SPARSE) return this.#sparse(this.#keep(index, []), entry.slice(1));
    return this.#list(this.#keep(index, new Array(entry.length)), entry);
  }

  /** Before its parts are made, as they may lead back to it. */
  #keep<T>(index: number, made: T): T {
    this.#made[index] = made;
    return made;
  }

  #kind(index: number, kind: string, parts: unknown[]): unknown {
    if (Object.hasOwn(this.#revivers, kind)) {
      return this.#keep(index, this.#revivers[kind]?.(this.at(parts[0]) as never));
    }
    if (kind === 'Set') {
      const set = this.#keep(index, new Set());
      for (const part of parts) set.add(this.at(part));
      return set;
    }
    if (kind === 'Map') {
      const map = this.#keep(index, new Map());
      for (const [key, part] of pairsOf(parts)) map.set(this.at(key), this.at(part));
      return map;
    }
    if (kind === 'null') return this.#fields(this.#keep(index, Object.create(null)), pairsOf(parts));
    return this.#keep(index, this.#builtIn(kind, parts));
  }

  #builtIn(kind: string, [part, ...more]: unknown[]): unknown {
    if (kind === 'BigInt') return BigInt(part as string);
    if (kind === 'Object') return Object(this.at(part));
    if (kind === 'RegExp') return new RegExp(part as string, more[0] as string);
    if (kind === 'ArrayBuffer') return fromBase64(part as string);
    if (VIEW.test(kind)) {
      const buffer = this.at(part);
      if (tagOf(buffer) === 'ArrayBuffer') return viewOf(kind, buffer as ArrayBuffer, ...(more as [number, number]));
    } else if (TEXTUAL.test(kind)) return ofText(kind, part as string);
    throw damaged();
  }

  #list(list: unknown[], entry: readonly unknown[]): unknown[] {
    for (let n = 0; n < entry.length; n++) if (entry[n] !== HOLE) list[n] = this.at(entry[n]);
    return list;
  }

  #sparse(list: unknown[], [length, ...parts]: unknown[]): unknown[] {
    // Without this, room would be made for all that isn't there.
    list[LAST] = undefined;
    list.length = length as number;
    for (const [position, part] of pairsOf(parts)) list[position as number] = this.at(part);
    return list;
  }

  #fields(object: Record<string, unknown>, fields: Iterable<readonly [unknown, unknown]>): object {
    for (const [key, part] of fields) {
      if (key === '__proto__') throw damaged();
      object[key as string] = this.at(part);
    }
    return object;
  }
}

/** The last position that a list can have. */
const LAST = 4_294_967_294;

/** @param kind one of {@link TEXTUAL}. */
export function ofText(kind: string, text: string): unknown {
  const platform = globalThis as unknown as Record<string, new (text: string) => unknown>;
  const { Temporal } = globalThis as unknown as { Temporal: Record<string, { from(text: string): unknown }> };
  const [first, temporal] = kind.split('.') as [string, string?];
  return temporal ? Temporal[temporal]?.from(text) : new (platform[first] as (typeof platform)[string])(text);
}

function wordless(index: unknown): unknown {
  const at = -1 - Number(index);
  if (at in WORDLESS) return WORDLESS[at];
  throw damaged();
}

function* pairsOf(parts: readonly unknown[]): Iterable<readonly [unknown, unknown]> {
  for (let n = 0; n < parts.length; n += 2) yield [parts[n], parts[n + 1]];
}

function damaged(): HoldfastError {
  return new HoldfastError('STORE_DAMAGED', { message: 'The text of a stored value makes no sense.' });
}
