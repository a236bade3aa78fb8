// The yard-stick: what this disk and this Node can do at best when 200 bytes are appended and synced at a time.

import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { freshFolder, removeFolder } from './places.mjs';

const LINE = Buffer.from(`${'x'.repeat(199)}\n`);

/**
 * Appends per second, each of 200 bytes with its own `fdatasync`, by `writers` at a time, each to a file of its own.
 * @param {{ appends?: number, writers?: number }} [options] `appends` of all writers together
 * @returns {Promise<number>}
 */
export async function appendsPerSecond({ appends = 500, writers = 1 } = {}) {
  const folder = freshFolder('yardstick');
  try {
    const files = await Promise.all(numbers(writers).map((n) => open(join(folder, `${n}`), 'a')));
    const startedAt = performance.now();
    await Promise.all(files.map((file) => append(file, Math.ceil(appends / writers))));
    const seconds = (performance.now() - startedAt) / 1000;
    await Promise.all(files.map((file) => file.close()));
    return (Math.ceil(appends / writers) * writers) / seconds;
  } finally {
    removeFolder(folder);
  }
}

/**
 * @param {import('node:fs/promises').FileHandle} file
 * @param {number} times
 */
async function append(file, times) {
  for (let i = 0; i < times; i++) {
    await file.write(LINE);
    await file.datasync();
  }
}

/** @param {number} count */
export function numbers(count) {
  return Array.from({ length: count }, (_, n) => n);
}
