import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import type { LargeValuesPage } from '../pages/large-values/main.js';
import { type LaunchedBrowser, launchBrowser } from '../support/browser.js';
import { type ServedPages, servePages } from '../support/pages.js';

declare const app: LargeValuesPage;

const MIB = 1 << 20;
const FILE_BYTES = 32 * MIB;
/** A Blob is put, and taken back, to see whether the database holds any. */
const PROBE_BYTES = 1;

let folder: string;
let pages: ServedPages;
let browser: LaunchedBrowser;
let tab: Page;

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-large-'));
  pages = await servePages('large-values');
  browser = await launchBrowser();
  tab = await browser.context.newPage();
});
test.afterAll(async () => {
  await browser?.close();
  await pages?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Loads the page anew: another worker, which has written nothing yet. */
async function reload(): Promise<void> {
  await tab.goto(pages.url);
  await tab.waitForFunction(() => 'app' in globalThis);
}

async function untilWaiting(workflow: 'import' | 'read'): Promise<void> {
  await tab.evaluate(async (workflow) => {
    await app.until(app.holdfast.run(workflow, 'one'), ({ accepts }) => accepts.includes('GO'));
  }, workflow);
}

async function pick(name: string, bytes: Uint8Array): Promise<void> {
  writeFileSync(join(folder, name), bytes);
  await tab.setInputFiles('input', join(folder, name));
}

test('a file that is imported in chunks is written once, whatever is reloaded and deleted meanwhile', async () => {
  await reload();
  await pick('one.bin', new Uint8Array(FILE_BYTES).fill(3));
  await tab.evaluate((chunkBytes) => app.importPicked('one', chunkBytes), 4 * MIB);
  rmSync(join(folder, 'one.bin'));
  await untilWaiting('import');
  const first = await tab.evaluate(() => app.written());
  expect(first.bytes).toBe(FILE_BYTES + PROBE_BYTES);
  await reload();
  const result = await tab.evaluate(async () => {
    const run = app.holdfast.run('import', 'one');
    await run.send({ type: 'GO' });
    return run.result();
  });
  expect(result).toEqual({ sum: 3 * FILE_BYTES, name: 'one.bin', size: FILE_BYTES });
  const second = await tab.evaluate(() => app.written());
  expect(second.bytes).toBe(0);
  expect(first.text + second.text).toBeLessThan(50_000);
  expect(await tab.evaluate(() => app.attached())).toEqual([FILE_BYTES]);
  // What somebody has in hand can be read on.
  const left = await tab.evaluate(async () => {
    const [blob] = (await app.stored()) as [Blob];
    await app.holdfast.run('import', 'one').delete();
    return [(await app.attached()).length, ...new Uint8Array(await blob.slice(-2).arrayBuffer())];
  });
  expect(left).toEqual([0, 3, 3]);
});

test('a file that was changed since it was picked is refused with a code, and nothing is stored', async () => {
  await reload();
  await pick('changed.bin', new Uint8Array(MIB));
  writeFileSync(join(folder, 'changed.bin'), new Uint8Array(2 * MIB));
  const outcome = await tab.evaluate(() => app.outcomeOf(app.importPicked('changed', 1)));
  expect(outcome).toMatch(/^FILE_UNREADABLE/);
  expect(await tab.evaluate(() => app.attached())).toEqual([]);
});

test('a transition beside a large ArrayBuffer writes only the rest, before a reload and after', async () => {
  await reload();
  const bytes = 16 * MIB;
  const counts = await tab.evaluate(async (bytes) => {
    const buffer = new Uint8Array(bytes).fill(7).buffer;
    const run = await app.holdfast.start('hold', { id: 'one', input: { buffer } });
    for (let n = 0; n < 3; n++) await run.send({ type: 'COUNT' }, { until: 'processed' });
    return app.written();
  }, bytes);
  expect(counts.bytes).toBe(bytes);
  expect(counts.text).toBeLessThan(20_000);
  await reload();
  const after = await tab.evaluate(async () => {
    const run = app.holdfast.run('hold', 'one');
    for (let n = 0; n < 3; n++) await run.send({ type: 'COUNT' }, { until: 'processed' });
    return app.written();
  });
  expect(after.bytes).toBe(0);
  expect(after.text).toBeLessThan(20_000);
  // The input refers to it too.
  expect(await tab.evaluate(() => app.attached())).toEqual([bytes]);
  const seen = await tab.evaluate(async () => {
    const { context } = await app.until(app.holdfast.run('hold', 'one'), ({ context }) => context?.n === 6);
    return context?.buffer && [context.buffer.byteLength, new Uint8Array(context.buffer)[5]];
  });
  expect(seen).toEqual([bytes, 7]);
});

test('handles of the origin private file system are stored, and stand for the same file after a reload', async () => {
  await reload();
  await tab.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('imports', { create: true });
    const file = await folder.getFileHandle('a.txt', { create: true });
    const writer = await file.createWritable();
    await writer.write('from a file');
    await writer.close();
    await app.holdfast.start('read', { id: 'one', input: { folder, file } });
  });
  await untilWaiting('read');
  await reload();
  const result = await tab.evaluate(async () => {
    const run = app.holdfast.run('read', 'one');
    await run.send({ type: 'GO' });
    return run.result();
  });
  expect(result).toEqual({ before: 'from a file', after: { text: 'from a file', names: ['a.txt'], same: true } });
});
