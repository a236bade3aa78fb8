import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attached, Encoded } from '../records/records.js';
import { decode, encode, type Flat, revive, Trace } from './index.js';

/** A value, what is stored of it, and the trace that tells its changes. */
class Told {
  readonly value: Record<string, unknown>;
  #flat: Flat = [];
  #blobs: Attached[] = [];
  #trace: Trace | undefined;
  /** The last change, as it was told; undefined when the whole was written. */
  change: Encoded | undefined;

  constructor(value: Record<string, unknown>) {
    this.value = value;
    this.#writeWhole(value);
  }

  /** What the stored texts give, written as one. @param root another object in the value's place. */
  tell(root = this.value): string {
    this.change = this.#trace?.changes(root);
    if (!this.change) this.#writeWhole(root);
    else {
      const entries = JSON.parse(this.change.text) as unknown[];
      for (let n = 0; n < entries.length; n += 2) this.#flat[entries[n] as number] = entries[n + 1];
      this.#blobs.push(...this.change.blobs);
    }
    return encode(this.stored, 'value').text;
  }

  get stored(): Record<string, unknown> {
    return revive(structuredClone(this.#flat), this.#blobs) as Record<string, unknown>;
  }

  /** As after a restore: what was stored is what goes on. */
  restored(): Told {
    const value = this.stored;
    const next = new Told(value);
    next.#flat = this.#flat;
    next.#blobs = this.#blobs;
    next.#trace = Trace.of(value, this.#flat, this.#blobs);
    return next;
  }

  #writeWhole(value: object): void {
    const { text, blobs } = encode(value, 'value');
    this.#flat = JSON.parse(text) as Flat;
    this.#blobs = [...blobs];
    this.#trace = Trace.of(value, this.#flat, blobs);
  }
}

const whole = (value: unknown) => encode(value, 'value').text;

const leaves = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.bigInt(),
  fc.constantFrom<unknown>(undefined, null, true, 0, -0, Number.NaN, Infinity, -Infinity, 0.1, '\ud800', 'Map', -2),
);
const changes = fc.record({
  what: fc.constantFrom('set', 'new', 'new', 'alias', 'alias', 'copy', 'drop', 'empty', 'turn'),
  at: fc.nat(1000),
  other: fc.nat(1000),
  leaf: leaves,
});
type Change = typeof changes extends fc.Arbitrary<infer T> ? T : never;

/** Objects by turns of every kind that a trace follows. */
function make(n: number): object {
  const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
  const kinds = [
    () => ({ a: n, b: 'x' }),
    () => [n, 'x'],
    () => new Map<unknown, unknown>([['k', n]]),
    () => new Set<unknown>([n]),
    () => new Date(n),
    () => [new Uint8Array(buffer, 1, 2), new DataView(buffer), new Float32Array(buffer)],
    () => Object.assign(new Error(`no ${n}`), { own: { n } }),
    () => new Blob([`${n}`]),
    () => [/a/g, new URL('https://example.org/'), buffer],
  ];
  return (kinds[n % kinds.length] as () => object)();
}

/** Does something to one of the objects that are there, in place; `all` are those that can be referred to. */
function apply({ what, at, other, leaf }: Change, all: object[]): void {
  const pick = (n: number) => all[n % all.length] as object;
  const thing = pick(at);
  const parts: Record<string, unknown> = { set: leaf, new: make(other), alias: pick(other), copy: copyOf(pick(other)) };
  const part = parts[what];
  if (typeof part === 'object' && part !== null && !all.includes(part)) all.push(part);
  if (what === 'drop' || what === 'empty') remove(thing, what === 'empty');
  else if (what === 'turn') {
    if (Array.isArray(thing)) thing.reverse();
    else if (thing instanceof Date) thing.setTime(other);
    else if (ArrayBuffer.isView(thing)) new Uint8Array(thing.buffer)[0] = other;
    else if (thing instanceof Error) thing.message += other;
  } else if (Array.isArray(thing)) {
    if (other % 3) thing.push(part);
    else thing[0] = part;
  } else if (thing instanceof Map) thing.set(other % 2 ? part : 'k', part);
  else if (thing instanceof Set) thing.add(part);
  else if (thing instanceof Error || Object.getPrototypeOf(thing) === Object.prototype) {
    (thing as Record<string, unknown>)[`f${other % 4}`] = part;
  }
}

function copyOf(thing: object): object {
  if (Array.isArray(thing)) return [...thing];
  if (thing instanceof Map) return new Map(thing);
  return Object.getPrototypeOf(thing) === Object.prototype ? { ...thing } : thing;
}

function remove(thing: object, all: boolean): void {
  if (Array.isArray(thing)) thing.length = all ? 0 : Math.max(0, thing.length - 1);
  else if (thing instanceof Map || thing instanceof Set) thing.clear();
  else if (Object.getPrototypeOf(thing) === Object.prototype) delete (thing as Record<string, unknown>).f1;
}

