import { expect, test } from '@playwright/test';
import type { LinkPage } from '../../pages/link/main.js';
import { type EngineBrowser, type EngineTab, until } from '../../support/engines/engine.js';
import { ENGINES } from '../../support/engines/index.js';
import { type ServedPages, servePages } from '../../support/pages.js';

declare const app: LinkPage;

let pages: ServedPages;
test.beforeAll(async () => {
  pages = await servePages('link');
});
test.afterAll(() => pages?.close());

for (const engine of ENGINES) {
  test.describe(engine.name, () => {
    const missing = engine.missing();
    test.skip(missing !== undefined, `There is no ${missing} here.`);

    let browser: EngineBrowser;
    let tab: EngineTab;
    test.beforeAll(async () => {
      browser = await engine.launch();
      tab = await browser.open(pages.url);
      await until(tab, 'the page is loaded', () => 'app' in globalThis);
    });
    test.afterAll(() => browser?.close());

    test('a database that is deleted under a live host is told, and the page goes on', async () => {
      const seen = await tab.evaluate(async () => {
        const holdfast = app.open({ name: 'deleted' });
        const run = await holdfast.start('gate', { id: 'one' });
        const result = app.outcomeOf(run.result());
        const deleted = new Promise((resolve) => {
          indexedDB.deleteDatabase('deleted').onsuccess = () => resolve(true);
        });
        const outcome = await result;
        const lost = holdfast.storage.getSnapshot().lost?.code;
        await deleted;
        const again = await holdfast.start('gate', { id: 'one' });
        await again.send({ type: 'GO' });
        await again.result();
        await holdfast.close();
        return { code: 'code' in outcome && outcome.code, lost };
      });
      expect(seen).toEqual({ code: 'STORE_LOST', lost: 'STORE_LOST' });
    });

    test('another version of the database that is asked for is not blocked', async () => {
      const seen = await tab.evaluate(async () => {
        const holdfast = app.open({ name: 'upgraded' });
        await holdfast.start('gate', { id: 'one' });
        const request = indexedDB.open('upgraded', 1000);
        await new Promise((resolve) => request.addEventListener('success', resolve));
        request.result.close();
        const outcome = await app.outcomeOf(holdfast.start('gate', { id: 'two' }));
        await holdfast.close();
        return 'code' in outcome && outcome.code;
      });
      expect(seen).toBe('STORE_FORMAT');
    });

    test('what can not be stored is refused by its path, before it leaves the page', async () => {
      const seen = await tab.evaluate(async () => {
        const holdfast = app.open({ name: 'refusing' });
        const given: Record<string, unknown> = {
          'a function': { items: [{}, { onClick: () => {} }] },
          'a Proxy': { items: [{}, { onClick: new Proxy({}, {}) }] },
          'a DOM node': { items: [{}, { onClick: document.body }] },
          'a Promise': { items: [{}, { onClick: Promise.resolve() }] },
          'a WeakMap': { items: [{}, { onClick: new WeakMap() }] },
          'a stream': { items: [{}, { onClick: new ReadableStream() }] },
        };
        const paths: Record<string, unknown> = {};
        for (const [name, input] of Object.entries(given)) {
          const outcome = await app.outcomeOf(holdfast.start('gate', { input } as never));
          paths[name] = 'code' in outcome && [outcome.code, outcome.details];
        }
        await holdfast.close();
        return paths;
      });
      const refused = ['VALUE_NOT_STORABLE', { path: 'input.items[1].onClick' }];
      const kinds = ['a function', 'a Proxy', 'a DOM node', 'a Promise', 'a WeakMap', 'a stream'];
      expect(seen).toEqual(Object.fromEntries(kinds.map((kind) => [kind, refused])));
    });

    test('room is told where the browser tells it', async () => {
      const seen = await tab.evaluate(async () => {
        const { usage, quota } = await app.open({ name: 'room' }).storage.estimate();
        return [typeof usage, typeof quota];
      });
      for (const type of seen) expect(['number', 'undefined']).toContain(type);
    });
  });
}
