import type { Encoded } from '../records/records.js';
import { createErrorReviver, type ErrorData, errorToData, isError } from './errors-as-data.js';
import { isHandle } from './files.js';
import { Refusal, type Step, TEXTUAL, type Wrong, wrongOf } from './flatten.js';
import { ofText } from './unflatten.js';
import { describe, findProxy, findUnstorable, type Unstorable } from './unstorable.js';
import { tagOf, viewOf, viewToData } from './views.js';

/**
 * A value on its way through `postMessage`: a copy of the app's, so that a page needs no codec. Structured clone carries most of
 * what can be stored. What it would lose, or refuse, has a stand-in: Errors (their code and fields), URLs, dates of Temporal,
 * objects without a prototype.
 */
export interface Crossing {
  readonly value: unknown;
  /** Objects in it, and the kind of what each stands for. */
  readonly standIns?: readonly StandIn[];
}

type StandIn = readonly [object: object, kind: string];

/** What a caller hands over, to be stored elsewhere: a copy, or why there can be none. */
export interface Given extends Crossing {
  readonly refused?: Unstorable<Crossing>;
}

/** @param what names the value in errors. */
export function crossGiven(value: unknown, what: string): Given {
  try {
    const crossing = cross(value);
    const refused = findProxy(value, what) as Unstorable<Crossing> | undefined;
    return refused ? { value: undefined, refused } : crossing;
  } catch (thrown) {
    const { cause, ...found } = findUnstorable(thrown, what);
    return { value: undefined, refused: { ...found, ...(cause !== undefined && { cause: crossError(cause) }) } };
  }
}

/** Only kinds look so in a text: in a string its quotes would be escaped. */
const STANDING_IN = /\["(Error|URL|URLSearchParams|null|Temporal\.\w+)"/;

/** What was decoded, and is nobody else's: where nothing in it needs a stand-in, it crosses without a copy. */
export function crossDecoded(value: unknown, { text }: Pick<Encoded, 'text'>): Crossing {
  return STANDING_IN.test(text) ? cross(value) : { value };
}

/** A copy of a value. @throws `Refusal`, and what a getter throws. */
function cross(value: unknown): Crossing {
  const copying = new Copying();
  const copy = copying.copy(value);
  return copying.standIns.length === 0 ? { value: copy } : { value: copy, standIns: copying.standIns };
}

/** For a thrown thing on its way to a caller in another realm. */
export function crossError(error: unknown): Crossing {
  try {
    return cross(error);
  } catch {
    return cross(new Error(describe(error)));
  }
}

/** The value that has crossed; what has arrived is used up for it. */
export function arrived({ value, standIns }: Crossing): unknown {
  return standIns ? new Arriving(standIns).whole(value) : value;
}

/** Owns: what is copied, by what it was copied of. Never: a part of the value itself, but what nobody can change. */
class Copying {
  readonly standIns: StandIn[] = [];
  readonly #copies = new Map<object, object>();
  readonly #path: Step[] = [];
  readonly #errors: boolean;

  /** @param errors whether they are looked into. */
  constructor(errors = true) {
    this.#errors = errors;
  }

  copy(thing: unknown): unknown {
    if (typeof thing === 'function' || typeof thing === 'symbol') throw this.#refusal(thing, 'kind');
    if (typeof thing !== 'object' || thing === null) return thing;
    return this.#copies.get(thing) ?? this.#object(thing);
  }

  #object(thing: object): object {
    const tag = tagOf(thing);
    if (isError(thing, tag)) return this.#error(thing);
    if (typeof (thing as { then?: unknown }).then === 'function') throw this.#refusal(thing, 'kind');
    if (tag === 'Object') return this.#fields(thing);
    if (tag === 'Array') {
      const list: unknown[] = this.#keep(thing, []);
      (thing as unknown[]).forEach((part, n) => {
        list[n] = this.#part(n, part);
      });
      list.length = (thing as unknown[]).length;
      return list;
    }
    if (tag === 'Map') {
      const map = this.#keep(thing, new Map());
      for (const [key, part] of thing as Map<unknown, unknown>)
        map.set(this.#part({ key }, key), this.#part({ key }, part));
      return map;
    }
    if (tag === 'Set') {
      const set = this.#keep(thing, new Set());
      for (const part of thing as Set<unknown>) set.add(this.copy(part));
      return set;
    }
    if (tag === 'Date') return this.#keep(thing, new Date(thing as Date));
    if (TEXTUAL.test(tag)) return this.#standIn(this.#keep(thing, { text: String(thing) }), tag);
    if (tag === 'ArrayBuffer') return this.#keep(thing, (thing as ArrayBuffer).slice(0));
    if (ArrayBuffer.isView(thing)) {
      const { buffer, offset, length } = viewToData(thing as ArrayBufferView<ArrayBuffer>);
      return this.#keep(thing, viewOf(tag, this.copy(buffer) as ArrayBuffer, offset, length));
    }
    if (thing instanceof Blob || isHandle(thing) || /^(Number|String|Boolean|BigInt|RegExp)$/.test(tag)) return thing;
    return this.#fields(thing);
  }

  #fields(thing: object): object {
    const wrong = wrongOf(thing);
    if (wrong) throw this.#refusal(thing, wrong);
    const copy = this.#copyFields(thing, this.#keep(thing, {}));
    return Object.getPrototypeOf(thing) ? copy : this.#standIn(copy, 'null');
  }

  #error(error: Error): object {
    const data = this.#keep(error, {});
    if (!this.#errors) return data;
    return this.#standIn(this.#copyFields(errorToData(error, canCross), data), 'Error');
  }

  #copyFields(thing: object, copy: Record<string, unknown>): object {
    for (const key of Object.keys(thing)) {
      if (key === '__proto__') throw this.#refusal(thing, key);
      copy[key] = this.#part(key, (thing as typeof copy)[key]);
    }
    return copy;
  }

  #part(step: Step, part: unknown): unknown {
    this.#path.push(step);
    const copy = this.copy(part);
    this.#path.pop();
    return copy;
  }

  /** Before its parts, as they may lead back to it. */
  #keep<T extends object>(thing: object, copy: T): T {
    this.#copies.set(thing, copy);
    return copy;
  }

  #standIn(object: object, kind: string): object {
    this.standIns.push([object, kind]);
    return object;
  }

  #refusal(part: unknown, wrong: Wrong): Refusal {
    return new Refusal([...this.#path], part, wrong);
  }
}

