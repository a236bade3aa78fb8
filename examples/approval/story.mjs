import assert from 'node:assert/strict';
import { tell } from '../support/tell.mjs';

const TITLE = 'Two expenses wait for approval when the process is killed. One is approved later, one by nobody.';

await tell(TITLE, async (stage) => {
  /** @type {Map<string, string>} mails by the key that they were sent under */
  const mails = new Map();
  /** @type {() => void} */
  let remindOfTaxi;
  /** @type {Promise<void>} */
  const taxiReminder = new Promise((resolve) => {
    remindOfTaxi = resolve;
  });

  const mail = await stage.serve(async ({ path, key, body }) => {
    const { expense } = JSON.parse(body.toString());
    mails.set(key, `${path.slice(1)} ${expense}`);
    stage.say(`mail to the boss: ${path.slice(1)} ${expense}`);
    if (path === '/remind' && expense === 'taxi') remindOfTaxi();
    return {};
  });
  const app = stage.program(new URL('app.mjs', import.meta.url), `${stage.folder}/store`, mail.url);

  app.start();
  await Promise.all(['taxi', 'dinner'].map((expense) => app.printed(`${expense} waits`)));
  await app.kill();
  stage.say('killed (SIGKILL) while both wait; started again');
  app.start();
  await Promise.all([app.printed('taxi waits'), taxiReminder]);
  app.send({ expense: 'taxi', decision: { type: 'APPROVE', by: 'the boss' } });
  assert.equal(await app.ended(), 'done');

  await app.printed('taxi is approved by the boss');
  await app.printed('dinner is timed out');
  assert.deepEqual([...mails.values()].sort(), ['ask dinner', 'ask taxi', 'remind dinner', 'remind taxi']);
  return 'both were asked about and reminded of once; one was approved after the crash, the other timed out';
});
