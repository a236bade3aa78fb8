import { Readable } from 'node:stream';
import { HoldfastError } from '@holdfast/core';
import { describe, expect, test } from 'vitest';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { readData, toJson } from './json.js';
import { type Column, table } from './table.js';
import { cut, paint, plain, widthOf } from './terminal.js';
import { aTerminal } from './terminal.test-support.js';
import { fromNow, inWords, localTime } from './times.js';
import { tellTrouble } from './trouble.js';

describe('a table', () => {
  const columns: Column<{ name: string; n: string }>[] = [
    { title: 'NAME', cell: ({ name }) => name, gives: true },
    { title: 'N', cell: ({ n }) => n, style: () => 'red' },
    { title: 'LAST', cell: () => '', gives: true },
  ];
  const off = { colours: false, width: Number.POSITIVE_INFINITY };

  test('is aligned by cells, not by characters, and has no blanks at its end', () => {
    const rows = [
      { name: '写真', n: '1' },
      { name: 'photo-import', n: '22' },
    ];
    expect(table(rows, columns, off)).toEqual(['NAME          N   LAST', '写真          1', 'photo-import  22']);
  });

  test('is cut where it gives, to the width of the terminal, and no further than it gives', () => {
    const rows = [{ name: 'a-name-that-is-long', n: '123456' }];
    const [, line = ''] = table(rows, columns, { colours: false, width: 25 });
    expect(line).toBe('a-name-tha…  123456');
    expect(table(rows, columns, { colours: false, width: 5 })[1]).toBe('a-name-…  123456');
  });

  test('has colours on a terminal only, which do not count as width', () => {
    const rows = [{ name: 'a', n: '1' }];
    const [title, line] = table(rows, columns, { colours: true, width: 80 });
    expect(title).toBe('\u001b[2mNAME\u001b[22m  \u001b[2mN\u001b[22m  \u001b[2mLAST\u001b[22m');
    expect(line?.trimEnd()).toBe('a     \u001b[31m1\u001b[39m');
    expect(paint({ colours: false }, 'red', 'x')).toBe('x');
  });
});

test('texts of others can not move the cursor', () => {
  expect(plain('a\u001b[2Jb\nc\u0007\u009bd')).toBe('ab\\x0ac\\x07\\x9bd');
  expect(plain('naïve 写真')).toBe('naïve 写真');
});

test('a text is cut by cells', () => {
  expect([cut('写真集', 6), cut('写真集', 5), cut('abcdef', 4)]).toEqual(['写真集', '写真…', 'abc…']);
  expect(widthOf('写真')).toBe(4);
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [59_999, '59.9 s'],
  [60_000, '1m'],
  [3_599_999, '59m 59s'],
  [3_600_000, '1h'],
  [86_399_000, '23h 59m'],
  [100 * 86_400_000 + 3_600_000, '100d 1h'],
])('%i ms are %s', (ms, words) => {
  expect(inWords(ms)).toBe(words);
});

test('instants are told from now, and in local time', () => {
  expect([fromNow(5000, 2000), fromNow(2000, 5000)]).toEqual(['in 3 s', '3 s ago']);
  expect(localTime(new Date(2026, 0, 2, 3, 4, 5, 6).getTime())).toBe('2026-01-02 03:04:05.006');
});

test('what JSON does not know is told as near as it can be', () => {
  const cyclic: Record<string, unknown> = { at: new Date(0), big: 1n, nan: Number.NaN, never: new Date(Number.NaN) };
  cyclic.self = cyclic;
  expect(toJson(cyclic)).toBe(
    '{"at":"1970-01-01T00:00:00.000Z","big":"1","nan":"NaN","never":"Invalid Date","self":"[circular]"}',
  );
  const shared = { x: 1 };
  const collections = { map: new Map([['a', shared]]), set: new Set([shared]), bytes: new Uint8Array([1, 2]).buffer };
  expect(toJson({ large: new ArrayBuffer(70_000), view: new Uint16Array(40_000) })).toBe(
    '{"large":{"byteLength":70000},"view":{"byteLength":80000}}',
  );
  expect(toJson(collections)).toBe('{"map":[["a",{"x":1}]],"set":[{"x":1}],"bytes":[1,2]}');
  const error = new HoldfastError('RUN_FAILED', { message: 'm', cause: new TypeError('t') });
  expect(toJson([error, new Blob(['abc'], { type: 'text/plain' }), undefined])).toBe(
    '[{"name":"HoldfastError","message":"m","code":"RUN_FAILED","cause":{"name":"TypeError","message":"t"}},{"type":"text/plain","size":3},null]',
  );
  expect(toJson(undefined)).toBe('null');
});

test('data is JSON, or piped in', async () => {
  expect(await readData('{"a":1}', Readable.from([]))).toEqual({ a: 1 });
  expect(await readData('-', Readable.from(['[1,', '2]']))).toEqual([1, 2]);
  await expect(readData("{'a':1}", Readable.from([]))).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await expect(readData('@/nowhere', Readable.from([]))).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

describe('trouble', () => {
  const error = new HoldfastError('STORE_OWNED', {
    message: 'It is owned.',
    remedy: 'Stop pid 7.',
    details: { pid: 7 },
  });

  test('is told by code, message and remedy, each once', () => {
    const { terminal, erred } = aTerminal();
    tellTrouble(terminal, { json: false, debug: false }, error);
    tellTrouble(terminal, { json: false, debug: false }, new Error('oh\u001b[2J'));
    expect(erred).toEqual([
      'STORE_OWNED: It is owned.',
      '  Stop pid 7.',
      'UNFORESEEN: oh',
      '  Say it again with --debug to see where it comes from.',
    ]);
  });

  test('is an object for programs', () => {
    const { terminal, erred } = aTerminal();
    tellTrouble(terminal, { json: true, debug: false }, error);
    expect(JSON.parse(erred.join(''))).toEqual({
      kind: 'error',
      code: 'STORE_OWNED',
      message: 'It is owned.',
      remedy: 'Stop pid 7.',
      details: { pid: 7 },
    });
  });

  test('has an exit code, whatever it is', () => {
    expect([exitCodeOf(error), exitCodeOf(new Error('x')), exitCodeOf(undefined)]).toEqual([4, 70, 70]);
    expect(new Set(Object.values(EXIT)).size).toBe(Object.values(EXIT).length);
  });
});
