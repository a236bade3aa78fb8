import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// Sample: test
import { crashTab, killWorker, restartBrowser, untilCheckpoint } from '@holdfast/browser/playwright';
import { chromium, expect, type Page, test } from '@playwright/test';

const run = { workflow: 'photo-import', run: 'trip-2026' };

/** Starts the import, and waits until its third hash is stored. */
async function startImport(page: Page) {
  await page.goto('http://localhost:4173');
  await page.getByRole('button', { name: 'Import' }).click();
  await untilCheckpoint(page, { ...run, step: 'hash:3' });
}

test('the import goes on when its worker is killed', async ({ page }) => {
  await startImport(page);
  await killWorker(page);
  await expect(page.getByText('Published')).toBeVisible();
});

test('the import goes on in another tab when its own has crashed', async ({ page, context }) => {
  await startImport(page);
  await crashTab(page);
  const again = await context.newPage();
  await again.goto('http://localhost:4173');
  await expect(again.getByText('Published')).toBeVisible();
});
// End

// Sample: restart
test('the import goes on when the whole browser is killed', async () => {
  const profile = await mkdtemp(join(tmpdir(), 'profile-'));
  const launch = () => chromium.launchPersistentContext(profile);

  const killed = await launch();
  await startImport(await killed.newPage());
  const context = await restartBrowser(killed, launch);

  const page = await context.newPage();
  await page.goto('http://localhost:4173');
  await expect(page.getByText('Published')).toBeVisible();
  await context.close();
});
// End
