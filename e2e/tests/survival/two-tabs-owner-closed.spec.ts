import { ImportPage } from '../../support/import-page.js';
import { test } from '../../support/survival.js';
import { expectSurvived, untilAskedAgain } from '../../support/verdict.js';

test('two tabs, the owner is closed in the middle of an upload', async ({ server, context }) => {
  await server.hold('upload', 7);
  const owner = await ImportPage.open(context, server.url);
  await owner.takeBundledPhotos();
  const inFlight = await server.held(2);
  await owner.expectOwnership('owner');
  const tab = await ImportPage.open(context, server.url);
  await tab.expectOwnership('standby');
  await tab.expectState('importing');

  await owner.page.close();
  await tab.expectOwnership('owner');
  await untilAskedAgain(server, inFlight);
  await server.release();

  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});

test('a tab that does not own the store starts the import and approves it', async ({ server, context }) => {
  const owner = await ImportPage.open(context, server.url);
  await owner.expectOwnership('owner');
  const tab = await ImportPage.open(context, server.url);
  await tab.expectOwnership('standby');

  await tab.takeBundledPhotos();
  await owner.expectState('reviewing');
  await tab.approve();

  await owner.expectPublished();
  await tab.expectPublished();
  await tab.expectOwnership('standby');
  await expectSurvived(server, tab, []);
});
