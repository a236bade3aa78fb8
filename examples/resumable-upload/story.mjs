import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tell } from '../support/tell.mjs';

const PART = 256 * 1024;
const PARTS = 16;

await tell('A file goes up in 16 parts. The process is killed while it sends parts 6 and 12.', async (stage) => {
  const file = randomBytes(PARTS * PART - 1000);
  await writeFile(`${stage.folder}/film`, file);
  const stored = Buffer.alloc(file.length);
  let end = 0;
  /** @type {number[]} the parts as they came, from 1 */
  const came = [];

  const server = await stage.serve(async ({ headers, body }) => {
    const offset = Number(headers['upload-offset']);
    if (offset > end) return { status: 409 };
    const part = offset / PART + 1;
    const first = !came.includes(part);
    came.push(part);
    if (part === 6 && first) await kill('before part 6 was stored');
    else end = Math.max(end, offset + body.copy(stored, offset));
    if (part === 12 && first) await kill('after part 12 was stored, before the answer');
    return {};
  });
  const app = stage.program(
    new URL('app.mjs', import.meta.url),
    `${stage.folder}/store`,
    `${stage.folder}/film`,
    server.url,
  );
  /** @param {string} when */
  async function kill(when) {
    await app.kill();
    stage.say(`killed (SIGKILL) ${when}; started again`);
  }

  assert.equal(await app.runToEnd(), 2, 'it was killed twice');
  const once = Array.from({ length: PARTS }, (_, index) => index + 1);
  assert.deepEqual(came, [...once.slice(0, 6), ...once.slice(5, 12), ...once.slice(11)], 'each went on at its offset');
  assert.equal(end, file.length, 'all of it is there');
  assert.equal(hash(stored), hash(file), 'the parts add up to the file');
  return `${PARTS} parts in ${came.length} requests: only the part in flight was sent again, and the file is whole`;
});

/** @param {Buffer} bytes */
function hash(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
