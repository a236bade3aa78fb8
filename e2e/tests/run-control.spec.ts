import { expect, type Page } from '@playwright/test';
import type { LinkPage } from '../pages/link/main.js';
import { test } from '../support/shared-browser.js';

declare const app: LinkPage;

test.use({ folder: 'link' });

/** Starts a trip, and waits until it waits for GO. */
async function startTrip(tab: Page): Promise<void> {
  await tab.evaluate(async () => {
    const run = await app.open().start('trip', { id: 'one' });
    await new Promise<void>((resolve) => {
      run.subscribe(({ accepts, run: { status } }) => {
        if (accepts.includes('GO') && status === 'waiting') resolve();
      });
    });
  });
}

test('a paused run takes no event, not after a reload either, until it is resumed; its child is a run as well', async ({
  openTab,
}) => {
  const tab = await openTab();
  await startTrip(tab);
  await tab.evaluate(() => app.open().run('trip', 'one').pause());
  await tab.reload();
  await tab.waitForFunction(() => 'app' in globalThis);
  const seen = await tab.evaluate(async () => {
    const run = app.open().run('trip', 'one');
    await run.send({ type: 'GO', n: 21 });
    const standing = await new Promise((resolve) => {
      run.subscribe((snapshot) => {
        if (snapshot.run.status !== 'unknown') resolve(snapshot.run);
      });
    });
    await run.resume();
    return { standing, result: await run.result(), booked: app.visits.get('booked') };
  });
  expect(seen).toMatchObject({ standing: { status: 'paused', reasons: ['person'] }, result: 42 });
  // By the page before.
  expect(seen.booked).toBeUndefined();
});

test('a run that is cancelled from another tab is undone by its owner', async ({ openTab }) => {
  const owner = await openTab();
  await startTrip(owner);
  const other = await openTab();
  await other.evaluate(() => app.open().run('trip', 'one').cancel());
  const outcome = await other.evaluate(() => app.outcomeOf(app.open().run('trip', 'one').result()));
  expect(outcome).toMatchObject({ code: 'RUN_CANCELLED' });
  expect(await owner.evaluate(() => app.visits.get('undone'))).toBe(1);
});
