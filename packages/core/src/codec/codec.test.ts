import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HoldfastError, isHoldfastError } from '../errors/index.js';
import { AttachmentBook, decode, decodeError, encode, encodeError, encodeGiven, sameText } from './index.js';

const trip = <T>(value: T): T => decode(encode(value, 'input')) as T;

function refusal(work: () => unknown): HoldfastError {
  try {
    work();
  } catch (error) {
    return error as HoldfastError;
  }
  throw new Error('It was not refused.');
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('what is stored comes back', () => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['-0', -0],
    ['infinities', [Infinity, -Infinity]],
    ['BigInt', 2n ** 70n],
    ['Date', new Date(0)],
    ['RegExp', /a\/b/gi],
    ['Map with object keys', new Map<unknown, unknown>([[{ a: 1 }, new Set([1])]])],
    ['nested Sets', new Set([new Set([Number.NaN]), undefined])],
    ['undefined fields', { a: undefined }],
    ['odd strings', ['\u2028', '</script>', '\ud83d\ude00', '\0', '"\\']],
    ['typed arrays', [new Uint8Array([1, 255]), new Float64Array([-0, Number.NaN]), new BigInt64Array([-1n])]],
    ['ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
    ['DataView', new DataView(new Uint8Array([9, 8]).buffer)],
    ['URL', new URL('https://example.org/?a=b')],
    ['keys that mean something to objects', { constructor: 1, toString: 2, hasOwnProperty: 3 }],
  ])('%s', (_, value) => {
    expect(trip(value)).toEqual(value);
    expect(trip({ deep: [value] })).toEqual({ deep: [value] });
  });

  test.each([
    ['a large ArrayBuffer', () => patterned(100_003)],
    ['a view of a part of one', () => new Uint16Array(patterned(100_002), 8, 40_000)],
    ['a DataView of one', () => new DataView(patterned(100_001), 3, 90_000)],
    ['a large BigInt64Array', () => new BigInt64Array(patterned(80_000))],
  ])('%s, outside of the text', (_, make) => {
    const value = make();
    const { text, blobs } = encode({ deep: [value] }, 'input');
    expect(text.length).toBeLessThan(200);
    expect(blobs).toHaveLength(1);
    const [back] = (decode({ text, blobs }) as { deep: [typeof value] }).deep;
    expect(sameBytes(back, value)).toBe(true);
    expect(Object.prototype.toString.call(back)).toBe(Object.prototype.toString.call(value));
  });

  test('views of one large buffer share it', () => {
    const buffer = patterned(80_000);
    const [a, b, c] = trip([new Uint8Array(buffer), new DataView(buffer, 8), buffer]) as [
      Uint8Array,
      DataView,
      ArrayBuffer,
    ];
    expect([a.buffer === c, b.buffer === c]).toEqual([true, true]);
  });

  test('-0 keeps its sign', () => {
    expect(Object.is(trip({ zero: -0 }).zero, -0)).toBe(true);
  });

  test('an invalid date stays one', () => {
    expect(trip(new Date(Number.NaN)).getTime()).toBeNaN();
  });

  test('holes stay holes', () => {
    // biome-ignore lint/suspicious/noSparseArray: holes are what this is about
    const sparse = trip([1, , 3]);
    expect([0 in sparse, 1 in sparse, sparse.length]).toEqual([true, false, 3]);
    const wide = new Array(1_000_000);
    wide[999_999] = 'last';
    expect(encode(wide, 'input').text.length).toBeLessThan(100);
    expect(trip(wide)[999_999]).toBe('last');
  });

  test('an object without prototype stays without', () => {
    const bare = Object.assign(Object.create(null), { a: 1 });
    expect(Object.getPrototypeOf(trip(bare))).toBeNull();
    expect(trip(bare).a).toBe(1);
  });

  test('frozen objects are taken, and come back thawed', () => {
    const back = trip(Object.freeze({ list: Object.freeze([1]) })) as { list: number[] };
    back.list.push(2);
    expect(back.list).toEqual([1, 2]);
  });

  test('cycles and shared references', () => {
    const shared = { n: 1 };
    const ring: Record<string, unknown> = { a: shared, b: shared };
    ring.self = ring;
    ring.map = new Map([['ring', ring]]);
    const back = trip(ring) as { a: unknown; b: unknown; self: unknown; map: Map<string, unknown> };
    expect(back.self).toBe(back);
    expect(back.a).toBe(back.b);
    expect(back.map.get('ring')).toBe(back);
  });

  test('two views of one buffer share it', () => {
    const { buffer } = new Uint8Array([1, 2, 3, 4]);
    const [a, b] = trip([new Uint8Array(buffer), new Uint16Array(buffer)]) as [Uint8Array, Uint16Array];
    expect(a.buffer).toBe(b.buffer);
  });

  test('anything made of plain parts', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
      maxDepth: 3,
      maxKeys: 5,
    });
    fc.assert(
      fc.property(anything, (value) => {
        fc.pre(!hasKey(value, '__proto__'));
        expect(trip(value)).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });

  test('the same content gives the same text', () => {
    const one = () => encode({ a: [1, new Date(5)], b: new Map([['x', 1n]]) }, 'input');
    expect(sameText(one(), one())).toBe(true);
    expect(sameText(one(), encode({ a: [2, new Date(5)], b: new Map([['x', 1n]]) }, 'input'))).toBe(false);
  });
});

