// Hosts one run which waits for ever for events, and tells of it on stdout: `owner` when it owns the directory, each event it
// has taken, `lost` when it has lost it. Started, stopped and killed by src/standby.test.ts and src/senders.test.ts.

import { writeSync } from 'node:fs';
import { defineWorkflow, fromSteps } from '@holdfast/core';
import { openHoldfast } from '@holdfast/node';

const [, , directory = '', options = '{}'] = process.argv;
const types = /** @type {{ events: { type: 'SAY', text: string } }} */ ({});

const listener = defineWorkflow({
  id: 'listener',
  version: 1,
  limits: { inboxLength: 10_000 },
  logic: fromSteps({ types }, async ({ waitForEvent, step }) => {
    for (let said = 1; ; said++) {
      const { text } = await waitForEvent(`said ${said}`, { type: 'SAY' });
      await step(`heard ${said}`, () => void writeSync(1, `heard ${text}\n`));
      if (text === 'bye') return said;
    }
  }),
});

const holdfast = await openHoldfast({
  directory,
  workflows: [listener],
  ...JSON.parse(options),
  onError: (error) => void writeSync(1, `error ${/** @type {{ code: string }} */ (error).code}\n`),
});
let before = 'unknown';
const tell = (/** @type {string} */ status) => {
  if (status !== before) writeSync(1, `${status === 'standby' && before === 'owner' ? 'lost' : status}\n`);
  before = status;
};
tell(holdfast.host.getSnapshot());
holdfast.host.subscribe(tell);
await holdfast.start('listener', { id: 'one' });
writeSync(1, 'started\n');
setInterval(() => {}, 1 << 30);
