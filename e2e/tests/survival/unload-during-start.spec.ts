import { ImportPage } from '../../support/import-page.js';
import { test } from '../../support/survival.js';
import { expectSurvived } from '../../support/verdict.js';

test('reload in the very turn in which start() has resolved', async ({ server, context }) => {
  await server.hold('upload', 1);
  const tab = await ImportPage.open(context, server.url);
  // The page notes the run's id right after start(): reload there, before anything else of the page can run.
  await tab.page.evaluate(() => {
    const note = Storage.prototype.setItem;
    Storage.prototype.setItem = function (name, value) {
      note.call(this, name, value);
      location.reload();
      document.title = 'reloading';
    };
  });
  const reloaded = tab.page.waitForEvent('load');
  await tab.takeBundledPhotos();
  await reloaded;

  await tab.expectState('importing');
  const inFlight = await server.held(2);
  await server.release();
  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});