/** An Error in it always can: what of it can't is left out. Looking into it would never end on a cycle. */
function canCross(value: unknown): boolean {
  try {
    new Copying(false).copy(value);
    return true;
  } catch {
    return false;
  }
}

/** Puts what stand-ins stand for in their place, in a value that nobody has seen. */
class Arriving {
  readonly #kinds: ReadonlyMap<unknown, string>;
  readonly #made = new Map<unknown, unknown>();
  readonly #revive = createErrorReviver();

  constructor(standIns: readonly StandIn[]) {
    this.#kinds = new Map(standIns);
  }

  whole = (thing: unknown): unknown => {
    if (typeof thing !== 'object' || thing === null) return thing;
    if (this.#made.has(thing)) return this.#made.get(thing);
    const kind = this.#kinds.get(thing) ?? tagOf(thing);
    const made = this.#begin(thing, kind);
    this.#made.set(thing, made);
    this.#fill(thing, kind);
    return made;
  };

  #begin(thing: object, kind: string): unknown {
    if (kind === 'Error') return this.#revive(thing as ErrorData);
    return kind !== 'Date' && TEXTUAL.test(kind) ? ofText(kind, (thing as { text: string }).text) : thing;
  }

  #fill(thing: object, kind: string): void {
    if (thing instanceof Map) {
      const entries = [...thing];
      thing.clear();
      for (const [key, part] of entries) thing.set(this.whole(key), this.whole(part));
    } else if (thing instanceof Set) {
      const parts = [...thing];
      thing.clear();
      for (const part of parts) thing.add(this.whole(part));
    } else if (/^(Array|Object|null|Error)$/.test(kind)) {
      const fields = thing as Record<string, unknown>;
      for (const key of Object.keys(fields)) fields[key] = this.whole(fields[key]);
    }
    // Its parts are whole now.
    if (kind === 'Error') this.#revive(thing as ErrorData);
    if (kind === 'null') Object.setPrototypeOf(thing, null);
  }
}
