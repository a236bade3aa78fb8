import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HoldfastError, isHoldfastError } from '../errors/index.js';
import { anything } from './any-value.test-support.js';
import { arrived, arrivedGiven, crossDecoded, crossError, crossGiven, decode, encode, encodeGiven } from './index.js';

/** As the other side of `postMessage` has it. */
const crossed = <T>(value: T): T => arrivedGiven(structuredClone(crossGiven(value, 'input'))) as T;

/** The same for what is stored. */
function told(value: unknown): unknown {
  const encoded = encode(value, 'input');
  return arrived(structuredClone(crossDecoded(decode(encoded), encoded)));
}

/** As text, with the bytes of what stays outside of it. */
function textOf(value: unknown): readonly unknown[] {
  const { text, blobs } = encode(value, 'input');
  return [text, ...blobs.map((blob) => (blob instanceof ArrayBuffer ? [...new Uint8Array(blob)].join() : blob))];
}

function refusal(work: () => unknown): HoldfastError {
  try {
    work();
  } catch (error) {
    return error as HoldfastError;
  }
  throw new Error('It was not refused.');
}

function sparse(length: number, ...positions: number[]): unknown[] {
  const list: unknown[] = [];
  for (const position of positions) list[position] = `at ${position}`;
  list.length = length;
  return list;
}

function ring(): object {
  const ring: Record<string, unknown> = { list: [], bare: Object.create(null) };
  ring.self = ring;
  (ring.bare as { ring: unknown }).ring = ring;
  (ring.list as unknown[]).push(ring, new Map<unknown, unknown>([[ring, new Set([ring])]]));
  return ring;
}

const shared = { buffer: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer, url: new URL('https://example.org/?a=b') };

describe('what has crossed is stored as what was given', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['numbers', [0, -0, Number.NaN, Infinity, 1.5, 2n ** 70n]],
    ['texts', ['', '</script>', '\ud800', '\u{1f600}']],
    ['fields that are nothing', { b: undefined, a: null }],
    ['dates and expressions', [new Date(5), new Date(Number.NaN), /a\/b/gi]],
    ['boxes', [Object(1), Object('a'), Object(true), Object(2n)]],
    ['holes', [sparse(3, 0, 2), sparse(2), sparse(100_000, 99_999), sparse(200, 0, 1, 5, 70)]],
    [
      'Maps and Sets',
      new Map<unknown, unknown>([
        [{ a: 1 }, new Set([1, 'a'])],
        ['k', new Map()],
      ]),
    ],
    ['a ring', ring()],
    ['what is there twice', [ring, ring].map((one) => [one(), shared, shared])],
    [
      'bytes, and views of one buffer',
      [new Uint8Array(shared.buffer), new Int16Array(shared.buffer, 2, 2), new DataView(shared.buffer, 1, 3)],
    ],
    ['large bytes', [new Uint8Array(70_000).fill(3).buffer, new Uint16Array(new ArrayBuffer(70_000), 8, 9)]],
    ['one without prototype and parts', [Object.create(null)]],
    ['an object without prototype', { bare: Object.assign(Object.create(null), { z: 1, a: [Object.create(null)] }) }],
    ['addresses', [shared.url, { deep: new URLSearchParams('a=1&a=2'), again: shared.url }]],
    [
      'addresses in a Map and a Set',
      [
        new Map([[shared.url, 1]]),
        new Map([
          ['a', shared.url],
          ['b', new URL('a:b')],
        ]),
        new Set(['a', shared.url, 'b']),
      ],
    ],
    [
      'what looks like a stand-in',
      { '["Error",': '["Error",1]', text: 'https://example.org', name: 'Error', message: 'no', standIns: [] },
    ],
    [
      'an error',
      Object.assign(new RangeError('no', { cause: new TypeError('why') }), {
        code: 'E',
        at: shared.url,
        list: [new Error('in it')],
      }),
    ],
    [
      'one of ours',
      new HoldfastError('STEP_TIMEOUT', {
        message: 'Late.',
        remedy: 'Wait.',
        details: { ms: 5 },
        retryable: true,
        cause: new Error('why'),
      }),
    ],
    ['errors in a Map and a Set', [new Map([[new Error('key'), new Error('value')]]), new Set([new Error('part')])]],
  ])('%s', (_, value) => {
    expect(textOf(crossed(value))).toEqual(textOf(value));
    expect(textOf(crossed({ deep: [value, value] }))).toEqual(textOf({ deep: [value, value] }));
    expect(textOf(told(value))).toEqual(textOf(value));
  });

  test('whatever it is', () => {
    const withErrors = fc.oneof(
      anything,
      fc
        .tuple(anything, fc.string())
        .map(([field, message]) => ({ in: [Object.assign(new Error(message), { field })] })),
    );
    fc.assert(
      fc.property(withErrors, (value) => {
        const stored = attempt(() => textOf(value));
        expect(attempt(() => textOf(crossed(value)))).toEqual(stored);
        expect(attempt(() => textOf(told(value)))).toEqual(stored);
      }),
      { numRuns: 100 },
    );
  });

  test('Blobs and Files', async () => {
    const [blob, file] = [new Blob(['abc'], { type: 'text/plain' }), new File(['def'], 'a.txt', { lastModified: 7 })];
    const given = crossGiven({ blob, again: blob, file }, 'input').value as Record<string, Blob>;
    expect([given.blob, given.again, given.file]).toEqual([blob, blob, file]);
    expect(given.file).toBe(file);
  });
});

