import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { ImportPage } from '../support/import-page.js';
import { test } from '../support/survival.js';

const bundled = (name: string) => fileURLToPath(new URL(`../../demo/public/photos/${name}.jpg`, import.meta.url));

test("a person's own files: a broken one is left out, the others are published", async ({ server, context }) => {
  const tab = await ImportPage.open(context, server.url);
  const whole = await readFile(bundled('red-valley'));
  await tab.page.getByLabel('Drop photos here').setInputFiles([
    { name: 'Größe 1.jpg', mimeType: 'image/jpeg', buffer: whole },
    { name: 'same-content.jpg', mimeType: 'image/jpeg', buffer: whole },
    { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: whole.subarray(0, 100) },
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') },
  ]);
  await tab.approve();
  await expect(tab.page.locator('#album-photos img')).toHaveCount(2);
  const { photos } = await server.album(await tab.albumId());
  const names = ['Größe 1.jpg', 'same-content.jpg'];
  expect(photos.map(({ name }) => name)).toEqual(names);
  expect((await tab.keptAlbum()).photos.map(({ name }) => name)).toEqual(names);
  await expect(tab.page.locator('#total-count')).toHaveText('14 of 14 steps checkpointed');
  expect(tab.complaints).toEqual([]);
});

test('files that are no pictures end the import with the reason', async ({ server, context }) => {
  const tab = await ImportPage.open(context, server.url);
  const notes = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') };
  await tab.page.getByLabel('Drop photos here').setInputFiles([notes]);
  await tab.expectState('failed');
  await expect(tab.page.getByRole('status')).toHaveText(
    'Failed: None of these files is a picture that can be imported.',
  );
  expect((await server.ledger()).entries).toEqual([]);
});

test('rejected in the middle: what is in flight is abandoned, nothing is published', async ({ server, context }) => {
  await server.hold('upload', 7);
  const tab = await ImportPage.open(context, server.url);
  await tab.takeBundledPhotos();
  await server.held(2);

  await tab.page.getByRole('button', { name: 'Stop the import' }).click();
  await tab.expectState('rejected');
  await server.release();
  await tab.page.reload();
  await tab.expectState('rejected');
  await expect(server.album(await tab.albumId())).rejects.toThrow('404');
  expect(await tab.keptAlbum()).toEqual({ albums: [], photos: [] });
  expect((await server.ledger()).entries).toHaveLength(8);
});

test('start anew, in every tab', async ({ server, context }) => {
  const tab = await ImportPage.open(context, server.url);
  const other = await ImportPage.open(context, server.url);
  await tab.takeBundledPhotos();
  await other.expectState('reviewing');
  const first = await tab.albumId();

  await tab.page.getByRole('button', { name: 'Start anew' }).click();
  await expect(other.page.getByRole('heading', { name: 'Import photos' })).toBeVisible();
  await other.takeBundledPhotos();
  await tab.expectState('reviewing');
  expect(await tab.albumId()).not.toBe(first);
  expect([...tab.complaints, ...other.complaints]).toEqual([]);
});

test('step code and XState are in the worker, and not in the page', async ({ server }) => {
  const assets = new URL('../../demo/dist/page/assets/', import.meta.url);
  const scripts = (await readdir(assets)).filter((name) => name.endsWith('.js'));
  const sourceOf = async (start: string) => {
    const name = scripts.find((script) => script.startsWith(start)) ?? 'none';
    return (await fetch(`${server.url}/assets/${name}`)).text();
  };
  const [page, worker] = await Promise.all([sourceOf('index'), sourceOf('worker')]);
  for (const sentinel of ['createImageBitmap', 'xstate.init', 'Idempotency-Key']) {
    expect(worker).toContain(sentinel);
    expect(page).not.toContain(sentinel);
  }
});
