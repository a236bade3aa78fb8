// An agent loop: a model says which tool to call, the tool's result goes back to the model, until it has an answer. Each
// call is a step, so a crash costs at most the call in flight: what a model has said is not paid for twice, and the loop
// does not take another turn. A dangerous tool waits for a person first, without being in memory.

import { defineWorkflow, fromSteps } from '@holdfast/core';
import { openHoldfast } from '@holdfast/node';
import { post } from '../support/post.mjs';

/** @typedef {{ tool: string, args: object } | { text: string }} Said what a model answers */
/** @typedef {{ role: 'user' | 'model' | 'tool', content: unknown }} Message */
/** @typedef {{ type: 'ALLOW' | 'REFUSE', turn: number }} Verdict */

const types = /** @type {{ input: { url: string, task: string }, events: Verdict }} */ ({});
const TURNS = 20;
const DANGEROUS = new Set(['refund', 'close_account']);

const agent = fromSteps({ types }, async ({ input, step, waitForEvent }) => {
  /** @type {Message[]} */
  const messages = [{ role: 'user', content: input.task }];

  /** @param {number} turn @param {string} tool @param {object} args */
  const useTool = async (turn, tool, args) => {
    if (DANGEROUS.has(tool)) {
      await step(`ask ${turn}`, { retry: {} }, (context) => post(`${input.url}/ask`, { turn, tool, args }, context));
      const verdict = await waitForEvent(`verdict ${turn}`, {
        type: ['ALLOW', 'REFUSE'],
        match: (event) => event.turn === turn,
      });
      if (verdict.type === 'REFUSE') return { refused: 'A person said no.' };
    }
    return step(`tool ${turn}`, { retry: {} }, (context) => post(`${input.url}/tools/${tool}`, args, context));
  };

  for (let turn = 1; turn <= TURNS; turn++) {
    /** @type {Said} */
    const said = await step(`model ${turn}`, { retry: {}, timeout: '2m' }, (context) =>
      post(`${input.url}/model`, { messages }, context),
    );
    if ('text' in said) return said.text;
    messages.push({ role: 'model', content: said });
    messages.push({ role: 'tool', content: await useTool(turn, said.tool, said.args) });
  }
  return `No answer after ${TURNS} turns.`;
});

const [, , directory = '', url = ''] = process.argv;
const holdfast = await openHoldfast({
  directory,
  workflows: [defineWorkflow({ id: 'agent', version: 1, logic: agent })],
});
const input = { url, task: 'Ada was charged twice for order-17, and is angry. Help her.' };
const run = await holdfast.start('agent', { id: 'ticket-4', input });
process.on('message', (/** @type {Verdict} */ verdict) => run.send(verdict, { id: `verdict-${verdict.turn}` }));
let waits = false;
run.subscribe((snapshot) => {
  const waited = waits;
  waits = snapshot.can({ type: 'ALLOW' });
  if (waits && !waited) console.log('waits for a person');
});
console.log(`the agent: ${await run.result()}`);
process.disconnect?.();
await holdfast.close();
