import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CDPSession, expect, test } from '@playwright/test';
import type { LargeValuesPage } from '../../pages/large-values/main.js';
import { launchBrowser } from '../../support/browser.js';
import { servePages } from '../../support/pages.js';

declare const app: LargeValuesPage;

const MIB = 1 << 20;
const FILE_MIB = 500;
const CHUNK_BYTES = 4 * MIB;

test('a file of 500 MB that is imported in chunks takes memory for a few chunks', async () => {
  test.setTimeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-large-'));
  const path = join(folder, 'large.bin');
  const [file, part] = [openSync(path, 'w'), new Uint8Array(MIB).fill(1)];
  for (let n = 0; n < FILE_MIB; n++) writeSync(file, part);
  closeSync(file);
  const pages = await servePages('large-values');
  const browser = await launchBrowser();
  const tab = await browser.context.newPage();
  await tab.goto(pages.url);
  await tab.waitForFunction(() => 'app' in globalThis);
  const session = (await browser.context.browser()?.newBrowserCDPSession()) as CDPSession;
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sizes = (field: string) =>
    processInfo
      .map(({ id, type }) => ({ type, mib: Math.round(kibOf(id, field) / 1024) }))
      .filter(({ mib }) => mib > 0);
  // From here on, the highest that it comes to counts.
  for (const { id } of processInfo) writeFileSync(`/proc/${id}/clear_refs`, '5');
  const before = sizes('VmRSS');
  await tab.setInputFiles('input', path);
  const begun = Date.now();
  const stored = await tab.evaluate(async (chunkBytes) => {
    await app.importPicked('one', chunkBytes);
    const at = Date.now();
    await app.until(app.holdfast.run('import', 'one'), ({ accepts }) => accepts.includes('GO'));
    await app.holdfast.run('import', 'one').send({ type: 'GO' });
    return at;
  }, CHUNK_BYTES);
  const result = await tab.evaluate(() => app.holdfast.run('import', 'one').result());
  const ended = Date.now();
  const most = sizes('VmHWM');
  const written = await tab.evaluate(() => app.written());
  console.log(JSON.stringify({ before, most, written, storedInMs: stored - begun, importedInMs: ended - stored }));
  await browser.close();
  await pages.close();
  rmSync(folder, { recursive: true, force: true });
  expect(result).toMatchObject({ sum: FILE_MIB * MIB, size: FILE_MIB * MIB });
  expect(written.bytes).toBe(FILE_MIB * MIB + 1);
  for (const [at, { type, mib }] of most.entries()) {
    expect(mib - (before[at]?.mib ?? 0), `growth of the process "${type}" in MiB`).toBeLessThan(150);
  }
});

function kibOf(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
}
