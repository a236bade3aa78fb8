// 100,000 rows in batches. A batch is a step: it reads its rows where the one before it ended, writes them under its
// idempotency key, and its result is where it ended. So a crash costs the batch in flight, and what a step costs does not
// grow with the batches before it.

import { open, stat } from 'node:fs/promises';
import { defineWorkflow, fromSteps } from '@holdfast/core';
import { openHoldfast } from '@holdfast/node';
import { post } from '../support/post.mjs';

const ROWS = 1000;
const CHUNK = 64 * 1024;

/** @typedef {{ path: string, database: string }} ImportInput */

const csvImport = fromSteps(
  { types: /** @type {{ input: ImportInput }} */ ({}) },
  async ({ input, step, progress }) => {
    const { path, database } = input;
    const size = await step('size', async () => (await stat(path)).size);
    let rows = 0;
    for (let offset = 0, batch = 1; offset < size; batch++) {
      const done = await step(`batch ${batch}`, { retry: {} }, async (context) => {
        const lines = await readLines(path, offset, batch === 1 ? ROWS + 1 : ROWS);
        const records = (batch === 1 ? lines.slice(1) : lines).map((line) => line.split(','));
        await post(`${database}/rows`, records, context);
        return { rows: records.length, end: offset + Buffer.byteLength(lines.join('\n')) + 1 };
      });
      rows += done.rows;
      offset = done.end;
      progress(offset, size);
    }
    return rows;
  },
);

/**
 * At most `count` lines from `offset` on, each of which ends with a line feed.
 * @param {string} path @param {number} offset in bytes @param {number} count
 */
async function readLines(path, offset, count) {
  const file = await open(path);
  try {
    let text = Buffer.alloc(0);
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, offset + text.length);
      text = Buffer.concat([text, buffer.subarray(0, bytesRead)]);
      // The last of the parts is what stands behind the last line feed.
      const lines = text.toString().split('\n').slice(0, -1);
      if (lines.length >= count || bytesRead === 0) return lines.slice(0, count);
    }
  } finally {
    await file.close();
  }
}

const [, , directory = '', path = '', database = ''] = process.argv;
const workflows = [defineWorkflow({ id: 'csv-import', version: 1, logic: csvImport })];
const holdfast = await openHoldfast({ directory, workflows });
const run = await holdfast.start('csv-import', { id: 'orders.csv', input: { path, database } });
let shown = -1;
run.subscribe(({ progress }) => {
  const quarter = progress ? Math.floor((4 * progress.done) / progress.total) : 0;
  if (!progress || quarter === shown) return;
  shown = quarter;
  console.log(`${Math.round((100 * progress.done) / progress.total)} %`);
});
console.log(`${await run.result()} rows`);
await holdfast.close();
