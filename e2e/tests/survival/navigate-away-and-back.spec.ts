import { expect } from '@playwright/test';
import { ImportPage } from '../../support/import-page.js';
import { test } from '../../support/survival.js';
import { expectSurvived, untilAskedAgain } from '../../support/verdict.js';

test('away in the middle of an upload, and back out of the back/forward cache', async ({ server, context }) => {
  await server.hold('upload', 7);
  const tab = await ImportPage.open(context, server.url);
  await tab.takeBundledPhotos();
  const inFlight = await server.held(2);
  await tab.page.evaluate(() => {
    addEventListener('pageshow', ({ persisted }) => {
      document.documentElement.dataset.persisted = String(persisted);
    });
  });

  await tab.page.goto(`${server.url}/mark.svg`);
  // A finalizer that runs in a cached page makes the browser drop the page: let those that would run do so.
  const devTools = await context.newCDPSession(tab.page);
  await devTools.send('HeapProfiler.collectGarbage');
  await tab.page.evaluate(() => history.back());
  await expect(tab.page.locator('html'), 'the page itself came back').toHaveAttribute('data-persisted', 'true');
  await untilAskedAgain(server, inFlight);
  await server.release();

  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});

test('a page in the back/forward cache does not keep the runs from another tab', async ({ server, context }) => {
  await server.hold('upload', 7);
  const away = await ImportPage.open(context, server.url);
  await away.takeBundledPhotos();
  const inFlight = await server.held(2);
  const tab = await ImportPage.open(context, server.url);
  await tab.expectOwnership('standby');

  await away.page.goto(`${server.url}/mark.svg`);
  await tab.expectOwnership('owner');
  await untilAskedAgain(server, inFlight);
  await server.release();

  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});
