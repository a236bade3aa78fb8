import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileStore } from './index.js';

const KILLS = 10;
const WRITER = fileURLToPath(new URL('../test-programs/writer.mjs', import.meta.url));

let directory: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

/** Lets a writer tell of `acks` commits over its pipe, then kills it; returns all it has told, by run. */
async function killAfter(acks: number): Promise<Map<string, number>> {
  const writer = spawn(process.execPath, [WRITER, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  child = writer;
  let told = '';
  writer.stdout.on('data', (chunk: Buffer) => {
    told += chunk.toString();
    if (told.split('\n').length > acks) writer.kill('SIGKILL');
  });
  const [, signal] = await once(writer, 'close');
  expect(signal).toBe('SIGKILL');
  const lines = told.split('\n').slice(0, -1);
  return new Map(lines.map((line) => line.split(' ')).map(([run = '', seq]) => [run, Number(seq)]));
}

test('a writer killed ten times loses nothing that it has told of', async () => {
  const acked = new Map<string, number>();
  for (let kill = 1; kill <= KILLS; kill++) {
    for (const [run, seq] of await killAfter(20 * kill)) acked.set(run, seq);
    const store = await openFileStore({ directory, onReport: () => {} });
    await store.acquire();
    for (const [run, seq] of acked) {
      const stored = await store.load({ workflow: 'kill', run });
      expect(stored?.row.seq).toBeGreaterThanOrEqual(seq);
      expect(stored?.values.get('state')?.text).toBe(String(stored?.row.seq));
    }
    await store.close();
  }
  expect(acked.size).toBe(4);
});