describe('errors', () => {
  test('keep name, message, stack, cause and own fields', () => {
    const cause = new TypeError('inner');
    const error = Object.assign(new RangeError('outer', { cause }), { code: 'E_BAD', status: 503, when: new Date(1) });
    const back = trip(error) as RangeError & { cause: unknown; code: string; status: number; when: Date };
    expect(back).toBeInstanceOf(RangeError);
    expect(back).toMatchObject({ name: 'RangeError', message: 'outer', code: 'E_BAD', status: 503, when: new Date(1) });
    expect(back.stack).toBe(error.stack);
    expect(back.cause).toBeInstanceOf(TypeError);
    expect((back.cause as Error).message).toBe('inner');
    expect(Object.keys(back)).not.toContain('stack');
  });

  test('keep the name of a class that is not known here', () => {
    class CardDeclined extends Error {
      override readonly name = 'CardDeclined';
    }
    const back = trip(new CardDeclined('no')) as Error;
    expect(back).toBeInstanceOf(Error);
    expect([back.name, back.message, String(back)]).toEqual(['CardDeclined', 'no', 'CardDeclined: no']);
  });

  test('DOMException and AggregateError', () => {
    expect(trip(new DOMException('gone', 'AbortError'))).toMatchObject({ name: 'AbortError', message: 'gone' });
    const back = trip(new AggregateError([new Error('a'), 'b'], 'all')) as AggregateError;
    expect([(back.errors[0] as Error).message, back.errors[1]]).toEqual(['a', 'b']);
  });

  test('a HoldfastError is one again', () => {
    const error = new HoldfastError('STEP_TIMEOUT', {
      message: 'Too long.',
      remedy: 'Wait.',
      details: { ms: 5 },
      retryable: true,
      cause: new Error('why'),
    });
    const back = trip(error);
    expect(back).toBeInstanceOf(HoldfastError);
    expect(isHoldfastError(back, 'STEP_TIMEOUT')).toBe(true);
    expect(back).toMatchObject({ message: 'Too long. Wait.', remedy: 'Wait.', details: { ms: 5 }, retryable: true });
    expect((back.cause as Error).message).toBe('why');
  });

  test('lose a field that cannot be stored, and only that', () => {
    class Response {}
    const error = Object.assign(new Error('x'), { response: new Response(), retry: () => {}, status: 500 });
    const back = trip({ error }).error;
    expect(back.status).toBe(500);
    expect(back).not.toHaveProperty('response');
    expect(back).not.toHaveProperty('retry');
    expect(trip(new Error('x', { cause: () => {} })).cause).toBeUndefined();
  });

  test('a getter that throws', () => {
    const error = new Error('x');
    const trap = () => {
      throw new Error('trap');
    };
    for (const name of ['detail', 'stack', 'cause'])
      Object.defineProperty(error, name, { get: trap, enumerable: true });
    expect(trip(error)).toMatchObject({ message: 'x' });
    const worse = Object.defineProperty(new Error('y'), 'message', { get: trap });
    expect(trip(worse)).toBeInstanceOf(Error);
  });

  test('a stack, a message and a name that are not strings', () => {
    const error = Object.assign(new Error('x'), { stack: [() => {}], message: { a: 1 }, name: Symbol('n') });
    expect(trip(error)).toMatchObject({ name: 'Error', message: '' });
  });

  test('a cause that leads back to the error', () => {
    const error = new Error('a') as Error & { cause: Error; box: { error: Error } };
    error.cause = new Error('b', { cause: error });
    error.box = { error };
    const back = trip(error);
    expect(back.message).toBe('a');
    expect(back.cause.message).toBe('b');
    expect(back.cause.cause).toBe(back);
    expect(back.box.error).toBe(back);
  });

  test('a HoldfastError whose cause leads back to it', () => {
    const error = new HoldfastError('CLOSED', { message: 'x' });
    Object.assign(error.details, { error });
    const back = trip(error);
    expect(isHoldfastError(back, 'CLOSED')).toBe(true);
    expect(back.details.error).toBe(back);
  });

  test('a long chain of causes costs no more than its length', () => {
    let error = new Error('0');
    for (let i = 1; i < 200; i++) error = new Error(String(i), { cause: error });
    let back: unknown = trip(error);
    let length = 0;
    for (; back; back = (back as Error).cause) length++;
    expect(length).toBe(200);
  });

  test('a __proto__ field pollutes nothing', () => {
    const error = Object.defineProperty(new Error('x'), '__proto__', { value: { bad: 1 }, enumerable: true });
    expect((trip(error) as { bad?: number }).bad).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['a string', 'no'],
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['plain data', { code: 1 }],
  ])('%s that was thrown comes through as it is', (_, thrown) => {
    expect(decodeError(encodeError(thrown))).toEqual(thrown);
  });

  test.each<[string, unknown]>([
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    ['a class instance', new (class Odd {})()],
    ['what has no string form', Object.assign(Object.create(null), { f: () => {} })],
    ['a Promise', Promise.resolve()],
  ])('%s that was thrown comes through as an Error', (_, thrown) => {
    expect(decodeError(encodeError(thrown))).toBeInstanceOf(Error);
  });
});

