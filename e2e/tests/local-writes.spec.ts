import { restartBrowser } from '@holdfast/browser/playwright';
import { expect, type Page } from '@playwright/test';
import { POINTS } from '../pages/local-writes/album.js';
import type { LocalWritesPage } from '../pages/local-writes/main.js';
import type { LaunchedBrowser } from '../support/browser.js';
import type { ServedPages } from '../support/pages.js';
import { test } from '../support/shared-browser.js';

declare const app: LocalWritesPage;

const KINDS = ['Dexie', 'idb'] as const;
const WRITES = 3;

let pages: ServedPages;
let tab: Page;

test.beforeAll(async ({ served, shared }) => {
  pages = await served('local-writes');
  tab = await openTab(shared);
});
test.afterAll(() => tab?.close());

async function openTab({ context }: LaunchedBrowser): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(pages.url);
  await tab.waitForFunction(() => 'app' in globalThis);
  return tab;
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

for (const kind of KINDS) {
  for (const at of POINTS) {
    test(`${kind}: a worker that dies at "${at}", in each of the writes, leaves each row once`, async () => {
      for (const n of numbers(WRITES)) {
        const found = await tab.evaluate(
          async ({ kind, at, n, rows }) => {
            const database = `${kind}-${at}-${n}-${crypto.randomUUID()}`;
            const before = app.made();
            const holdfast = app.open(kind, { database, die: { at, n } });
            const run = await holdfast.start('write', { id: 'one', input: { rows } });
            const result = await run.result();
            return {
              result,
              workers: app.made() - before,
              rows: (await app.rowsIn(kind, database)).map(({ n }) => n),
              journal: await app.journalOf(kind, database, 'one'),
              closed: await holdfast.close(),
            };
          },
          { kind, at, n, rows: WRITES },
        );
        expect(found).toMatchObject({
          result: numbers(WRITES),
          workers: 2,
          rows: numbers(WRITES),
          journal: numbers(WRITES).map((n) => `write ${n} completed`),
        });
      }
    });
  }

  test(`${kind}: a browser that is killed among the writes leaves each row once`, async ({ launch }) => {
    const rows = 60;
    const database = `killed-${crypto.randomUUID()}`;
    let victim = await launch();
    const { profile } = victim;
    for (const seen of [5, 20, 35]) {
      const tab = await openTab(victim);
      await tab.evaluate(
        async ({ kind, database, rows, seen }) => {
          await app.open(kind, { database }).start('write', { id: 'one', input: { rows } });
          while ((await app.rowsIn(kind, database)).length < seen);
        },
        { kind, database, rows, seen },
      );
      victim = await restartBrowser(victim.context, () => launch({ profile }));
    }
    const last = await openTab(victim);
    const found = await last.evaluate(
      async ({ kind, database }) => {
        const result = await app.open(kind, { database }).run('write', 'one').result();
        const rows = (await app.rowsIn(kind, database)).map(({ n }) => n);
        return { result, rows, journal: await app.journalOf(kind, database, 'one') };
      },
      { kind, database },
    );
    expect(found).toEqual({
      result: numbers(rows),
      rows: numbers(rows),
      journal: numbers(rows).map((n) => `write ${n} completed`),
    });
  });

  const failures = [
    ['fetch', 'TRANSACTION_IDLE'],
    ['message', 'TRANSACTION_IDLE'],
    ['timeout', 'TRANSACTION_IDLE'],
    ['nothing at all', 'TRANSACTION_IDLE'],
    ['abort', 'TRANSACTION_ABORTED'],
    ['commit', 'TRANSACTION_ABORTED'],
    ['clash', 'ConstraintError'],
  ] as const;
  for (const [act, cause] of failures) {
    test(`${kind}: a function that does this leaves nothing, and its step fails by ${cause}: ${act}`, async () => {
      const found = await tab.evaluate(
        async ({ kind, act }) => {
          const database = `${kind}-${act}-${crypto.randomUUID()}`;
          const holdfast = app.open(kind, { database });
          const run = await holdfast.start('act', { id: 'one', input: act });
          const outcome = await app.outcomeOf(run.result());
          const rows = (await app.rowsIn(kind, database)).length;
          await holdfast.close();
          return { outcome, rows };
        },
        { kind, act },
      );
      expect(found).toEqual({ outcome: { code: 'RUN_FAILED', cause }, rows: 0 });
    });
  }

  for (const [act, rows] of [
    ['promises', 3],
    ['many rows', 2000],
  ] as const) {
    test(`${kind}: a function may await what is its transaction's: ${act}`, async () => {
      const found = await tab.evaluate(
        async ({ kind, act }) => {
          const database = `${kind}-${act}-${crypto.randomUUID()}`;
          const holdfast = app.open(kind, { database });
          const run = await holdfast.start('act', { id: 'one', input: act });
          const outcome = await app.outcomeOf(run.result());
          const rows = (await app.rowsIn(kind, database)).length;
          await holdfast.close();
          return { outcome, rows };
        },
        { kind, act },
      );
      expect(found).toEqual({ outcome: { value: rows }, rows });
    });
  }
}
