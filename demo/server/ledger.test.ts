import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KeyedRequest, Ledger, type LedgerLine } from './ledger.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  path = join(directory, 'ledger.jsonl');
});
afterEach(() => rm(directory, { recursive: true }));

const aRequest = (fields: Partial<KeyedRequest> = {}): KeyedRequest => ({
  key: 'k1',
  step: 'upload:01/original',
  album: 'trip',
  digest: 'd1',
  ...fields,
});

const linesOf = async () =>
  (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LedgerLine);

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test('a key that was executed is answered from the ledger, and its effect does not happen again', async () => {
  const ledger = await Ledger.open(path);
  let effects = 0;
  const effect = async () => ({ effects: ++effects });
  expect(await ledger.execute(aRequest(), effect)).toEqual({ outcome: 'executed', answer: { effects: 1 } });
  expect(await ledger.execute(aRequest(), effect)).toEqual({ outcome: 'repeated', answer: { effects: 1 } });
  expect(ledger.sums()).toEqual({ executed: 1, repeated: 1, conflicting: 0, failed: 0, inFlight: 0 });
  expect(ledger.entries()).toMatchObject([{ key: 'k1', attempts: 2, executed: 1, repeated: 1 }]);
  await ledger.close();
});

test('two requests of one key at the same time: the second waits, then is answered from the ledger', async () => {
  const ledger = await Ledger.open(path);
  const { opened, open } = gate();
  const first = ledger.execute(aRequest(), () => opened.then(() => 'first'));
  const second = ledger.execute(aRequest(), async () => 'second');
  await expect.poll(() => ledger.inFlight()).toHaveLength(2);
  open();
  expect(await first).toEqual({ outcome: 'executed', answer: 'first' });
  expect(await second).toEqual({ outcome: 'repeated', answer: 'first' });
  await ledger.close();
});

test('one key for two different requests is a conflict, and the second has no effect', async () => {
  const ledger = await Ledger.open(path);
  await ledger.execute(aRequest(), async () => 'mine');
  const settled = await ledger.execute(aRequest({ digest: 'd2' }), () => Promise.reject(new Error('must not run')));
  expect(settled.outcome).toBe('conflicting');
  expect(ledger.sums()).toMatchObject({ executed: 1, conflicting: 1 });
  await ledger.close();
});

test('a failed effect may be tried again with its key', async () => {
  const ledger = await Ledger.open(path);
  await expect(ledger.execute(aRequest(), () => Promise.reject(new Error('disk')))).rejects.toThrow('disk');
  expect(await ledger.execute(aRequest(), async () => 'now')).toEqual({ outcome: 'executed', answer: 'now' });
  expect(ledger.sums()).toMatchObject({ executed: 1, failed: 1, inFlight: 0 });
  await ledger.close();
});

test('the begin of a request is on the disk before its effect', async () => {
  const ledger = await Ledger.open(path);
  let seen: LedgerLine[] = [];
  await ledger.execute(aRequest(), async () => {
    seen = await linesOf();
  });
  expect(seen).toMatchObject([{ event: 'begin', key: 'k1', step: 'upload:01/original', attempt: 1 }]);
  await ledger.close();
});

test('a ledger opened again knows what was executed, and what was cut off', async () => {
  const before = await Ledger.open(path);
  await before.execute(aRequest(), async () => 'kept');
  const { opened, open } = gate();
  void before.execute(aRequest({ key: 'k2' }), () => opened);
  await expect.poll(linesOf).toHaveLength(3);

  const after = await Ledger.open(path);
  expect(after.inFlight()).toMatchObject([{ key: 'k2', attempt: 1 }]);
  const answer = await after.execute(aRequest(), () => Promise.reject(new Error('must not run')));
  expect(answer).toEqual({ outcome: 'repeated', answer: 'kept' });
  await after.close();
  open();
  await before.close();
});

test('a last line cut by a crash is removed, and the next line stands on its own', async () => {
  const before = await Ledger.open(path);
  await before.execute(aRequest(), async () => 'kept');
  await before.close();
  await appendFile(path, '{"event":"begin","n":3,"ke');

  const after = await Ledger.open(path);
  await after.execute(aRequest({ key: 'k2' }), async () => 'new');
  expect((await linesOf()).map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  await after.close();
});

test('sums are those of one album', async () => {
  const ledger = await Ledger.open(path);
  await ledger.execute(aRequest(), async () => 1);
  await ledger.execute(aRequest({ key: 'k2', album: 'other' }), async () => 2);
  expect(ledger.sums('trip').executed).toBe(1);
  expect(ledger.sums().executed).toBe(2);
  await ledger.close();
});
