import { expect, type Page, test } from '@playwright/test';
import type { LinkPage } from '../pages/link/main.js';
import { type LaunchedBrowser, launchBrowser } from '../support/browser.js';
import { type ServedPages, servePages } from '../support/pages.js';

declare const app: LinkPage;

let pages: ServedPages;
let browser: LaunchedBrowser;
let origins = 0;
/** Of each test its own, so that they share a browser. */
let origin: string;

test.beforeAll(async () => {
  pages = await servePages('link');
  browser = await launchBrowser();
});
test.beforeEach(() => {
  origin = `http://storage-${++origins}.localhost:${pages.port}`;
});
test.afterEach(async () => {
  // The browser has one window, which the first page is.
  for (const page of browser.context.pages().slice(1)) await page.close();
});
test.afterAll(async () => {
  await browser?.close();
  await pages?.close();
});

async function openTab(): Promise<Page> {
  const tab = await browser.context.newPage();
  await tab.goto(origin);
  await tab.waitForFunction(() => 'app' in globalThis);
  return tab;
}

/** A tab that owns the store, with the run `one`, whose result it waits for. */
async function openOwner(): Promise<Page> {
  const tab = await openTab();
  await tab.evaluate(async () => {
    const run = await app.open().start('gate', { id: 'one' });
    app.held.result = app.outcomeOf(run.result());
  });
  await tab.waitForFunction(() => app.open().host.getSnapshot() === 'owner');
  return tab;
}

async function clear(storageTypes: string): Promise<void> {
  const page = browser.context.pages()[0] as Page;
  const session = await browser.context.newCDPSession(page);
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes });
  await session.detach();
}

const lostOf = (tab: Page) => tab.evaluate(() => app.open().storage.getSnapshot().lost?.code);
const startOne = (tab: Page) =>
  tab.evaluate(async () => app.outcomeOf((async () => (await app.open().start('gate', { id: 'one' })).id)()));

/** More than there is room for; of text less than `valueLength` allows. */
const BYTES = { text: 900_000, Blob: 10_000_000 };

for (const as of ['text', 'Blob'] as const) {
  test(`over quota with a ${as}: the run waits, the page is told, and it goes on by itself when there is room`, async () => {
    const tab = await openTab();
    const session = await browser.context.newCDPSession(tab);
    const limit = (quotaSize: number) => session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
    await limit(500_000);
    const given = { bytes: BYTES[as], as };
    await tab.evaluate(async (input) => {
      const run = await app.open().start('heavy', { id: 'heavy', input });
      app.held.problems = new Promise((told) => {
        run.subscribe(({ run: { problem } }) => problem && told(problem.code));
      });
      app.held.result = run.result();
    }, given);
    await tab.waitForFunction(() => app.open().storage.getSnapshot().trouble?.code === 'STORE_FULL');
    expect(await tab.evaluate(() => app.held.problems)).toBe('STORE_FULL');
    // What there is room for is accepted, and done.
    await tab.evaluate(async () => {
      const run = await app.open().start('gate', { id: 'light' });
      await run.send({ type: 'GO' });
      await run.result();
    });
    await limit(500_000_000);
    expect(await tab.evaluate(() => app.held.result)).toBe(BYTES[as]);
    await tab.waitForFunction(() => app.open().storage.getSnapshot().trouble === undefined);
    expect(await tab.evaluate(() => app.visits.size), 'one key, however often it was tried').toBe(1);
  });
}

for (const [how, harm] of [
  [
    'another tab deletes the database',
    async (other: Page) => other.evaluate(() => void indexedDB.deleteDatabase('holdfast')),
  ],
  ['a person clears IndexedDB', () => clear('indexeddb')],
  ['a person clears all of the site', () => clear('all')],
] as const) {
  test(`${how} under a live host: both tabs are told, nothing begins anew unasked, and they go on`, async () => {
    const [owner, standby] = [await openOwner(), await openTab()];
    await standby.evaluate(async () => {
      const run = app.open().run('gate', 'one');
      run.subscribe(() => undefined);
      app.held.result = app.outcomeOf(run.result());
      await run.history();
    });
    await standby.waitForFunction(() => app.open().run('gate', 'one').getSnapshot().run.status === 'waiting');
    await harm(await openTab());
    for (const tab of [owner, standby]) {
      expect(await tab.evaluate(() => app.held.result)).toMatchObject({ code: 'STORE_LOST' });
      expect(await lostOf(tab)).toBe('STORE_LOST');
    }
    expect(await owner.evaluate(async () => await app.outcomeOf(app.open().run('gate', 'one').result()))).toMatchObject(
      {
        code: 'RUN_UNKNOWN',
      },
    );
    expect(await startOne(standby)).toEqual({ value: 'one' });
    await owner.evaluate(async () => {
      await app.open().run('gate', 'one').send({ type: 'GO' });
      await app.open().run('gate', 'one').result();
    });
    expect(await lostOf(await openFresh())).toBeUndefined();
  });
}

/** A tab that has looked at the store. */
async function openFresh(): Promise<Page> {
  const tab = await openTab();
  await tab.evaluate(() => app.open().run('gate', 'one').history());
  return tab;
}

test('a database that was gone before the page was loaded: what it calls first is refused, once', async () => {
  const first = await openOwner();
  expect(await lostOf(first), 'a first use is none').toBeUndefined();
  await first.close();
  await clear('indexeddb');
  const tab = await openTab();
  expect(await startOne(tab)).toMatchObject({ code: 'STORE_LOST', details: { database: 'holdfast' } });
  expect(await lostOf(tab)).toBe('STORE_LOST');
  expect(await startOne(tab)).toEqual({ value: 'one' });
  expect(await lostOf(await openFresh())).toBeUndefined();
});

test('newer code upgrades the database: it is not blocked, and the old host lets the store go', async () => {
  const [owner, newer] = [await openOwner(), await openTab()];
  const upgraded = await newer.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const request = indexedDB.open('holdfast', 1000);
        request.onsuccess = () => resolve('upgraded');
        request.onerror = () => resolve(String(request.error));
      }),
  );
  expect(upgraded).toBe('upgraded');
  await newer.evaluate(() => navigator.locks.request('holdfast:holdfast', () => undefined));
  await owner.waitForFunction(() => app.open().storage.getSnapshot().trouble?.code === 'STORE_FORMAT');
  expect(await startOne(owner)).toMatchObject({ code: 'STORE_FORMAT' });
});

test('what is stored is counted in bytes, and the browser is asked to keep it', async () => {
  const tab = await openOwner();
  const seen = await tab.evaluate(async () => {
    const { storage } = app.open();
    const before = await storage.estimate();
    const kept = await storage.persist();
    return { before, kept, after: await storage.estimate() };
  });
  expect(seen.before.usage).toBeGreaterThan(0);
  expect(seen.before.quota).toBeGreaterThan(seen.before.usage ?? 0);
  expect(seen.after.persisted).toBe(seen.kept);
});
