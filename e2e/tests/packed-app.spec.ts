import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { type AppServer, installPackedApp, type PackedApp } from '../support/packed-app.js';
import { test } from '../support/shared-browser.js';
import { openStepLedger, type StepLedger } from '../support/step-ledger.js';

/** In the body of a step of `packed-app/src/report.ts`. */
const STEP_CODE = 'a sentence that only the worker knows';

test.describe.configure({ mode: 'default', timeout: 120_000 });

let app: PackedApp;
let ledger: StepLedger;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  app = await installPackedApp();
  await app.exec('vite', 'build');
});

test.afterAll(() => app?.remove());

test.beforeEach(async () => {
  ledger = await openStepLedger();
});

test.afterEach(async () => {
  await ledger.close();
});

for (const compiler of ['tsc', 'tsc-5.9'] as const) {
  test(`the published types infer what is right and refuse what is wrong: ${compiler}`, async () => {
    await app.exec(compiler, '--noEmit');
  });
}

test('step code is in the worker, and not in what the page loads', async () => {
  const assets = join(app.directory, 'dist', 'assets');
  const scripts = (await readdir(assets)).filter((file) => file.endsWith('.js'));
  const holding = [];
  for (const file of scripts) if ((await readFile(join(assets, file), 'utf8')).includes(STEP_CODE)) holding.push(file);
  expect(holding).toEqual([expect.stringMatching(/^worker-/)]);
  const page = await readFile(join(app.directory, 'dist', 'index.html'), 'utf8');
  expect(page).toMatch(/<script[^>]* src="\/assets\/index-/);
});

test('the packages hold no tests', async () => {
  const files = await readdir(join(app.directory, 'node_modules', '@holdfast'), { recursive: true });
  expect(files).toContain(join('core', 'dist', 'index.js'));
  expect(files.filter((file) => file.includes('.test'))).toEqual([]);
});

test('Node imports every package', async () => {
  const code = `
    import { defineWorkflow } from '@holdfast/core';
    import { createHoldfast } from '@holdfast/browser';
    import { openHoldfast } from '@holdfast/node';
    console.log(typeof defineWorkflow, typeof createHoldfast, typeof openHoldfast);`;
  expect((await app.evaluate(code)).trim()).toBe('function function function');
});

for (const mode of ['dev', 'preview'] as const) {
  test.describe(`served by vite ${mode}`, () => {
    let server: AppServer;
    test.beforeAll(async () => {
      server = await app.serve(mode);
    });
    test.afterAll(() => server?.close());

    test('a run survives a reload in the middle of a step, seen by useSelector', async ({ context }) => {
      const page = await context.newPage();
      await page.goto(`${server.url}/?run=${mode}&ledger=${encodeURIComponent(ledger.url)}`);
      await reloadInTheMiddleOfAStep(page);
      await approve(page);
      await expect(page.getByTestId('notice')).toHaveText('published by ann');
      for (const step of ['gather', 'publish']) expect(ledger.keysOf(step)).toHaveLength(1);
      const [first, ...again] = ledger.keysOf('write');
      expect(again).toEqual([first]);
      await page.reload();
      await expect(page.getByTestId('notice')).toHaveText('published by ann');
    });
  });
}

async function reloadInTheMiddleOfAStep(page: Page): Promise<void> {
  ledger.hold('write');
  await page.getByRole('button', { name: 'Start' }).click();
  await ledger.requested('write', 1);
  await expect(page.getByTestId('value')).toHaveText('"composing"');
  await expect(page.getByTestId('progress')).toHaveText('1 of 2');
  await page.reload();
  await ledger.requested('write', 2);
  ledger.letGo('write');
}

async function approve(page: Page): Promise<void> {
  await expect(page.getByTestId('value')).toHaveText('"reviewing"');
  await expect(page.getByTestId('progress')).toHaveText('2 of 2');
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByTestId('status')).toHaveText('done');
}