test('a text and the changes told to it give what a text of the whole gives, whatever was changed, and how', () => {
  let followed = 0;
  const rounds = fc.array(fc.tuple(fc.boolean(), fc.array(changes, { maxLength: 6 })), { maxLength: 10 });
  fc.assert(
    fc.property(rounds, (rounds) => {
      let told = new Told({ list: [], map: new Map(), fields: {} });
      let all: object[] = [told.value, ...(Object.values(told.value) as object[])];
      for (const [again, round] of rounds) {
        for (const change of round) apply(change, all);
        expect(told.tell()).toBe(whole(told.value));
        if (told.change) followed++;
        if (!again) continue;
        told = told.restored();
        all = [told.value, ...Object.values(told.value).filter((part) => typeof part === 'object' && part !== null)];
      }
    }),
    { numRuns: 150 },
  );
  expect(followed).toBeGreaterThan(100);
});

describe('what is told', () => {
  const items = () => Array.from({ length: 1000 }, (_, id) => ({ id, name: `item ${id}`, done: false }));

  test.each<[string, (value: Record<string, unknown> & { items: { id: number; done: boolean }[] }) => void]>([
    ['a field beside them', (value) => Object.assign(value, { note: 'new' })],
    ['a field of one, in place', ({ items }) => Object.assign(items[7] as object, { done: true })],
  ])('of a thousand items: %s', (_, change) => {
    const told = new Told({ items: items(), note: '' });
    change(told.value as never);
    expect(told.tell()).toBe(whole(told.value));
    expect(told.change?.text.length).toBeLessThan(100);
  });

  test('of a thousand items copied with one in the place of another: that one, and the list', () => {
    const told = new Told({ items: items() });
    told.value.items = (told.value.items as { id: number }[]).map((item) =>
      item.id === 7 ? { ...item, id: -7 } : item,
    );
    expect(told.tell()).toBe(whole(told.value));
    expect(told.change?.text.length).toBeLessThan(6000);
  });

  test('of another object in the place of the whole: what is new in it', () => {
    const told = new Told({ items: items(), n: 1 });
    const next = { ...told.value, n: 2 };
    expect(told.tell(next)).toBe(whole(next));
    expect(told.change?.text.length).toBeLessThan(100);
    expect(told.tell({ ...next, n: 3 })).toBe(whole({ ...next, n: 3 }));
  });

  test('of a field that has another name, and the same value', () => {
    const told = new Told({ before: 1 });
    delete told.value.before;
    told.value.after = 1;
    expect(told.tell()).toBe(whole(told.value));
    expect(told.change).toBeDefined();
  });

  test('of the whole that has become a part of another one', () => {
    const told = new Told({ items: items(), n: 1 });
    const next = { part: told.value };
    expect(told.tell(next)).toBe(whole(next));
    expect(told.change).toBeDefined();
  });

  test('a Blob is told once, at its position', () => {
    const told = new Told({ first: new Blob(['1']) });
    told.value.second = new Blob(['22']);
    expect(told.tell()).toBe(whole(told.value));
    expect(told.change?.blobs).toEqual([told.value.second]);
    told.value.n = 1;
    told.tell();
    expect(told.change?.blobs).toEqual([]);
    expect((told.stored.second as Blob).size).toBe(2);
  });
});

describe('a large buffer', () => {
  const bytes = () => new Uint8Array(100_000).fill(7);

  test('is told once, at its position, also through what views it', () => {
    const told = new Told({ first: bytes(), n: 0 });
    for (const again of [told, told.restored()]) {
      again.value.n = 1;
      expect(again.tell()).toBe(whole(again.value));
      expect(again.change?.blobs).toEqual([]);
      again.value.second = bytes().subarray(10, 20);
      expect(again.tell()).toBe(whole(again.value));
      expect(again.change?.blobs).toHaveLength(1);
      again.value.blob = new Blob(['1']);
      expect(again.tell()).toBe(whole(again.value));
      expect(again.change?.blobs).toEqual([again.value.blob]);
      expect(again.change?.text.length).toBeLessThan(300);
      expect((again.stored.blob as Blob).size).toBe(1);
    }
  });

  test('that was changed in place makes the whole be written', () => {
    const first = bytes();
    const told = new Told({ first, buffer: first.buffer });
    first[1] = 8;
    expect(told.tell()).toBe(whole(told.value));
    expect(told.change).toBeUndefined();
    expect(told.stored.first).toEqual(first);
  });
});

describe('what can not be followed is written whole, and refused where that refuses it', () => {
  test.each<[string, unknown]>([
    // biome-ignore lint/suspicious/noSparseArray: holes are what this is about
    ['a list with holes', [1, , 3]],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['a boxed number', Object(1)],
  ])('%s', (_, part) => {
    const told = new Told({ n: 1 });
    told.value.part = part;
    expect(told.tell()).toBe(whole(told.value));
    expect(told.change).toBeUndefined();
    expect(told.tell()).toBe(whole(told.value));
  });

  test.each<[string, unknown]>([
    ['a function', () => {}],
    ['a key __proto__', JSON.parse('{ "__proto__": 1 }')],
    ['an instance of a class', new (class Thing {})()],
    ['a symbol as a key', { [Symbol('s')]: 1 }],
  ])('%s', (_, part) => {
    const told = new Told({ n: 1 });
    told.value.part = part;
    expect(() => told.tell()).toThrow(/can't be stored/);
  });

  test('an element that is taken out of a list in place leaves a hole', () => {
    const told = new Told({ list: [1, undefined, 3] });
    delete (told.value.list as unknown[])[1];
    expect(told.tell()).toBe(whole(told.value));
    expect(1 in (decode({ text: told.tell(), blobs: [] }) as { list: unknown[] }).list).toBe(false);
  });
});
