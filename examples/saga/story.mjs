import assert from 'node:assert/strict';
import { tell } from '../support/tell.mjs';

const TITLE = 'Book, charge, ship; shipping fails. The process is killed while it refunds, and while it cancels.';

await tell(TITLE, async (stage) => {
  /** @type {Map<string, string>} what was done, by the key that it was asked under */
  const done = new Map();
  /** @type {string[]} all that was asked for */
  const asked = [];

  const shop = await stage.serve(async ({ path, key }) => {
    const what = path.slice(1);
    const first = !asked.includes(what);
    asked.push(what);
    if (what === 'ship') return first ? { status: 503 } : { status: 422, json: { reason: 'No van is that tall.' } };
    if (what === 'cancel' && first) return kill('in the middle of the cancellation, which was not done yet');
    if (!done.has(key)) {
      done.set(key, what);
      stage.say(`the shop: ${what}`);
    }
    if (what === 'refund' && first) return kill('in the middle of the refund, which was done but not answered');
    return { json: { id: 'booking-1', receipt: 'receipt-1' } };
  });
  const app = stage.program(new URL('app.mjs', import.meta.url), `${stage.folder}/store`, shop.url);
  /** @param {string} when */
  async function kill(when) {
    await app.kill();
    stage.say(`killed (SIGKILL) ${when}; started again`);
    return {};
  }

  assert.equal(await app.runToEnd(), 2, 'it was killed twice');
  await app.printed('No van is that tall.');
  assert.deepEqual([...done.values()], ['book', 'charge', 'refund', 'cancel'], 'each was done once, undone in reverse');
  const requests = ['book', 'charge', 'ship', 'ship', 'refund', 'refund', 'cancel', 'cancel'];
  assert.deepEqual(asked, requests, 'only what was in flight was asked for again');
  return 'booked, charged, refunded and cancelled once each; each undo in flight was asked for again under its key';
});
