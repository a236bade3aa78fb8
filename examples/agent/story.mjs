import assert from 'node:assert/strict';
import { tell } from '../support/tell.mjs';

// What the model says in each turn: a model of four lines, which counts how often it is asked.
const SAYS = [
  { tool: 'find_charges', args: { order: 'order-17' } },
  { tool: 'refund', args: { charge: 'charge-2' } },
  { tool: 'close_account', args: { customer: 'Ada' } },
  { text: 'The second charge is refunded. The account stays open.' },
];

const TITLE = 'An agent of four turns. It is killed after its first model call, and while a person is asked.';

await tell(TITLE, async (stage) => {
  /** @type {string[]} */
  const modelCalls = [];
  /** @type {string[]} */
  const toolCalls = [];
  let allowed = false;

  const world = await stage.serve(async ({ path, body }) => {
    const asked = JSON.parse(body.toString());
    if (path === '/model') {
      const turn = (asked.messages.length + 1) / 2;
      modelCalls.push(`turn ${turn}`);
      return { json: SAYS[turn - 1] };
    }
    if (path === '/ask') {
      stage.say(`a person is asked: may it ${asked.tool} ${JSON.stringify(asked.args)}?`);
      // Said before the agent waits for it: it counts all the same.
      if (asked.tool === 'close_account') app.send({ type: 'REFUSE', turn: asked.turn });
      return {};
    }
    const tool = path.replace('/tools/', '');
    toolCalls.push(tool === 'refund' && !allowed ? 'refund, not allowed yet' : tool);
    stage.say(`tool: ${tool}`);
    if (tool === 'find_charges' && toolCalls.length === 1) {
      await app.kill();
      stage.say('killed (SIGKILL) after model call 1, in its tool; started again');
    }
    return { json: { ok: true, charges: ['charge-1', 'charge-2'] } };
  });
  const app = stage.program(new URL('app.mjs', import.meta.url), `${stage.folder}/store`, world.url);

  app.start();
  assert.equal(await app.ended(), 'killed');
  app.start();
  await app.printed('waits for a person');
  await app.kill();
  stage.say('killed (SIGKILL) while it waits for a person; started again');
  app.start();
  await app.printed('waits for a person');
  allowed = true;
  app.send({ type: 'ALLOW', turn: 2 });
  assert.equal(await app.ended(), 'done');

  assert.deepEqual(modelCalls, ['turn 1', 'turn 2', 'turn 3', 'turn 4'], 'no model call was made again');
  assert.deepEqual(toolCalls, ['find_charges', 'find_charges', 'refund'], 'only the tool call in flight was');
  return `${modelCalls.length} model calls for ${SAYS.length} turns; one tool allowed by a person, one refused`;
});
