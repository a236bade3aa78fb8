import { crashTab } from '@holdfast/browser/playwright';
import { ImportPage } from '../../support/import-page.js';
import { test } from '../../support/survival.js';
import { expectSurvived, untilAskedAgain } from '../../support/verdict.js';

test("the tab's renderer crashes in the middle of an upload", async ({ server, context }) => {
  await server.hold('upload', 7);
  const crashed = await ImportPage.open(context, server.url);
  await crashed.takeBundledPhotos();
  const inFlight = await server.held(2);

  await crashTab(crashed.page);
  const tab = await ImportPage.open(context, server.url);
  await untilAskedAgain(server, inFlight);
  await server.release();

  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});
