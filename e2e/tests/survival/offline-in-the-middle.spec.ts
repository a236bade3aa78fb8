import { expect, type Request } from '@playwright/test';
import { ImportPage } from '../../support/import-page.js';
import { test } from '../../support/survival.js';
import { expectSurvived } from '../../support/verdict.js';

test('the network drops in the middle of an upload: executed, but the answer is lost', async ({ server, context }) => {
  await server.hold('upload', 7);
  const tab = await ImportPage.open(context, server.url);
  await tab.takeBundledPhotos();
  const inFlight = await server.held(2);

  await tab.page.getByRole('button', { name: 'Cut network' }).click();
  await expect(tab.page.locator('#network')).toHaveText('network cut');
  await server.release();
  await expect.poll(() => stepsWith(tab, 'try again')).toEqual(expect.arrayContaining(inFlight));
  await tab.page.getByRole('button', { name: 'Mend network' }).click();

  await tab.approve();
  await tab.expectPublished();
  await expectSurvived(server, tab, inFlight);
});

test('the browser goes offline in the middle: uploads wait, and go on when it is back', async ({ server, context }) => {
  await server.hold('upload', 7);
  const tab = await ImportPage.open(context, server.url);
  await tab.takeBundledPhotos();
  const inFlight = await server.held(2);

  await context.setOffline(true);
  await expect(tab.page.locator('#network')).toHaveText('offline');
  const begun: string[] = [];
  const note = (request: Request) => void (request.method() === 'POST' && begun.push(request.url()));
  tab.page.on('request', note);
  await server.release();
  await expect.poll(() => stepsWith(tab, 'done')).toEqual(expect.arrayContaining(inFlight));
  expect(begun, 'no upload begins while the browser is offline').toEqual([]);
  expect((await server.ledger()).entries).toHaveLength(8);
  tab.page.off('request', note);
  await context.setOffline(false);

  await tab.approve();
  await tab.expectPublished();
  expect(await stepsWith(tab, 'try again'), 'waiting is not a failed try').toEqual([]);
  await expectSurvived(server, tab, []);
});

async function stepsWith(tab: ImportPage, wanted: string): Promise<string[]> {
  return (await tab.checkpoints()).filter(({ outcome }) => outcome === wanted).map(({ name }) => name);
}