describe('what cannot be stored is refused with its path', () => {
  class Basket {}
  const withProto = JSON.parse('{"__proto__": {"a": 1}}');
  test.each<[string, unknown, string, RegExp]>([
    ['a function', { a: [{ b: () => {} }] }, 'input.a[0].b', /a function/],
    ['a symbol', { s: Symbol('x') }, 'input.s', /a symbol/],
    ['a class instance', { 'odd key': new Basket() }, 'input["odd key"]', /an instance of Basket/],
    ['a Promise', [Promise.resolve()], 'input[0]', /a Promise/],
    ['a WeakMap', { w: new WeakMap() }, 'input.w', /an instance of WeakMap/],
    ['a __proto__ key', { p: withProto }, 'input.p', /__proto__/],
    ['symbol keys', { p: { [Symbol('k')]: 1 } }, 'input.p', /symbol keys/],
    ['in a Map', { m: new Map([['k', () => {}]]) }, 'input.m.get("k")', /a function/],
    ['in a Set', { s: new Set([() => {}]) }, 'input.s', /a function/],
    ['the whole', () => {}, 'input', /a function/],
    ['an AbortSignal', { signal: new AbortController().signal }, 'input.signal', /an instance of AbortSignal/],
  ])('%s', (_, value, path, kind) => {
    const error = refusal(() => encode(value, 'input'));
    expect(isHoldfastError(error, 'VALUE_NOT_STORABLE')).toBe(true);
    expect(error.details.path).toBe(path);
    expect(error.message).toMatch(kind);
    expect(error.message).toContain(path);
  });

  test.each<[string, unknown, RegExp]>([
    ['a function', () => {}, /services/],
    ['a symbol', Symbol('x'), /string/],
    ['a Promise', Promise.resolve(), /Await/],
    ['an instance of Basket, whose class would be lost', new Basket(), /\{ \.\.\.it \}/],
    ['an instance of WeakMap', new WeakMap(), /Map/],
    ['an instance of AbortController', new AbortController(), /plain data/],
    [
      'a DOM node (BODY)',
      new (class HTMLBodyElement {
        readonly nodeType = 1;
        readonly nodeName = 'BODY';
      })(),
      /text/,
    ],
    ['a Proxy', new Proxy({}, {}), /toRaw\(\) in Vue, toJS\(\) in MobX/],
  ])('what to do about %s is told with it', (kind, value, remedy) => {
    const error = refusal(() => encodeGiven({ items: [0, { onClick: value }] }, 'input'));
    expect(error.details).toEqual({ path: 'input.items[1].onClick' });
    expect(error.message).toContain(`input.items[1].onClick is ${kind}`);
    expect(error.remedy).toMatch(remedy);
  });

  test('a getter that throws something odd', () => {
    for (const thrown of [undefined, 'text', new Error('boom')]) {
      const value = Object.defineProperty({}, 'a', {
        enumerable: true,
        get() {
          throw thrown;
        },
      });
      expect(refusal(() => encode(value, 'input')).code).toBe('VALUE_NOT_STORABLE');
    }
  });

  test('a list of a hundred thousand links', () => {
    let list: unknown;
    for (let i = 0; i < 100_000; i++) list = { list };
    const error = refusal(() => encode(list, 'input'));
    expect(error.code).toBe('VALUE_NOT_STORABLE');
    expect(error.message).toMatch(/nested too deeply/);
  });

  test.each<[string, (proxy: object) => unknown, string]>([
    ['itself', (proxy) => proxy, 'input'],
    ['in a field', (proxy) => ({ a: { b: proxy } }), 'input.a.b'],
    ['in an array', (proxy) => [1, [proxy]], 'input[1][0]'],
    ['in a Map', (proxy) => ({ m: new Map([['k', proxy]]) }), 'input.m.get("k")'],
    ['as the key of a Map', (proxy) => ({ m: new Map([[proxy, 1]]) }), 'input.m.keys()'],
    ['in a Set', (proxy) => new Set([proxy]), 'input.values()'],
    ['under an odd key', (proxy) => ({ 'an odd key': proxy }), 'input["an odd key"]'],
  ])('a Proxy: %s', (_, around, path) => {
    const error = refusal(() => encodeGiven(around(new Proxy({ a: 1 }, {})), 'input'));
    expect(error.code).toBe('VALUE_NOT_STORABLE');
    expect(error.details.path).toBe(path);
    expect(error.message).toMatch(/a Proxy/);
  });

  test('a Proxy that refers to itself, and one of an array', () => {
    const ring: { self?: unknown } = {};
    const proxy = new Proxy(ring, {});
    ring.self = proxy;
    expect(refusal(() => encodeGiven({ proxy }, 'input')).details.path).toBe('input.proxy');
    expect(refusal(() => encodeGiven([new Proxy([1], {})], 'input')).details.path).toBe('input[0]');
  });

  test('an object whose inside no browser clones is not taken for a Proxy', () => {
    const clone = structuredClone;
    vi.stubGlobal('structuredClone', (value: unknown) => {
      if (holds(value, (part) => part instanceof URL)) throw new DOMException('no', 'DataCloneError');
      return clone(value);
    });
    const given = { links: [new URL('https://example.org')] };
    expect(decode(encodeGiven(given, 'input'))).toEqual(given);
  });
});

