import { killWorker } from '@holdfast/browser/playwright';
import { ImportPage } from '../../support/import-page.js';
import { test } from '../../support/survival.js';
import { expectSurvived, untilAskedAgain } from '../../support/verdict.js';

test("the worker is terminated behind Holdfast's back in the middle of an upload", async ({ server, context }) => {
  await server.hold('upload', 7);
  const tab = await ImportPage.open(context, server.url);
  await tab.takeBundledPhotos();
  const inFlight = await server.held(2);

  await killWorker(tab.page);
  await untilAskedAgain(server, inFlight);
  await server.release();

  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});

test('the worker is terminated in the turn in which the approval is sent', async ({ server, context }) => {
  const tab = await ImportPage.open(context, server.url);
  await tab.takeBundledPhotos();
  await tab.expectState('reviewing');

  await tab.page.getByLabel('Your name').fill('Ann');
  await tab.page.evaluate(() => {
    document.querySelector<HTMLFormElement>('#approval')?.requestSubmit();
    document.querySelector<HTMLButtonElement>('#harm-worker')?.click();
  });

  await tab.expectPublished();
  await expectSurvived(server, tab, ['publish']);
});
