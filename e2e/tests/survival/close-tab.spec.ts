import { expect } from '@playwright/test';
import { ImportPage } from '../../support/import-page.js';
import { test } from '../../support/survival.js';
import { expectSurvived, untilAskedAgain } from '../../support/verdict.js';

test('the tab is closed in the middle of an upload, and opened again', async ({ server, context }) => {
  await server.hold('upload', 7);
  const closed = await ImportPage.open(context, server.url);
  await closed.takeBundledPhotos();
  const inFlight = await server.held(2);

  await closed.page.close();
  const tab = await ImportPage.open(context, server.url);
  await untilAskedAgain(server, inFlight);
  await server.release();

  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});

test('the tab is closed while it waits for the approval, and opened again', async ({ server, context }) => {
  const closed = await ImportPage.open(context, server.url);
  await closed.takeBundledPhotos();
  await closed.expectState('reviewing');

  await closed.page.close();
  const tab = await ImportPage.open(context, server.url);
  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, []);
});

test('the deadline passes while no tab is open: expired at once on return', async ({ server, context }) => {
  const closed = await ImportPage.open(context, `${server.url}/?approve-within-ms=1500`);
  await closed.takeBundledPhotos();
  await closed.expectState('reviewing');
  const deadlineAt = Date.now() + 1500;
  await closed.page.close();
  await expect.poll(() => Date.now()).toBeGreaterThan(deadlineAt);

  const tab = await ImportPage.open(context, server.url);
  await tab.expectState('expired');
  const steps = (await server.ledger()).entries.map(({ step }) => step);
  expect(steps).not.toContain('publish');
});