describe('Blobs and Files', () => {
  const blob = new Blob(['hello'], { type: 'text/plain' });

  test('stay outside the text, by position', () => {
    const file = new File(['abc'], 'a.txt', { type: 'text/plain', lastModified: 5 });
    const encoded = encode({ list: [blob, file, blob] }, 'input');
    expect(encoded.blobs).toEqual([blob, file]);
    const { list } = decode(encoded) as { list: unknown[] };
    expect(list).toEqual([blob, file, blob]);
    expect(list[0]).toBe(list[2]);
  });

  test('a File that was stored as a Blob is a File again', async () => {
    const file = new File(['abc'], 'a.txt', { type: 'text/plain', lastModified: 5 });
    const { text } = encode(file, 'input');
    const back = decode({ text, blobs: [new Blob([file])] }) as File;
    expect(back).toBeInstanceOf(File);
    expect([back.name, back.type, back.lastModified, await back.text()]).toEqual(['a.txt', 'text/plain', 5, 'abc']);
  });

  test('a missing one is damage', () => {
    const { text } = encode(blob, 'input');
    expect(refusal(() => decode({ text, blobs: [] })).code).toBe('STORE_DAMAGED');
  });

  test('an error may hold one', () => {
    const encoded = encode(Object.assign(new Error('x'), { blob }), 'input');
    expect(encoded.blobs).toEqual([blob]);
    expect((decode(encoded) as { blob: Blob }).blob).toBe(blob);
  });
});

