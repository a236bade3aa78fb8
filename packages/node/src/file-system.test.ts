import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { nodeFileSystem } from './file-system.js';

/** How many bytes the system takes at a time. */
const TAKEN = 1000;

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const least = (bytes: Uint8Array, from: number) => Math.min(TAKEN, bytes.length - from);
  return {
    ...fs,
    writeSync: (fd: number, bytes: Uint8Array, from: number) => fs.writeSync(fd, bytes, from, least(bytes, from)),
    write: (fd: number, bytes: Uint8Array, from: number, done: (error: unknown, length: number) => void) =>
      fs.write(fd, bytes, from, least(bytes, from), null, done),
  };
});

test.each([
  ['short', 2 * TAKEN + 1],
  ['long', 200 * TAKEN + 1],
])('all that is appended is written, where the system takes but a part at a time (%s)', async (_, length) => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const bytes = Buffer.from(Array.from({ length }, (_, at) => at % 251));
  const file = await nodeFileSystem.openForAppend(join(directory, 'file'));
  await file.append(bytes);
  await file.append(bytes);
  await file.close();
  expect(readFileSync(join(directory, 'file')).equals(Buffer.concat([bytes, bytes]))).toBe(true);
});