describe('errors', () => {
  test('are of their class, and lead back to themselves where they did', () => {
    const error = new HoldfastError('CLOSED', { message: 'x', cause: new TypeError('why') });
    Object.assign(error.details, { error });
    const back = crossed({ error }).error;
    expect(back).toBeInstanceOf(HoldfastError);
    expect(isHoldfastError(back, 'CLOSED')).toBe(true);
    expect(back.details.error).toBe(back);
    expect(back.cause).toBeInstanceOf(TypeError);
    expect(back.stack).toBe(error.stack);
  });

  test('that hold each other', () => {
    const error = new Error('a') as Error & { cause: Error };
    error.cause = new Error('b', { cause: error });
    const back = crossed(error);
    expect([back.message, back.cause.message]).toEqual(['a', 'b']);
    expect(back.cause.cause).toBe(back);
  });

  test('lose a field that cannot be stored, and only that', () => {
    const broken: Record<string, unknown> = { call: () => {} };
    broken.self = broken;
    const error = Object.assign(new Error('x'), { broken, status: 500, within: { error: new Error('y') } });
    const back = crossed(error);
    expect(back).toMatchObject({ message: 'x', status: 500, within: { error: { message: 'y' } } });
    expect(back).not.toHaveProperty('broken');
  });

  test.each<[string, unknown]>([
    ['a function', () => {}],
    ['a class instance', new (class Odd {})()],
    ['a Promise', Promise.resolve()],
    ['what has no string form', Object.assign(Object.create(null), { f: () => {} })],
  ])('%s that was thrown comes through as an Error', (_, thrown) => {
    expect(arrived(structuredClone(crossError(thrown)))).toBeInstanceOf(Error);
  });

  test.each<[string, unknown]>([
    ['a text', 'no'],
    ['nothing', undefined],
    ['plain data', { code: 1 }],
  ])('%s that was thrown comes through as it is', (_, thrown) => {
    expect(arrived(structuredClone(crossError(thrown)))).toEqual(thrown);
  });
});

describe('what can’t be stored is refused as the codec refuses it', () => {
  class Basket {}
  test.each<[string, unknown]>([
    ['a function', { a: [{ b: () => {} }] }],
    ['a symbol', { s: Symbol('x') }],
    ['a class instance', { 'odd key': new Basket() }],
    ['a Promise', [Promise.resolve()]],
    ['what can be awaited', { p: Object.fromEntries([['then', () => {}]]) }],
    ['a WeakMap', { w: new WeakMap() }],
    ['a __proto__ key', { p: JSON.parse('{"__proto__": {"a": 1}}') }],
    [
      'a __proto__ key of one without prototype',
      { p: Object.assign(Object.create(null), JSON.parse('{"__proto__": 1}')) },
    ],
    ['symbol keys', { p: { [Symbol('k')]: 1 } }],
    ['in a Map', { m: new Map([['k', () => {}]]) }],
    ['as a key of a Map', { m: new Map([[new Basket(), 1]]) }],
    ['in a Set', { s: new Set([() => {}]) }],
    ['the whole', () => {}],
    ['what a clone would take, and the codec not', { signal: new MessageChannel().port1, key: 1 }],
    ['shared memory', [new Uint8Array(new SharedArrayBuffer(8))]],
    ['a Proxy', { items: [0, new Proxy({}, {})] }],
    ['a Proxy beside what has a stand-in', { at: new URL('a:b'), items: new Set([new Proxy([], {})]) }],
  ])('%s', (_, value) => {
    const [by, codec] = [refusal(() => crossed(value)), refusal(() => encodeGiven(value, 'input'))];
    expect(isHoldfastError(by, 'VALUE_NOT_STORABLE')).toBe(true);
    expect([by.message, by.remedy, by.details]).toEqual([codec.message, codec.remedy, codec.details]);
  });

  test('a getter that throws: what it has thrown crosses too, and an error of ours is told as it is', () => {
    const throwing = (thrown: unknown) => ({
      get field() {
        throw thrown;
      },
    });
    const boom = refusal(() => crossed(throwing(new RangeError('boom'))));
    expect(boom).toMatchObject({ code: 'VALUE_NOT_STORABLE', details: { path: 'input' } });
    expect(boom.cause).toEqual(new RangeError('boom'));
    const own = new HoldfastError('STEP_MISUSED', { message: 'Not here.' });
    expect(refusal(() => crossed(throwing(own)))).toMatchObject({ code: 'STEP_MISUSED', message: 'Not here.' });
  });

  test('a list of a hundred thousand links', () => {
    let list: unknown;
    for (let n = 0; n < 100_000; n++) list = { list };
    expect(refusal(() => crossed(list)).message).toMatch(/nested too deeply/);
  });
});

test('what a caller changes after it has given it does not cross', () => {
  const value = {
    ...{ list: [1], map: new Map([['a', { n: 1 }]]), set: new Set([1]), when: new Date(1) },
    ...{ bytes: new Uint8Array([1, 2]), large: new Uint8Array(70_000), error: new Error('a') },
  };
  const before = textOf(value);
  const given = crossGiven(value, 'input');
  value.list.push(2);
  (value.map.get('a') as { n: number }).n = 2;
  value.set.add(2);
  value.when.setTime(2);
  value.bytes.fill(9);
  value.large.fill(9);
  value.error.message = 'b';
  expect(textOf(arrived(structuredClone(given)))).toEqual(before);
});

test('what was given may cross again', () => {
  const value = { at: new URL('a:b'), error: new Error('a'), bare: Object.assign(Object.create(null), { a: 1 }) };
  const given = crossGiven(value, 'input');
  for (let n = 0; n < 2; n++) expect(textOf(arrived(structuredClone(given)))).toEqual(textOf(value));
});

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
