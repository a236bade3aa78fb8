import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileStore } from './file-store.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-directory-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a directory is made with all that is above it', async () => {
  const directory = join(folder, 'a', 'b', 'c');
  await (await openFileStore({ directory })).close();
  expect(existsSync(directory)).toBe(true);
});

test('a file in its place, or above it, is told by name', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const directory of [file, join(file, 'below')]) {
    await expect(openFileStore({ directory })).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      message: expect.stringContaining(directory),
    });
  }
});

test.runIf(existsSync('/proc/self'))(
  'a file system that makes no directories is told, and not tried for ever',
  async () => {
    const directory = '/proc/holdfast/store';
    await expect(openFileStore({ directory })).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  },
);
