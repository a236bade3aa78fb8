import { killWorker, restartBrowser } from '@holdfast/browser/playwright';
import { expect, type Page } from '@playwright/test';
import type { LocalWritesPage } from '../pages/local-writes/main.js';
import { test } from '../support/shared-browser.js';
import { logOf, tearLog } from '../support/torn-log.js';

declare const app: LocalWritesPage;

test.use({ folder: 'local-writes' });

const ROWS = 60;

/** Lets the run write until so many rows are there. */
function write(tab: Page, seen: number): Promise<void> {
  return tab.evaluate(
    async ({ rows, seen }) => {
      await app.open('idb', { database: 'torn' }).start('write', { id: 'one', input: { rows } });
      while ((await app.rowsIn('idb', 'torn')).length < seen);
    },
    { rows: ROWS, seen },
  );
}

/** Starts another run, which a host that owns the store is needed for, and waits for its end. */
async function finish(tab: Page, id: string): Promise<void> {
  const written = await tab.evaluate(async (id) => {
    const run = await app.open('idb', { database: 'torn' }).start('write', { id, input: { rows: 1 } });
    return run.result();
  }, id);
  expect(written).toHaveLength(1);
}

test('a crash that tears the browser’s log, and one more after it: nothing is lost', async ({
  launch,
  openTab,
  origin,
}) => {
  let browser = await launch();
  const { profile } = browser;
  const again = () => launch({ profile });
  await write(await openTab(origin, browser.context), 5);
  browser = await restartBrowser(browser.context, () => {
    tearLog(profile);
    return again();
  });
  await write(await openTab(origin, browser.context), 40);
  browser = await restartBrowser(browser.context, again);
  const last = await openTab(origin, browser.context);
  const result = await last.evaluate(() => app.open('idb', { database: 'torn' }).run('write', 'one').result());
  expect(result).toEqual(Array.from({ length: ROWS }, (_, at) => at + 1));
});

test('a log is not renewed where the browser has outlived the crash, or there was none', async ({
  launch,
  openTab,
  origin,
}) => {
  const { context, profile } = await launch();
  const owner = await openTab(origin, context);
  await write(owner, 5);
  const log = logOf(profile);
  const other = await openTab(origin, context);
  await other.evaluate(async () => {
    await app.journalOf('idb', 'torn', 'one');
    const waits = async () => (await navigator.locks.query()).pending?.some(({ name }) => name === 'holdfast:torn');
    while (!(await waits()));
  });
  await killWorker(owner);
  await finish(other, 'two');
  await owner.close();
  await other.reload();
  await other.waitForFunction(() => 'app' in globalThis);
  await finish(other, 'three');
  expect(logOf(profile)).toBe(log);
});
