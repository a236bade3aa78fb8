import { ImportPage } from '../../support/import-page.js';
import { test } from '../../support/survival.js';
import { expectSurvived, untilAskedAgain } from '../../support/verdict.js';

test('reload in the middle of an upload', async ({ server, context }) => {
  await server.hold('upload', 7);
  const tab = await ImportPage.open(context, server.url);
  await tab.takeBundledPhotos();
  const inFlight = await server.held(2);

  await tab.page.reload();
  await untilAskedAgain(server, inFlight);
  await server.release();

  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});

test('reload in the middle of the publishing: the approval is not asked for again', async ({ server, context }) => {
  await server.hold('publish', 1);
  const tab = await ImportPage.open(context, server.url);
  await tab.takeBundledPhotos();
  await tab.approve();
  const inFlight = await server.held(1);

  await tab.page.reload();
  await tab.expectState('publishing');
  await untilAskedAgain(server, inFlight);
  await server.release();

  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});

test('five reloads while one upload hangs', async ({ server, context }) => {
  await server.hold('upload', 7);
  const tab = await ImportPage.open(context, server.url);
  await tab.takeBundledPhotos();
  const inFlight = await server.held(2);

  for (let reload = 0; reload < 5; reload++) {
    await tab.page.reload();
    await tab.expectState('importing');
  }
  await server.release();

  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight, 5);
});