describe('the attachment book', () => {
  const ids = () => {
    let n = 0;
    return () => `id${n++}`;
  };

  test('stores a Blob once a run', () => {
    const book = new AttachmentBook(new Map(), ids());
    const blob = new Blob(['x']);
    const first = book.toStored(encode([blob, blob], 'input'));
    expect(first.fresh).toEqual([{ id: 'id0', blob }]);
    const second = book.toStored(encode({ again: blob, other: new Blob(['y']) }, 'input'));
    expect(second.value.attachments).toEqual(['id0', 'id1']);
    expect(second.fresh.map(({ id }) => id)).toEqual(['id1']);
  });

  test('gives the Blobs of a stored value back', () => {
    const book = new AttachmentBook(new Map(), ids());
    const value = { a: new Blob(['x']), n: 1 };
    expect(decode(book.toEncoded(book.toStored(encode(value, 'input')).value))).toEqual(value);
    expect(book.toStored(encode(1, 'input'))).toEqual({ value: { text: '[1]' }, fresh: [] });
  });

  test('knows what was stored before it, and what somebody else stored', () => {
    const [before, later] = [new Blob(['x']), new Blob(['y'])];
    const book = new AttachmentBook(new Map([['b', before]]), ids());
    book.learn(new Map([['l', later]]));
    const { value, fresh } = book.toStored(encode([before, later], 'input'));
    expect(value.attachments).toEqual(['b', 'l']);
    expect(fresh).toEqual([]);
  });

  test('a File that the store gave back as a Blob is not stored again', () => {
    const { text } = encode(new File(['abc'], 'a.txt'), 'input');
    const book = new AttachmentBook(new Map([['f', new Blob(['abc'])]]), ids());
    const file = decode(book.toEncoded({ text, attachments: ['f'] }));
    const { value, fresh } = book.toStored(encode({ kept: file }, 'input'));
    expect(fresh).toEqual([]);
    expect(value.attachments).toEqual(['f']);
  });

  test('a large ArrayBuffer is stored once as long as its content is the same, and given out as a copy', () => {
    const book = new AttachmentBook(new Map(), ids());
    const buffer = patterned(80_003);
    const first = book.toStored(encode(buffer, 'input'));
    const again = book.toStored(encode([buffer], 'context'));
    expect([first.fresh.length, again.fresh.length]).toEqual([1, 0]);
    expect(again.value.attachments).toEqual(first.value.attachments);
    const back = decode(book.toEncoded(first.value)) as ArrayBuffer;
    new Uint8Array(back)[0] = 77;
    const other = decode(book.toEncoded(first.value)) as ArrayBuffer;
    expect(sameBytes(other, buffer)).toBe(true);
    expect(book.toStored(encode(back, 'context')).fresh).toHaveLength(1);
    for (const at of [0, 1, 40_001, 79_999, 80_000, 80_002]) {
      const [before, bytes] = [encode(buffer, 'input'), new Uint8Array(buffer)];
      bytes[at] = (bytes[at] as number) ^ 1;
      expect(sameText(before, encode(buffer, 'input')), `changed at ${at}`).toBe(false);
    }
  });

  test('what an encoded value refers to does not change with the buffer', () => {
    const buffer = patterned(80_000);
    const [encoded, before] = [encode(buffer, 'input'), buffer.slice(0)];
    new Uint8Array(buffer).fill(9);
    expect(sameBytes(decode(encoded) as ArrayBuffer, before)).toBe(true);
  });

  test('what came back, and was not changed, is not stored again', () => {
    const { text, blobs } = encode(patterned(80_000), 'input');
    const book = new AttachmentBook(new Map([['b', blobs[0] as ArrayBuffer]]), ids());
    const back = decode(book.toEncoded({ text, attachments: ['b'] }));
    expect(book.toStored(encode({ kept: back }, 'input'))).toMatchObject({ fresh: [], value: { attachments: ['b'] } });
  });

  test('what was forgotten is stored anew', () => {
    const book = new AttachmentBook(new Map(), ids());
    const blob = new Blob(['x']);
    const { value } = book.toStored(encode(blob, 'input'));
    book.forget(value.attachments?.[0] as string);
    expect(book.toStored(encode(blob, 'input')).fresh).toHaveLength(1);
  });

  test('a missing attachment is told when the value is decoded', () => {
    const { text } = encode(new Blob(['x']), 'input');
    const encoded = new AttachmentBook().toEncoded({ text, attachments: ['gone'] });
    expect(refusal(() => decode(encoded)).code).toBe('STORE_DAMAGED');
  });
});

function patterned(bytes: number): ArrayBuffer {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 2_654_435_761) >>> 24).buffer;
}

function sameBytes(a: ArrayBuffer | ArrayBufferView, b: ArrayBuffer | ArrayBufferView): boolean {
  const [one, other] = [a, b].map((of) =>
    of instanceof ArrayBuffer ? new Uint8Array(of) : new Uint8Array(of.buffer, of.byteOffset, of.byteLength),
  ) as [Uint8Array, Uint8Array];
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function holds(value: unknown, is: (part: unknown) => boolean): boolean {
  return (
    is(value) || (typeof value === 'object' && value !== null && Object.values(value).some((part) => holds(part, is)))
  );
}

function hasKey(value: unknown, key: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Map) return [...value].flat().some((part) => hasKey(part, key));
  if (value instanceof Set) return [...value].some((part) => hasKey(part, key));
  return Object.hasOwn(value, key) || Object.values(value).some((part) => hasKey(part, key));
}
