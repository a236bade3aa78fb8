// A process that does not own a store and starts runs and sends to them without end, one call at a time, telling on
// stdout what it asks for and what it is told. Started, and ended, by the tests of mail: node sender.js '{"directory": …}'.

import { readFileSync } from 'node:fs';
import { Chance } from './chance.js';
import { Client } from './client.js';
import { Ledger } from './ledger.js';
import { loadStore, openStore } from './stores.js';
import { tell } from './tell.js';
import type { WriterOptions } from './writer.js';

const EVENTS = 4;

const { directory, node, seed, ledger, next } = JSON.parse(process.argv[2] ?? '') as WriterOptions;
await loadStore(node);
const client = new Client(await openStore({ directory }), Ledger.of(readFileSync(ledger, 'utf8')), { next }, tell);
client.guest = true;
const chance = new Chance(seed);
tell({ t: 'ready' });
for (;;) {
  const run = `sent-${client.fresh()}`;
  const files = (name: string) => (chance.is(0.3) ? { [`${name}/f`]: 'a file' } : {});
  const start = { kind: 'start', stamp: client.fresh(), input: run, files: files(`input-${run}`) } as const;
  if ((await client.persist(() => client.ask(run, start))) !== 'ack') continue;
  for (let index = 0; index < EVENTS; index++) {
    const event = `event-${client.fresh()}`;
    await client.persist(() => client.send(run, event, files(event)));
  }
}
