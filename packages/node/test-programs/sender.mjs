// Sends a hundred events to the run of standby.mjs, without owning the store. Started, ten at a time, by src/senders.test.ts.

import { connectHoldfast } from '@holdfast/node';

const [, , directory = '', name = '', count = '100'] = process.argv;
const holdfast = await connectHoldfast({ directory });
const run = holdfast.run('listener', 'one');
for (let n = 1; n <= Number(count); n++) await run.send({ type: 'SAY', text: `${name} ${n}` }, { id: `${name}/${n}` });
await holdfast.close();
