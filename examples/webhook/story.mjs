import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { tell } from '../support/tell.mjs';

const TITLE =
  'Webhooks tell of payments of 10, 20 and 30. Their handler does not own the store; its owner is killed twice.';
const AMOUNTS = { first: 10, second: 20, third: 30 };

await tell(TITLE, async (stage) => {
  const owner = stage.program(new URL('owner.mjs', import.meta.url), `${stage.folder}/store`);
  const handler = stage.program(new URL('handler.mjs', import.meta.url), `${stage.folder}/store`);
  let deliveries = 0;

  /** Delivers once. @param {keyof typeof AMOUNTS} delivery @returns {Promise<number>} status */
  async function deliver(delivery) {
    deliveries++;
    const body = JSON.stringify({ delivery, order: 'order-17', amount: AMOUNTS[delivery] });
    return (await fetch(url, { method: 'POST', body })).status;
  }

  /** As payment providers do: until it is answered 200. @param {keyof typeof AMOUNTS} delivery */
  async function deliverUntilTaken(delivery) {
    while ((await deliver(delivery)) !== 200) await pause(50);
    stage.say(`${delivery} delivery: 200`);
  }

  handler.start();
  const [, url = ''] = (await handler.printed('listens at')).split('listens at ');
  assert.equal(await deliver('first'), 404, 'there is no order yet');
  owner.start();
  await deliverUntilTaken('first');
  await deliverUntilTaken('first');
  await owner.printed('10 of 60');

  await owner.kill();
  stage.say('owner killed (SIGKILL): deliveries are taken all the same, for when it is back');
  await deliverUntilTaken('second');
  await deliverUntilTaken('first');
  owner.start();
  await owner.printed('30 of 60');

  const third = deliverUntilTaken('third');
  await owner.kill();
  stage.say('owner killed (SIGKILL) with a delivery under way; started again');
  owner.start();
  await third;
  const said = await owner.printed('order-17 is paid');
  await deliverUntilTaken('third');

  assert.match(said, /: 60$/, 'each payment counts once');
  return `${deliveries} deliveries of three payments: 60 are paid, each payment counts once`;
});
