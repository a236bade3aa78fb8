import { restartBrowser } from '@holdfast/browser/playwright';
import { ImportPage } from '../../support/import-page.js';
import { test } from '../../support/survival.js';
import { expectSurvived, untilAskedAgain } from '../../support/verdict.js';

test('the whole browser is killed in the middle of an upload, and started again', async ({ server, launch }) => {
  const killed = await launch();
  await server.hold('upload', 7);
  const before = await ImportPage.open(killed.context, server.url);
  await before.takeBundledPhotos();
  const inFlight = await server.held(2);

  const { context } = await restartBrowser(killed.context, () => launch({ profile: killed.profile }));
  const tab = await ImportPage.open(context, server.url);
  await untilAskedAgain(server, inFlight);
  await server.release();

  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});
