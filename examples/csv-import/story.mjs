import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { tell } from '../support/tell.mjs';

const ROWS = 100_000;
const BATCHES = 100;
// The batches in which the process is killed, and whether the database has written them by then.
const KILLS = new Map([
  [20, 'before it was written'],
  [50, 'after it was written, before the answer'],
  [80, 'after it was written, before the answer'],
]);

const TITLE = '100,000 rows in 100 batches. The process is killed in the middle of batches 20, 50 and 80.';

await tell(TITLE, async (stage) => {
  const lines = Array.from({ length: ROWS }, (_, index) => `order-${index + 1},Ada é ${index % 977},${index % 100}`);
  await writeFile(`${stage.folder}/orders.csv`, `order,customer,amount\n${lines.join('\n')}\n`);
  /** @type {string[]} no constraint of this table would refuse a row that is there */
  const table = [];
  /** @type {Set<string>} the keys of what was written; a database keeps them in the same transaction */
  const written = new Set();
  let requests = 0;

  const database = await stage.serve(async ({ key, body }) => {
    requests++;
    const batch = written.size + 1;
    const when = written.has(key) ? undefined : KILLS.get(batch);
    if (when?.startsWith('before')) {
      KILLS.delete(batch);
      return kill(batch, when);
    }
    if (!written.has(key)) {
      for (const row of JSON.parse(body.toString())) table.push(row.join(','));
      written.add(key);
    }
    return when ? kill(batch, when) : {};
  });
  const app = stage.program(
    new URL('app.mjs', import.meta.url),
    `${stage.folder}/store`,
    `${stage.folder}/orders.csv`,
    database.url,
  );
  /** @param {number} batch @param {string} when */
  async function kill(batch, when) {
    await app.kill();
    stage.say(`killed (SIGKILL) in batch ${batch}, ${when}; started again`);
    return {};
  }

  assert.equal(await app.runToEnd(), 3, 'it was killed three times');
  assert.equal(table.length, ROWS, 'no row is missing, or there twice');
  assert.deepEqual(table, lines, 'and each is what the file says');
  assert.equal(requests, BATCHES + 3, 'only the batches in flight were sent again');
  return `${table.length} rows in ${requests} requests for ${BATCHES} batches: each row is there once, in order`;
});
