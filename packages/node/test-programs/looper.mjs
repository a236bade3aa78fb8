// Hosts three neighbours and one run that takes this process down in the way it is told. Tells `fatal` before it does,
// and `over` when that run is paused and the others are done. Started again and again by src/crash-loop.test.ts.

import { writeSync } from 'node:fs';
import { defineWorkflow, fromSteps } from '@holdfast/core';
import { openHoldfast } from '@holdfast/node';
import { assign, createMachine } from 'xstate';

const [, , directory = '', way = 'exit'] = process.argv;

/** @type {Record<string, () => void>} */
const ways = {
  exit: () => process.exit(1),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  hang: () => {
    for (;;);
  },
};
const fall = () => {
  writeSync(1, 'fatal\n');
  ways[way]?.();
};

const fatalStep = fromSteps(({ step }) => step('fatal', fall));
const fatalTransition = createMachine({
  context: {},
  initial: 'a',
  states: {
    a: { after: { 1: { target: 'b', actions: assign(() => fall() ?? {}) } } },
    b: {},
  },
});
const neighbour = fromSteps({ types: /** @type {{ input: { ms: number } }} */ ({}) }, async ({ input, step }) => {
  await step('work', () => new Promise((done) => setTimeout(done, input.ms)));
  return step('more', () => 'done');
});

const holdfast = await openHoldfast({
  directory,
  workflows: [
    defineWorkflow({ id: 'fatal', version: 1, logic: way === 'hang' ? fatalTransition : fatalStep }),
    defineWorkflow({ id: 'neighbour', version: 1, logic: neighbour }),
  ],
  onError: (error) => void writeSync(1, `${/** @type {{ code: string }} */ (error).code}\n`),
});
const neighbours = await Promise.all(
  [0, 300, 600].map((ms) => holdfast.start('neighbour', { id: `${ms}`, input: { ms } })),
);
const fatal = await holdfast.start('fatal', { id: 'one' });
await new Promise((paused) => {
  fatal.subscribe(({ run: { status } }) => status === 'paused' && paused(undefined));
});
await Promise.all(neighbours.map((run) => run.result()));
writeSync(1, 'over\n');
await holdfast.close();
