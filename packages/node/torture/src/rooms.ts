import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChildren } from './child.js';

/** Runs `body` with a folder of its own; that, and the processes it began, are gone afterwards. */
export async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-torture-'));
  try {
    return await body(folder);
  } finally {
    await endChildren();
    rmSync(folder, { recursive: true, force: true });
  }
}
