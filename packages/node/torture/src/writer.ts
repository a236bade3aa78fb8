// A process that owns a store and works without end, telling on stdout, a line of JSON each, what it asks for and what
// it is told. Started, and ended, by the tests of real processes: node writer.js '{"directory": …}'.

import { closeSync, openSync, readFileSync } from 'node:fs';
import { Client } from './client.js';
import { Ledger } from './ledger.js';
import { loadStore, openStore } from './stores.js';
import { tell } from './tell.js';
import { work } from './workload.js';

/** What the process is told; a sender (sender.ts) the same. */
export interface WriterOptions {
  readonly directory: string;
  /** Folder of the built package. */
  readonly node: string;
  readonly seed: string;
  /** File with the ledger that it goes on with. */
  readonly ledger: string;
  /** The first number that is free. */
  readonly next: number;
  readonly runs: number;
  readonly steps: number;
  /** Whether to use up all file handles, work, let go of them, and work on. */
  readonly handles?: boolean;
}

/** Opens files until no more can be opened. */
function useUpHandles(): number[] {
  const opened: number[] = [];
  for (;;) {
    try {
      opened.push(openSync('/dev/null', 'r'));
    } catch {
      return opened;
    }
  }
}

const options = JSON.parse(process.argv[2] ?? '') as WriterOptions;
const { directory, node, seed, ledger, next, runs, steps, handles = false } = options;
await loadStore(node);
const store = await openStore({ directory });
const client = new Client(store, Ledger.of(readFileSync(ledger, 'utf8')), { next }, tell);
const ownership = await store.acquire();
client.epoch = ownership.epoch;
tell({ t: 'ready' });
if (handles) {
  const used = useUpHandles();
  await work(client, { runs, steps }, `${seed} without handles`);
  for (const handle of used) closeSync(handle);
  tell({ t: 'released' });
}
await work(client, { runs, steps: steps === 0 ? Number.POSITIVE_INFINITY : steps }, seed);
tell({ t: 'over', code: client.lastCode, lost: ownership.lost.aborted });
await store.close().catch(() => undefined);
process.exit(0);
