import { crossError, HoldfastError } from '@holdfast/core/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { StoreNotice } from '../wire/wire.js';
import { PageSiteStorage, type StorageSnapshot } from './site-storage.js';

/** What a browser keeps between pages. */
function aLocalStorage() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    clear: () => kept.clear(),
  };
}

const found = (incarnation: string, database = 'holdfast'): StoreNotice => ({ kind: 'store', database, incarnation });

/** A page whose app notes what it is told. */
function aPage() {
  const storage = new PageSiteStorage('holdfast');
  const told: StorageSnapshot[] = [];
  storage.subscribe((snapshot) => told.push(snapshot));
  return { storage, told };
}

let localStorage = aLocalStorage();
beforeEach(() => {
  localStorage = aLocalStorage();
  vi.stubGlobal('localStorage', localStorage);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test('a first use is not taken for a loss, nor the same store when it is opened again', () => {
  const { storage, told } = aPage();
  expect(storage.known()).toBeUndefined();
  expect(storage.heed(found('a'))).toBeUndefined();
  expect(storage.heed(found('a'))).toBeUndefined();
  expect(storage.known()).toMatchObject({ database: 'holdfast', incarnation: 'a' });
  expect(told).toEqual([]);
});

test('1 a store that is another one than the page knew is lost, told once', () => {
  const { storage, told } = aPage();
  storage.heed(found('a'));
  expect(storage.heed(found('b'))).toMatchObject({ code: 'STORE_LOST', details: { incarnation: 'b' } });
  expect(storage.heed(found('b'))).toBeUndefined();
  expect(told).toMatchObject([{ lost: { code: 'STORE_LOST' } }]);
  expect(storage.known()).toMatchObject({ incarnation: 'b' });
});

test('1 one that was lost between two pages is told to the first that comes, and to no later one', () => {
  aPage().storage.heed(found('a'));
  expect(aPage().storage.heed(found('b'))).toMatchObject({ code: 'STORE_LOST' });
  expect(aPage().storage.heed(found('b'))).toBeUndefined();
});

test('1 a page that is open is told all the same when another one was told before it', () => {
  const [one, other] = [aPage(), aPage()];
  for (const { storage } of [one, other]) storage.heed(found('a'));
  for (const { storage } of [one, other]) expect(storage.heed(found('b'))).toMatchObject({ code: 'STORE_LOST' });
});

test('all data of the site cleared is a loss for a page that is open, and a first use for the next', () => {
  const { storage } = aPage();
  storage.heed(found('a'));
  localStorage.clear();
  expect(aPage().storage.heed(found('b'))).toBeUndefined();
  expect(storage.heed(found('b'))).toMatchObject({ code: 'STORE_LOST' });
});

test('a worker that uses another database has lost nothing', () => {
  aPage().storage.heed(found('a'));
  const { storage, told } = aPage();
  expect(storage.heed(found('x', 'album'))).toBeUndefined();
  expect(told).toEqual([]);
});

test('where nothing can be kept, only what is lost under the page is told', () => {
  const refuse = () => {
    throw new DOMException('Not here.', 'SecurityError');
  };
  vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse });
  const { storage } = aPage();
  expect(storage.heed(found('a'))).toBeUndefined();
  expect(storage.heed(found('b'))).toMatchObject({ code: 'STORE_LOST' });
  expect(aPage().storage.heed(found('c'))).toBeUndefined();
});

test.each(['no JSON', '{}', '7', '{"database":1,"incarnation":"a"}'])('a note that is none is none: %s', (text) => {
  localStorage.setItem('holdfast:store:holdfast', text);
  expect(aPage().storage.known()).toBeUndefined();
});

test('trouble is told when it begins and when it is over; the snapshot is the same in between', () => {
  const { storage, told } = aPage();
  const before = storage.getSnapshot();
  storage.heed({ kind: 'trouble' });
  expect(storage.getSnapshot()).toBe(before);
  storage.heed({ kind: 'trouble', error: crossError(new HoldfastError('STORE_FULL', { message: 'No room.' })) });
  expect(storage.getSnapshot()).toBe(told[0]);
  storage.heed({ kind: 'trouble' });
  expect(told).toMatchObject([{ trouble: { code: 'STORE_FULL' } }, { trouble: undefined }]);
});

test('where the browser answers nothing, nothing is estimated and nothing is promised', async () => {
  vi.stubGlobal('navigator', {});
  const { storage } = aPage();
  expect(await storage.estimate()).toEqual({ usage: undefined, quota: undefined, persisted: undefined });
  expect(await storage.persist()).toBe(false);
});

test('what the browser answers is handed on, in bytes', async () => {
  const storage = { estimate: async () => ({ usage: 5, quota: 7, usageDetails: {} }), persisted: async () => true };
  vi.stubGlobal('navigator', { storage: { ...storage, persist: async () => true } });
  const page = aPage();
  expect(await page.storage.estimate()).toEqual({ usage: 5, quota: 7, persisted: true });
  expect(await page.storage.persist()).toBe(true);
});

test('who has unsubscribed is told no more', () => {
  const { storage } = aPage();
  const told: unknown[] = [];
  storage.subscribe((snapshot) => told.push(snapshot)).unsubscribe();
  storage.heed(found('a'));
  storage.heed(found('b'));
  expect(told).toEqual([]);
});
