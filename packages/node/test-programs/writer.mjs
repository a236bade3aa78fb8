// Commits to four runs side by side, without end, and tells each acknowledged commit as `<run> <seq>` on stdout.
// Started, and killed, by src/kill.test.ts.

import { writeSync } from 'node:fs';
import { openFileStore } from '@holdfast/node';

const [, , directory = ''] = process.argv;
const store = await openFileStore({ directory, segmentBytes: 20_000 });
const { epoch } = await store.acquire();

/** @param {string} run */
async function work(run) {
  const address = { workflow: 'kill', run };
  const base = { ...address, key: run, version: 1, reasons: [], createdAt: 0, updatedAt: 0 };
  await store.accept({ kind: 'start', row: { ...base, seq: 0, status: 'queued' }, input: { text: '0' } });
  for (let after = (await store.head(address))?.seq ?? 0; ; after++) {
    const seq = after + 1;
    await store.commit({
      ...address,
      epoch,
      after,
      durability: 'strict',
      ops: [
        { op: 'run', row: { ...base, seq, status: 'running' } },
        { op: 'put', id: 'state', value: { text: String(seq) } },
      ],
    });
    writeSync(1, `${run} ${seq}\n`);
  }
}

await Promise.all(['a', 'b', 'c', 'd'].map(work));
