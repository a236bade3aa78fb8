import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileStore } from './index.js';

const LOOPER = fileURLToPath(new URL('../test-programs/looper.mjs', import.meta.url));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** One life of the process; who hangs is killed, as a person would. */
async function live(way: string): Promise<string[]> {
  const looper = spawn(process.execPath, [LOOPER, directory, way], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  looper.stdout.on('data', (chunk: Buffer) => {
    told += chunk.toString();
    if (way === 'hang' && told.includes('fatal')) looper.kill('SIGKILL');
  });
  await once(looper, 'close');
  return told.split('\n').slice(0, -1);
}

test.each(['exit', 'kill', 'hang'])(
  'a run that takes its process down (%s) is paused after three restores, and its neighbours finish',
  async (way) => {
    const lives: string[][] = [];
    while (!lives.at(-1)?.includes('over') && lives.length < 10) lives.push(await live(way));
    expect(lives).toEqual([['fatal'], ['fatal'], ['fatal'], ['fatal'], ['CRASH_LOOP', 'over']]);
    const store = await openFileStore({ directory });
    expect((await store.list({ status: 'done' })).rows.map(({ run }) => run)).toEqual(['0', '300', '600']);
    expect((await store.list({ status: 'paused' })).rows).toMatchObject([{ run: 'one', reasons: ['crash-loop'] }]);
    expect((await store.acquire()).afterCrash).toBe(false);
    await store.close();
  },
);
